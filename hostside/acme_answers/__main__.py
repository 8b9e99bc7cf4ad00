"""Answer: ``python3 -m acme_answers FOLDER [ADDRESS...]``, on sockets that systemd hands over."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from .answers import LONGEST, Answers

_FIRST_SOCKET = 3  # sd_listen_fds(3)


async def main(folder: str, *others: str) -> None:
    """Serve until systemd ends the program."""
    answers = Answers(Path(folder), others)
    given = range(_FIRST_SOCKET, _FIRST_SOCKET + int(os.environ["LISTEN_FDS"]))
    servers = [
        await asyncio.start_server(answers.serve, sock=socket.socket(fileno=each), limit=LONGEST) for each in given
    ]
    await asyncio.gather(*(each.serve_forever() for each in servers))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
