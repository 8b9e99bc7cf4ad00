"""``mailpair-backup take`` takes a backup, ``restic`` runs restic; ``guard`` and ``restore`` are for playbooks."""

from __future__ import annotations

import fcntl
import sys
import time
from pathlib import Path

from . import bring_back, configuration, metrics, take
from .configuration import BackupError, Configuration
from .restic import Restic


def main(arguments: list[str]) -> int:
    """Do one thing and return the status to end with."""
    told = configuration.read()
    restic = Restic(told)
    try:
        match arguments:
            case ["take"]:
                said = f"{_taken(told, restic)} was taken"
            case ["guard", "new" | "known" as repository]:
                said = "begun" if bring_back.guard(told, restic, known=repository == "known") else "known"
            case ["begin"]:
                bring_back.begin(told, restic)
                said = "begun"
            case ["restore"]:
                said = bring_back.bring_back(told, restic)
            case ["restic", *rest]:
                return restic.by_hand(rest)
            case _:
                said = ""
    except BackupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{said}\n" if said else f"{__doc__}\n")
    return 0 if said else 2


def _taken(told: Configuration, restic: Restic) -> str:
    """The backup that was taken; one at a time, since a person may ask for one while the timer's is being taken."""
    cache = Path(told.cache)
    cache.mkdir(mode=0o700, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        began = time.time()
        taken = None
        try:
            name = take.take(told, restic)
            taken = began
        finally:
            metrics.write(told.metrics, taken=taken, interval=told.interval)
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
