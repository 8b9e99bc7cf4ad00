"""Drops the locks that killed runs of Pulumi left in a local folder of stacks; a lock whose run still lives stays.

A run that is killed cannot take back its lock, and the next one would refuse to start. ``make up`` and ``make down``
call this first, so that an interrupted run is simply run again.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# Seconds that helpers of a killed run may take to end what they have started.
PATIENCE = 60.0


def backend_folder(url: str) -> Path | None:
    """The folder of a local back end, ``file:///...``; None for every other kind, whose locks are not ours to judge."""
    return Path(url.removeprefix("file://")) if url.startswith("file:///") else None


def is_running(process: int) -> bool:
    """Whether a process of Pulumi has this id; ids are used again, so its name counts too."""
    try:
        name, state = _name_and_state(process)
    except OSError:
        return False
    return name == "pulumi" and state != "Z"  # a process that has ended stays until its parent has noticed


def _name_and_state(process: int) -> tuple[str, str]:
    before, _, after = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")
    return before.partition("(")[2], after.split()[0]


def helpers(python: Path) -> list[int]:
    """What the engine has started in an environment: processes of the provider and of the language host."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
        except OSError:
            continue  # it ended meanwhile
        if arguments[0] == str(python) and {"pulumi_stack.provider", "tools.language_host"} & set(arguments):
            found.append(int(folder.name))
    return found


def stale_locks(folder: Path) -> list[Path]:
    """The lock files of runs on this machine that are no more."""
    stale = []
    for path in sorted(folder.glob(".pulumi/locks/**/*.json")):
        lock = json.loads(path.read_text(encoding="utf-8"))
        if lock["hostname"] == socket.gethostname() and not is_running(lock["pid"]):
            stale.append(path)
    return stale


def main() -> int:
    """Drops the stale locks of the back end that ``PULUMI_BACKEND_URL`` names, when nothing of their runs is left.

    Returns the exit status: 1 if something is left that does not end.
    """
    folder = backend_folder(os.environ.get("PULUMI_BACKEND_URL", ""))
    locks = stale_locks(folder) if folder else []
    if locks and (left := wait_for_end(CHECKOUT / ".mailpair/env/bin/python", PATIENCE)):
        print(
            f"processes {left} of a run that was interrupted do not end; end them, then run this again", file=sys.stderr
        )
        return 1
    for path in locks:
        print(f"dropping the lock of a run that was interrupted: {path}")
        path.unlink()
    return 0


def wait_for_end(python: Path, patience: float) -> list[int]:
    """Waits for the helpers of runs that are no more: they notice it by themselves, and end what they have started.

    Args:
        python: the interpreter of the environment that they run in.
        patience: seconds.

    Returns:
        The ids of those that are left; helpers of a run that goes on are not waited for.
    """
    deadline = time.monotonic() + patience
    while (left := [each for each in helpers(python) if not is_running(parent(each))]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def parent(process: int) -> int:
    """The id of a process's parent; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
