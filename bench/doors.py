"""Where clients of the benchmark sign in, as whom, and clients of IMAP and SMTP whose every byte is under control."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PATIENCE = 30  # seconds for an answer
_NEWS = re.compile(rb"\* \d+ EXISTS")


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


class _Session(ABC):
    """What is closed at the end of a with statement."""

    @abstractmethod
    def close(self) -> None:
        """Ends the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ImapSession(_Session):
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

    def hear(self, heard: list[bytes] | None = None) -> int:
        """Reads up to the command's end; returns how many bytes came. Raises RuntimeError unless it ended with OK.

        ``heard`` gets the lines, without what literals hold.
        """
        count = 0
        while True:
            line = self._answers.readline()
            count += len(line)
            if heard is not None:
                heard.append(line)
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

    def lines(self, command: str) -> list[bytes]:
        """Sends a command and returns the lines of its answer; see :meth:`hear`."""
        heard: list[bytes] = []
        self.say(command)
        self.hear(heard)
        return heard

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

    def hear_news(self) -> None:
        """Waits in IDLE until there is a message; raises RuntimeError where the server hangs up."""
        while not _NEWS.match(line := self._answers.readline()):
            if not line:
                raise RuntimeError("the server closed the connection")

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


class SmtpSession(_Session):
    """A submission session after STARTTLS and the sign-in."""

    def __init__(self, door: Door, account: Account) -> None:
        """Connects and signs in; raises RuntimeError where the server says no, OSError where it says nothing."""
        self._socket = socket.create_connection((door.address, door.port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")
        try:
            self._hear(b"220")
            self._ask(b"EHLO client.contoso.test", b"250")
            self._ask(b"STARTTLS", b"220")
            self._answers.close()
            self._socket = door.tls.wrap_socket(self._socket, server_hostname=door.name)
            self._answers = self._socket.makefile("rb")
            self._ask(b"EHLO client.contoso.test", b"250")
            secret = f"\0{account.address}\0{account.password}".encode()
            self._ask(b"AUTH PLAIN " + base64.b64encode(secret), b"235")
        except BaseException:
            self.close()
            raise
        self._sender = account.address.encode()

    def send(self, recipient: str, message: bytes) -> float:
        """Sends a message, none of whose lines begins with a dot; seconds from MAIL to its acceptance."""
        start = time.perf_counter()
        self._ask(b"MAIL FROM:<" + self._sender + b">", b"250")
        self._ask(b"RCPT TO:<" + recipient.encode() + b">", b"250")
        self._ask(b"DATA", b"354")
        self._ask(message + b".", b"250")
        return time.perf_counter() - start

    def close(self) -> None:
        """Ends the connection without a word."""
        self._answers.close()
        self._socket.close()

    def _ask(self, command: bytes, expected: bytes) -> None:
        self._socket.sendall(command + b"\r\n")
        self._hear(expected)

    def _hear(self, expected: bytes) -> None:
        while (line := self._answers.readline())[3:4] == b"-":
            pass
        if not line.startswith(expected):
            raise RuntimeError(f"refused: {line!r}")
