"""Makes, mends and takes away a stack's network."""

from __future__ import annotations

import json
from pathlib import Path

from pulumi_stack.errors import StackError
from pulumi_stack.platforms.nspawn import host
from pulumi_stack.platforms.nspawn.names import STATE, StackNames
from pulumi_stack.platforms.nspawn.network import SYSCTLS, NetworkSpec, conflicts, down, drift, obstacles
from pulumi_stack.platforms.nspawn.owner import check_owner, is_others
from pulumi_stack.process import Runner

# The kernel's settings are the whole machine's: the first stack notes what they were, the last one puts that back.
_BEFORE = STATE / "before.json"


async def make(spec: NetworkSpec, runner: Runner) -> list[str]:
    """Makes the network, or adopts and mends what an interrupted run of the same stack left of it.

    Returns warnings for the user. Raises StackError where a name or an address of it is in somebody else's use.
    """
    folder = spec.names.network
    mark = host.read_mark(folder)
    check_owner(folder, mark, spec.owner)
    seen = await host.look(runner)
    problems = conflicts(spec, seen, ours=mark is not None)
    if problems:
        raise StackError(problems)
    await apply(spec, runner)
    return obstacles(seen)


async def apply(spec: NetworkSpec, runner: Runner) -> None:
    """Brings the network to what it should be, whatever is there of it."""
    folder = spec.names.network
    mark = {"stack": spec.names.stack, "owner": spec.owner}
    if folder.exists():
        host.write_mark(folder, mark)
    else:
        host.make_marked(folder, mark)
    _note_sysctls()
    host.write(folder / "up", spec.up(), 0o755)
    host.write(folder / "down", down(spec.names), 0o755)
    await runner.check((str(folder / "up"),))
    if host.has_systemd():
        await host.install_unit(runner, spec.names.network_unit, spec.unit())
        await runner.check(("systemctl", "start", spec.names.network_unit))


async def see(spec: NetworkSpec, runner: Runner) -> list[str] | None:
    """What of the network is missing; None where nothing of it is left, or it is another checkout's by now."""
    mark = host.read_mark(spec.names.network)
    if mark is not None and is_others(mark, spec.owner):
        return None
    missing = drift(spec, await host.look(runner))
    return None if missing == ["bridge", "table"] and not spec.names.network.exists() else missing


async def remove(spec: NetworkSpec, runner: Runner) -> None:
    """Takes away the network, unless it is another checkout's by now."""
    mark = host.read_mark(spec.names.network)
    if mark is None or not is_others(mark, spec.owner):
        await take_away(spec.names, runner)


async def take_away(names: StackNames, runner: Runner) -> None:
    """Takes away a network and, after the last stack, what all stacks changed of the machine below."""
    await host.remove_unit(runner, names.network_unit)
    await runner.check(("sh", "-c", down(names)))
    await host.remove_marked(runner, names.network)
    forget(names.state)
    others = [each for each in STATE.iterdir() if each.is_dir()] if STATE.exists() else []
    if not others:
        _restore_sysctls()
        forget(STATE)


def forget(folder: Path) -> None:
    """Removes a folder if it is there and empty."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _note_sysctls() -> None:
    if not _BEFORE.exists():
        host.write(_BEFORE, json.dumps({path: int(_sysctl(path).read_text()) for path in SYSCTLS}) + "\n")


def _restore_sysctls() -> None:
    if not _BEFORE.exists():
        return
    for path, before in json.loads(_BEFORE.read_text()).items():
        # Somebody else's later change stays, and what was not changed is left alone: it may be read-only.
        if int(_sysctl(path).read_text()) == SYSCTLS[path] != before:
            _sysctl(path).write_text(f"{before}\n")
    _BEFORE.unlink(missing_ok=True)


def _sysctl(path: str) -> Path:
    return Path("/proc/sys") / path
