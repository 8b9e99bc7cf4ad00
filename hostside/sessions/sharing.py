"""One side of a conversation about guesses and known clients; a front end and a noticeboard are alike in it.

Each tells the other what it has: of known clients the rows that the other has not had yet, by the number of the last
one, so that whoever was away is told all it missed; of guesses those of the last hour. Then each tells what is new as
soon as it is. Nothing waits for anybody in a queue: what is to be said is looked up in what is kept anyway.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from . import messages
from .guesses import client_of
from .known import KnownClients
from .messages import BATCH, Alive, Hello, Known, Since, is_client
from .recent import Guess, Recent

ALIVE = 20.0  # seconds after which somebody who has nothing to say says so
PATIENCE = 60.0  # seconds of silence, or of not listening, after which the other side is taken for gone


class Sharing:
    """What one side has to tell, and what it does with what it is told."""

    def __init__(
        self, known: KnownClients, take: Callable[[Guess], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``take`` is called for each guess at another front end, once."""
        self._known, self._take, self._clock = known, take, clock
        self._recent = Recent()
        self._origin, self._count = secrets.token_hex(16), 0
        self._news: set[asyncio.Event] = set()  # one for each conversation
        known.changed = self._wake

    def guessed(self, mailbox: str, address: str) -> None:
        """A password was wrong here."""
        client, now = client_of(address), self._clock()
        if is_client(client):
            self._count += 1
            self._recent.add(Guess(self._origin, self._count, now, messages.shared(mailbox), client), now)
            self._wake()

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: Callable[[], None] = lambda: None
    ) -> None:
        """Tell and be told until the other side goes away or says what it must not; ``begun``: it has greeted.

        Raises OSError (TimeoutError is one), EOFError or ValueError, which say why.
        """
        news = asyncio.Event()
        self._news.add(news)
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        telling = asyncio.create_task(self._tell(writer, asked, news))
        hearing = asyncio.create_task(self._hear(reader, writer, asked, begun))
        try:
            done, _ = await asyncio.wait((telling, hearing), return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            self._news.discard(news)
            for each in (telling, hearing):
                each.cancel()
            await asyncio.gather(telling, hearing, return_exceptions=True)
            writer.close()

    async def _tell(self, writer: asyncio.StreamWriter, asked: asyncio.Future[int], news: asyncio.Event) -> None:
        await _say(writer, messages.hello(self._known.name, self._known.last()))
        number, place = await asked, 0
        while True:
            news.clear()
            rows = self._known.after(number, BATCH)
            found, next_place = self._recent.after(place, BATCH, self._clock())
            if rows:
                await _say(writer, messages.known(rows))
                number = rows[-1].number
            if found:
                await _say(writer, messages.guesses(found, self._clock()))
            if not rows and next_place == place:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ALIVE):
                        await news.wait()
                if not news.is_set():
                    await _say(writer, messages.alive())
            place = next_place

    async def _hear(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: asyncio.Future[int],
        begun: Callable[[], None],
    ) -> None:
        peer = await self._next(reader)
        if not isinstance(peer, Hello):
            raise ValueError("it does not greet")  # noqa: TRY004 what it says, not what it is
        heard = self._known.heard(peer.name)
        # Fewer rows than it had: it came back from an earlier copy.
        await _say(writer, messages.since(heard if heard <= peer.last else 0))
        begun()
        while True:
            match await self._next(reader):
                case Since(number) if not asked.done():
                    asked.set_result(number)
                case Known(rows):
                    self._known.merge(peer.name, rows)
                case messages.Guesses(guesses):
                    self._hear_of(guesses)
                case Alive():
                    pass
                case other:
                    raise ValueError(f"it says {type(other).__name__.lower()} again")

    def _hear_of(self, guesses: tuple[Guess, ...]) -> None:
        now = self._clock()
        new = [each for each in guesses if each.origin != self._origin and self._recent.add(each, now)]
        for each in new:
            self._take(each)
        if new:
            self._wake()

    async def _next(self, reader: asyncio.StreamReader) -> messages.Message:
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError("it has ended the conversation")
        return messages.parse(line, self._clock())

    def _wake(self) -> None:
        for each in self._news:
            each.set()


async def _say(writer: asyncio.StreamWriter, line: bytes) -> None:
    writer.write(line)
    async with asyncio.timeout(PATIENCE):
        await writer.drain()
