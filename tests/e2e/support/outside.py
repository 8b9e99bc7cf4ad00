"""A machine that is no part of the site: a network namespace with an address of its own on the stack's bridge."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Outside:
    """The outside host; its addresses are in the stack's subnet, and nothing on the servers knows them."""

    namespace: str
    address: str

    def command(self, *command: str) -> list[str]:
        """A command line that runs on the outside host, with this machine's files."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def python(self, program: str, *arguments: str) -> str:
        """What a Python program prints that runs on the outside host."""
        command = self.command(sys.executable, "-c", program, *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def _run(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, capture_output=True)


@contextmanager
def outside_host(
    bridge: str, address: str, prefix: int, further: Sequence[str] = (), *, ending: str = "out"
) -> Iterator[Outside]:
    """An outside host on a bridge while the context lasts; ``further`` are its other addresses, with prefixes.

    Several at a time have an ``ending`` of their names each.
    """
    name = f"{bridge[: 14 - len(ending)]}-{ending}"  # an interface's name has 15 characters at most
    _run("ip", "netns", "del", name, check=False)  # left behind by a run that was killed
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "link", "set", name, "master", bridge, "up")
        for given in (f"{address}/{prefix}", *further):
            _run("ip", "-n", name, "addr", "add", given, "dev", "eth0", *(["nodad"] if ":" in given else []))
        for device in ("lo", "eth0"):
            _run("ip", "-n", name, "link", "set", device, "up")
        yield Outside(name, address)
    finally:
        _run("ip", "netns", "del", name)
