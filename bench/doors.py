"""Where clients of the benchmark sign in, as whom, and one IMAP client whose every byte is under control."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PATIENCE = 30  # seconds for an answer


@dataclass(frozen=True)
class Door:
    """Where a client signs in: an address, the name that the certificate must have, a port, whom the client trusts."""

    address: str
    name: str
    port: int
    tls: ssl.SSLContext


@dataclass(frozen=True)
class Account:
    """Who signs in."""

    address: str
    password: str


class ImapSession:
    """A signed-in IMAP connection with INBOX open; the standard library's client costs more than what is measured."""

    def __init__(self, door: Door, account: Account) -> None:
        """Connects and signs in; raises RuntimeError where the server says no, OSError where it says nothing."""
        plain = socket.create_connection((door.address, door.port), PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._tls = door.tls.wrap_socket(plain, server_hostname=door.name)
        except BaseException:
            plain.close()
            raise
        self._answers = self._tls.makefile("rb")
        try:
            self._answers.readline()
            self.ask(f'LOGIN {account.address} "{account.password}"')
            self.ask("SELECT INBOX")
        except BaseException:
            self.close()
            raise

    def say(self, command: str) -> None:
        """Sends a command and waits for nothing."""
        self._tls.sendall(f"a {command}\r\n".encode())

    def hear(self) -> int:
        """Reads up to the command's end; returns how many bytes came. Raises RuntimeError unless it ended with OK."""
        count = 0
        while True:
            line = self._answers.readline()
            count += len(line)
            if not line:
                raise RuntimeError("the server closed the connection")
            if line.startswith(b"a "):
                break
            if line.endswith(b"}\r\n"):
                left = int(line[line.rindex(b"{") + 1 : -3])
                count += left
                while left:
                    left -= len(self._answers.read(min(left, 1 << 18)))
        if not line.startswith(b"a OK"):
            raise RuntimeError(f"refused: {line!r}")
        return count

    def ask(self, command: str) -> int:
        """Sends a command and reads its answer; see :meth:`hear`."""
        self.say(command)
        return self.hear()

    def timed(self, command: str) -> float:
        """Seconds from the first byte sent to the end of the answer."""
        start = time.perf_counter()
        self.ask(command)
        return time.perf_counter() - start

    def begin_idle(self) -> None:
        """Waits for news from now on (RFC 2177)."""
        self.say("IDLE")
        if not (line := self._answers.readline()).startswith(b"+"):
            raise RuntimeError(f"refused: {line!r}")

    def end_idle(self) -> None:
        """Waits no longer."""
        self._tls.sendall(b"DONE\r\n")
        self.hear()

    def append(self, message: bytes) -> None:
        """Puts a message into INBOX."""
        self.say(f"APPEND INBOX {{{len(message)}}}")
        if not (line := self._answers.readline()).startswith(b"+"):
            raise RuntimeError(f"refused: {line!r}")
        self._tls.sendall(message + b"\r\n")
        self.hear()

    def close(self) -> None:
        """Ends the connection without a word."""
        self._answers.close()
        self._tls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
