"""Drops the locks that killed runs of Pulumi left in a local folder of stacks; a lock whose run still lives stays.

A run that is killed cannot take back its lock, and the next one would refuse to start. ``make up`` and ``make down``
call this first, so that an interrupted run is simply run again.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path


def backend_folder(url: str) -> Path | None:
    """The folder of a local back end, ``file:///...``; None for every other kind, whose locks are not ours to judge."""
    return Path(url.removeprefix("file://")) if url.startswith("file:///") else None


def is_running(process: int) -> bool:
    """Whether a process of Pulumi has this id; ids are used again, so its name counts too."""
    try:
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8").strip() == "pulumi"
    except FileNotFoundError:
        return False


def stale_locks(folder: Path) -> list[Path]:
    """The lock files of runs on this machine that are no more."""
    stale = []
    for path in sorted(folder.glob(".pulumi/locks/**/*.json")):
        lock = json.loads(path.read_text(encoding="utf-8"))
        if lock["hostname"] == socket.gethostname() and not is_running(lock["pid"]):
            stale.append(path)
    return stale


def main() -> None:
    """Drops the stale locks of the back end that ``PULUMI_BACKEND_URL`` names."""
    folder = backend_folder(os.environ.get("PULUMI_BACKEND_URL", ""))
    for path in stale_locks(folder) if folder else []:
        print(f"dropping the lock of a run that was interrupted: {path}")
        path.unlink()


if __name__ == "__main__":
    main()
