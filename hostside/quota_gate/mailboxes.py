"""Which mailboxes have quotas, and the question to their back ends."""

from __future__ import annotations

import asyncio
import sqlite3
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SENDING = "552 5.2.2 {address}: the mailbox is full, so nothing can be sent from it; delete what is not needed"
RECEIVING = "552 5.2.2 <{address}> Mailbox is full"

# What back ends answer (quota_status_success, _overquota, _toolarge); where they can't tell they say something else.
_ANSWERS = {b"action=OK\n\n": True, b"action=FULL\n\n": False}

Question = Callable[[str, str, int], Awaitable[bool]]


@dataclass(frozen=True)
class Watched:
    """A mailbox: its back end, and the sizes in bytes that no longer fit once it may not send, or receive."""

    host: str
    send: int | None
    receive: int | None


class Mailboxes:
    """The mailboxes in an SQLite file, which is opened anew when it is another."""

    def __init__(self, file: Path, fits: Question) -> None:
        """Opens nothing yet; ``fits`` is the question to a back end."""
        self._file = file
        self._fits_there = fits
        self._seen: tuple[int, int] | None = None
        self._database: sqlite3.Connection | None = None

    async def sender(self, user: str) -> str | None:
        """The refusal for a user who may not send now."""
        watched = self._watched(user.lower())
        if watched is None or watched.send is None:
            return None
        return None if await self._fits(watched.host, user.lower(), watched.send) else SENDING.format(address=user)

    async def recipient(self, address: str) -> str | None:
        """The refusal for an address of which no mailbox takes mail now."""
        # Where one of several still takes it the message is not lost.
        for target in self._targets(address):
            watched = self._watched(target)
            if watched is None or watched.receive is None:
                return None
            if await self._fits(watched.host, target, watched.receive):
                return None
        return RECEIVING.format(address=address)

    async def _fits(self, host: str, mailbox: str, size: int) -> bool:
        try:
            return await self._fits_there(host, mailbox, size)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            # A back end that is away still decides for itself when the message comes to it.
            sys.stderr.write(f"{host} does not say how large {mailbox} is: {str(error) or type(error).__name__}\n")
            return True

    def _watched(self, mailbox: str) -> Watched | None:
        row = self._asked("SELECT host, send, receive FROM mailboxes WHERE address = ?", mailbox)
        return Watched(*row) if row else None

    def _targets(self, address: str) -> list[str]:
        row = self._asked("SELECT mailboxes FROM aliases WHERE address = ?", address)
        return str(row[0]).split() if row else [address]

    def _asked(self, query: str, address: str) -> tuple[Any, ...] | None:
        found = self._file.stat()
        if self._database is None or (found.st_mtime_ns, found.st_ino) != self._seen:
            if self._database is not None:
                self._database.close()
            # It is never changed where it is, so nothing has to be locked or finished.
            self._database = sqlite3.connect(f"{self._file.as_uri()}?mode=ro&immutable=1", uri=True)
            self._seen = (found.st_mtime_ns, found.st_ino)
        row: tuple[Any, ...] | None = self._database.execute(query, (address,)).fetchone()
        return row


@dataclass(eq=False)
class Connection:
    """A connection to a back end that goes on to be used until it is ``old``."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    old: bool = False


@dataclass(frozen=True)
class BackEnds:
    """The question to back ends: TLS, in the words of a policy service of Postfix, answered in ``patience`` seconds.

    A connection is used again for ``lasting`` seconds, since each costs certificates of both sides; no longer, since
    the process at its other end has the quotas that held when it began.
    """

    port: int
    tls: ssl.SSLContext
    patience: float = 3.0
    lasting: float = 2.0
    _free: dict[str, list[Connection]] = field(default_factory=dict)

    async def fits(self, host: str, mailbox: str, size: int) -> bool:
        """Whether a message of so many bytes would fit into a mailbox.

        Raises OSError where the back end can't say: it is asked again when the message comes to it.
        """
        request = f"request=smtpd_access_policy\nrecipient={mailbox}\nsize={size}\n\n".encode()
        async with asyncio.timeout(self.patience):
            answer = await self._asked_again(host, request) or await self._asked(host, request, await self._open(host))
        if answer not in _ANSWERS:
            raise OSError(f"it answers {answer!r}")
        return _ANSWERS[answer]

    async def _asked_again(self, host: str, request: bytes) -> bytes:
        """The answer by a connection that is there; empty where none is, or all have ended meanwhile."""
        free = self._free.setdefault(host, [])
        while free:
            try:
                return await self._asked(host, request, free.pop())
            except (OSError, asyncio.IncompleteReadError):
                continue
        return b""

    async def _asked(self, host: str, request: bytes, connection: Connection) -> bytes:
        done = False
        try:
            connection.writer.write(request)
            answer = await connection.reader.readuntil(b"\n\n")
            done = True
        finally:
            if done and not connection.old:
                self._free.setdefault(host, []).append(connection)
            else:
                connection.writer.close()
        return answer

    async def _open(self, host: str) -> Connection:
        connection = Connection(*await asyncio.open_connection(host, self.port, ssl=self.tls, server_hostname=host))
        asyncio.get_running_loop().call_later(self.lasting, self._age, host, connection)
        return connection

    def _age(self, host: str, connection: Connection) -> None:
        connection.old = True
        free = self._free.get(host, [])
        if connection in free:
            free.remove(connection)
            connection.writer.close()
