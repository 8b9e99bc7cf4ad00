"""Run the program: ``python3 -m sessions CONFIGURATION STATE``, with its sockets handed over by systemd.

``--check`` in place of the first only reads a configuration, and fails if it is not one.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from .configuration import read
from .service import run


def main(first: str, second: str) -> None:
    """Check or run; where new files of the program have come, they take its place, with the same sockets."""
    if first == "--check":
        read(Path(second))
    elif asyncio.run(run(Path(first), Path(second))):
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
