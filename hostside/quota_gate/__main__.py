"""Run the milter: ``python3 -m quota_gate MAILBOXES PORT CA CERTIFICATE KEY``, on a socket that systemd hands over."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from pathlib import Path

from .mailboxes import BackEnds, Mailboxes
from .milter import Filter, serve
from .remembered import Remembered

_FIRST_SOCKET = 3  # sd_listen_fds(3)


async def main(mailboxes: str, port: str, ca: str, certificate: str, key: str) -> None:
    """Serve until systemd ends the program."""
    tls = ssl.create_default_context(cafile=ca)
    tls.load_cert_chain(certificate, key)
    known = Mailboxes(Path(mailboxes), Remembered(BackEnds(int(port), tls).fits).fits)
    asked = Filter(known.sender, known.recipient)
    listening = socket.socket(fileno=_FIRST_SOCKET)
    server = await asyncio.start_unix_server(lambda reader, writer: serve(reader, writer, asked), sock=listening)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
