"""A Dovecot for the page's tests: it answers at a socket as the real one does, and keeps what it was asked."""

from __future__ import annotations

import base64
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# What Dovecot 2.4.1 says to a new client.
GREETING = (
    b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t1234\nCUID\t7\n"
    b"COOKIE\t0123456789abcdef0123456789abcdef\nDONE\n"
)


@dataclass
class FakeDovecot:
    """Passwords by account, and the requests so far: their fields, and the account and password of the response."""

    passwords: Mapping[str, str]
    asked: list[tuple[tuple[str, ...], str, str]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    reply: str | None = None  # in place of the right one
    hold: threading.Event | None = None  # replies wait for it

    def answer(self, lines: list[str]) -> str:
        """The reply to a whole request."""
        assert lines[0] == "VERSION\t1\t2"
        word, number = lines[1].split("\t")
        assert word == "CPID"
        self.numbers.append(number)
        *fields, response = lines[2].split("\t")
        _, user, password = base64.b64decode(response.removeprefix("resp=")).decode().split("\0")
        self.asked.append((tuple(fields), user, password))
        if self.hold:
            self.hold.wait()
        if self.reply is not None:
            return self.reply
        return f"OK\t1\tuser={user}" if self.passwords.get(user) == password else f"FAIL\t1\tuser={user}"


@contextmanager
def dovecot(path: Path, passwords: Mapping[str, str]) -> Iterator[FakeDovecot]:
    """Such a Dovecot at a socket, while the context lasts."""
    fake = FakeDovecot(passwords)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(GREETING)
            lines = [self.rfile.readline().decode().rstrip("\n") for _ in range(3)]
            self.wfile.write(f"{fake.answer(lines)}\n".encode())

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with Server(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield fake
        server.shutdown()
