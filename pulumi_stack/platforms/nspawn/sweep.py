"""Takes away what an interrupted run left of a stack and no state knows of.

``python -m pulumi_stack.platforms.nspawn.sweep STACK`` is for after ``pulumi destroy``: a run that is killed while it
makes a machine or a network cannot note it in the stack's state, so ``destroy`` has nothing to delete. The next
``pulumi up`` would adopt it; where there is none, this removes it.
"""

from __future__ import annotations

import asyncio
import sys

from pulumi_stack.errors import StackError
from pulumi_stack.places import CHECKOUT
from pulumi_stack.platforms.nspawn import host, make_machine, make_network
from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.platforms.nspawn.owner import check_owner
from pulumi_stack.process import Runner


def left_machines(names: StackNames) -> list[str]:
    """The machines of which anything is left, also such that are only begun or half removed (``.NAME.new``)."""
    folder = names.state / "machines"
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted({each.stem.removeprefix(".") if each.name.startswith(".") else each.name for each in found})


async def sweep(names: StackNames, owner: str, runner: Runner) -> list[str]:
    """Removes all that is left of a stack, and says what that was.

    Raises StackError for what another checkout made, and then removes nothing.
    """
    machines = [names.machine(name) for name in left_machines(names)]
    for folder in [*(machine.folder for machine in machines), names.network]:
        check_owner(folder, host.read_mark(folder), owner)
    networks = [names.bridge] if names.network.exists() else []
    if not names.state.exists():
        return []
    for machine in machines:
        await make_machine.take_away(machine, runner)
    await make_network.take_away(names, runner)  # also what the last stack puts back
    return [*(machine.machine for machine in machines), *networks]


def main(stack: str) -> int:
    """Removes what is left of a stack of this checkout; the exit status is 1 where that is not this checkout's."""
    try:
        removed = asyncio.run(sweep(StackNames(stack), str(CHECKOUT), Runner()))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name in removed:
        sys.stdout.write(f"removed {name}, which an interrupted run left\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
