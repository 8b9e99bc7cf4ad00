"""A signer for the page's tests: it answers at a socket with what it was given, and a word that it was here."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK = b"signed: "


@contextmanager
def signer(path: Path) -> Iterator[None]:
    """Such a signer at a socket, while the context lasts."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(MARK + self.rfile.read())

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()
