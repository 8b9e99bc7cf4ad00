"""Run the program: ``python3 -m sessions CONFIGURATION STATE``, with its sockets handed over by systemd.

``--check`` in place of the first only reads a configuration and, where it has limits, tries the kernel, and fails if
they will not do; for limits it needs the capability CAP_NET_ADMIN as the program does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from .configuration import read
from .service import run
from .sock_diag import can_destroy


def main(first: str, second: str) -> None:
    """Check or run; where new files of the program have come, they take its place, with the same sockets."""
    if first == "--check":
        if read(Path(second)).limits and not can_destroy():
            sys.exit("the kernel does not let programs end connections; it needs CONFIG_INET_DIAG_DESTROY")
    elif asyncio.run(run(Path(first), Path(second))):
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
