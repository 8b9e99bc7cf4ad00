"""Which mailboxes have quotas, and the question to their back ends."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass
class Mailboxes:
    """The mailboxes in a file, which is read anew when it changes; ``fits`` is the question to a back end."""

    file: Path
    fits: Question
    _stamp: tuple[int, int] | None = None
    _known: dict[str, Watched] = field(default_factory=dict)
    _aliases: dict[str, list[str]] = field(default_factory=dict)

    async def sender(self, user: str) -> str | None:
        """The refusal for a user who may not send now."""
        self._refresh()
        watched = self._known.get(user.lower())
        if watched is None or watched.send is None:
            return None
        return None if await self._fits(watched.host, user.lower(), watched.send) else SENDING.format(address=user)

    async def recipient(self, address: str) -> str | None:
        """The refusal for an address of which no mailbox takes mail now."""
        self._refresh()
        targets = self._aliases.get(address, [address])
        # Where one of several still takes it the message is not lost.
        for target in targets:
            watched = self._known.get(target)
            if watched is None or watched.receive is None:
                return None
            if await self._fits(watched.host, target, watched.receive):
                return None
        return RECEIVING.format(address=address)

    async def _fits(self, host: str, mailbox: str, size: int) -> bool:
        try:
            return await self.fits(host, mailbox, size)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            # A back end that is away still decides for itself when the message comes to it.
            sys.stderr.write(f"{host} does not say how large {mailbox} is: {str(error) or type(error).__name__}\n")
            return True

    def _refresh(self) -> None:
        found = self.file.stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            read = json.loads(self.file.read_text())
            self._known = {address: Watched(**values) for address, values in read["mailboxes"].items()}
            self._aliases = read["aliases"]
            self._stamp = stamp


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
