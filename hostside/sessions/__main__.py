"""Run the program: ``python3 -m sessions CONFIGURATION STATE``, with its sockets handed over by systemd."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from .service import run

if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2])))
