"""Runs a playbook for an inventory, and keeps the stamps that tell what ran last."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_stack import ansible
from pulumi_stack.errors import Problem, StackError, refuse
from pulumi_stack.places import CHECKOUT
from pulumi_stack.process import Result, Runner

_CONNECT = 10  # seconds
_GLANCE = 3  # the same, where a host that does not answer is no error
_LAST_LINES = 30
_SSH_FAILED = 255  # ssh's own exit code, as against one of the command that it ran

_READ = f"cat {ansible.STAMP} 2> /dev/null || :"
_REMOVE = f"rm -f {ansible.STAMP}"
_WRITE = f"mkdir -p {Path(ansible.STAMP).parent} && printf '%s\\n' \"$1\" > {ansible.STAMP}"


async def run(
    inventory: Mapping[str, Any], playbook: str, stamp: str, runner: Runner, say: Callable[[str, bool], None]
) -> None:
    """Runs a playbook (a path in the checkout) on all hosts of an inventory, and writes the stamp there at the end.

    The inventory is given to Ansible in a private file. ``say`` gets each play, and each task for the moment. The old
    stamps go first: a run that does not end well is seen by the next look. Raises StackError with Ansible's last
    lines.
    """
    await _on_all(inventory, runner, _REMOVE)
    with tempfile.TemporaryDirectory(prefix="mailpair-") as name:
        folder = Path(name)
        inventory_file = folder / "inventory.json"
        inventory_file.touch(mode=0o600)
        inventory_file.write_text(json.dumps(inventory))
        try:
            result = await runner.run(
                ansible.playbook(inventory_file, CHECKOUT / playbook),
                env=ansible.environment(CHECKOUT, folder),
                cwd=str(CHECKOUT),
                on_line=Teller(say),
            )
        finally:
            await _close_connections(folder / "ssh")
    if result.code != 0:
        raise refuse(
            playbook,
            f"exit code {result.code}",
            "must end well on every host",
            f"mend what its last lines tell and run pulumi up again\n{result.tail(_LAST_LINES)}",
        )
    await _on_all(inventory, runner, _WRITE, stamp)


@dataclass(frozen=True, slots=True)
class Stamps:
    """What a look at the stamps found: the hosts that have another one or none, and those that are silent."""

    other: list[str]
    silent: list[str]


async def look(inventory: Mapping[str, Any], stamp: str, runner: Runner) -> Stamps:
    """Compares the stamp of every host of an inventory with the one that it should have."""
    results = await _everywhere(inventory, runner, _READ, seconds=_GLANCE)
    return Stamps(
        other=[
            host for host, result in results.items() if result.code != _SSH_FAILED and result.output.strip() != stamp
        ],
        silent=[host for host, result in results.items() if result.code == _SSH_FAILED],
    )


async def _everywhere(
    inventory: Mapping[str, Any], runner: Runner, script: str, *arguments: str, seconds: int
) -> dict[str, Result]:
    """Runs a script on all hosts at once; returns how it ended, by host."""
    known = dict(ansible.hosts(inventory))
    commands = [ansible.ssh(variables, script, *arguments, seconds=seconds) for variables in known.values()]
    return dict(zip(known, await asyncio.gather(*(runner.run(command) for command in commands)), strict=True))


async def _on_all(inventory: Mapping[str, Any], runner: Runner, script: str, *arguments: str) -> None:
    """Runs a script on all hosts at once; raises StackError with every host where that failed."""
    known = dict(ansible.hosts(inventory))
    results = await _everywhere(inventory, runner, script, *arguments, seconds=_CONNECT)
    problems = [
        Problem(
            f"servers[{host}]",
            repr(f"{known[host].get('ansible_user', 'root')}@{known[host]['ansible_host']}"),
            "must answer SSH and let this user act as root",
            result.tail(3) or f"exit code {result.code}",
        )
        for host, result in results.items()
        if result.code != 0
    ]
    if problems:
        raise StackError(problems)


class Teller:
    """Passes on each play, each task for the moment, and warnings, which Ansible breaks into lines."""

    def __init__(self, say: Callable[[str, bool], None]) -> None:
        """``say`` gets a text, and whether it is for the moment."""
        self._say = say
        self._warning: list[str] = []

    def __call__(self, line: str) -> None:
        """Takes Ansible's next line."""
        heading = ansible.heading(line)
        if self._warning and (heading is not None or ansible.ends_warning(line)):
            self._say(" ".join(self._warning), False)
            self._warning = []
        if heading is not None:
            self._say(heading, not heading.startswith("play "))
        elif self._warning or line.startswith(ansible.WARNING):
            self._warning.append(line.strip())


async def _close_connections(folder: Path) -> None:
    """Ends the SSH connections that Ansible keeps open for its next run: there is none soon."""
    runner = Runner()  # this is done after a cancel as well
    for socket in folder.iterdir() if folder.is_dir() else ():
        await runner.run(("ssh", "-o", f"ControlPath={socket}", "-O", "exit", "host"))
