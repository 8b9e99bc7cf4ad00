"""Run the milter: ``python3 -m smtp_gate CONNECTORS ACCOUNTS LOG_FOLDER``, with its socket handed over by systemd."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

from .accounts import Accounts
from .gate import Gate
from .limits import Limits
from .log import Log
from .milter import serve

_FIRST_SOCKET = 3  # sd_listen_fds(3)


async def main(connectors: str, file: str, folder: str) -> None:
    """Serve until systemd ends the program."""
    limits, accounts, log = Limits(Path(connectors)), Accounts(Path(file)), Log(Path(folder))
    listening = socket.socket(fileno=_FIRST_SOCKET)
    server = await asyncio.start_unix_server(
        lambda reader, writer: serve(reader, writer, Gate(limits, accounts, log)), sock=listening
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
