"""A connection on which a test says byte by byte what no library would."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


class UnaskedError(Exception):
    """Something came before its time: the bytes are its argument."""


class Wire:
    """One TCP connection to a server; ``name`` is the one that its certificate has to be for."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self._connection = connection
        self._name = name
        self._kept = b""

    @property
    def address(self) -> str:
        """The client's own address."""
        return str(self._connection.getsockname()[0])

    def close(self) -> None:
        """The end, without a word."""
        self._connection.close()

    def send(self, data: bytes) -> None:
        """All of it, in as few segments as it takes. Raises OSError where the other end has gone."""
        self._connection.sendall(data)

    def no_more(self) -> None:
        """Say that nothing else comes, and go on listening."""
        with suppress(OSError):
            # SSLSocket's own shutdown lets go of TLS, so that what comes then would be read as it is on the wire.
            socket.socket.shutdown(self._connection, socket.SHUT_WR)

    def line(self) -> bytes:
        """The next line without its end; what is left where the connection ends before one."""
        while b"\n" not in self._kept:
            if not (more := self._received()):
                break
            self._kept += more
        line, _, self._kept = self._kept.partition(b"\n")
        return line.removesuffix(b"\r")

    def reply(self) -> list[bytes]:
        """An answer of SMTP, of one line or more (RFC 5321, section 4.2.1)."""
        found = [self.line()]
        while found[-1][3:4] == b"-":
            found.append(self.line())
        return found

    def rest(self) -> bytes:
        """Everything until the other end closes the connection."""
        while more := self._received():
            self._kept += more
        rest, self._kept = self._kept, b""
        return rest

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Turn to TLS. Raises UnaskedError for what has come already, since the client speaks first then."""
        if self._kept:
            raise UnaskedError(self._kept)
        self._connection = context.wrap_socket(self._connection, server_hostname=self._name)

    def _received(self) -> bytes:
        try:
            return self._connection.recv(65536)
        except ConnectionError:
            return b""


@contextmanager
def wire(name: str, port: int) -> Iterator[Wire]:
    """A connection to a server by its name, in the clear."""
    client = Wire(socket.create_connection((name, port), timeout=PATIENCE), name)
    try:
        yield client
    finally:
        client.close()
