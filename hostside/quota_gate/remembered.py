"""Keeps for a moment that a mailbox is far below its quotas, so that many messages in a row are one question."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

FAR = 64 << 20  # bytes: several of the largest messages that connectors usually take
LASTING = 1.0  # seconds for which a mailbox that is far below its quotas is not asked about
NEAR = 60.0  # seconds after which it is looked again whether one has become so

Clock = Callable[[], float]


@dataclass
class Kept:
    """Numbers of mailboxes, each for ``lasting`` seconds."""

    lasting: float
    clock: Clock
    kept: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)  # the oldest first

    def put(self, mailbox: tuple[str, str], number: int) -> None:
        """Keep a mailbox's number, and forget those whose time is over."""
        now = self.clock()
        self.kept.pop(mailbox, None)
        self.kept[mailbox] = (now + self.lasting, number)
        while self.kept[oldest := next(iter(self.kept))][0] <= now:
            del self.kept[oldest]

    def get(self, mailbox: tuple[str, str]) -> int | None:
        """The number of a mailbox; None where its time is over, or there never was one."""
        end, number = self.kept.get(mailbox, (0.0, 0))
        return number if self.clock() < end else None


class Remembered:
    """The question ``asked``, whether a message fits into a mailbox of a back end, where the answer is not known.

    A mailbox that has room for one that is larger by FAR bytes is not asked about for LASTING seconds. One that has not
    is asked about each time.
    """

    def __init__(self, asked: Callable[[str, str, int], Awaitable[bool]], clock: Clock = time.monotonic) -> None:
        """``clock`` is monotonic, in seconds."""
        self._asked = asked
        self.far = Kept(LASTING, clock)  # the largest message that fits with room to spare
        self.near = Kept(NEAR, clock)

    async def fits(self, host: str, mailbox: str, size: int) -> bool:
        """Whether a message of so many bytes would fit. Raises what ``asked`` raises, and keeps nothing then."""
        which = (host, mailbox)
        largest = self.far.get(which)
        if largest is not None and size <= largest:
            return True
        if self.near.get(which) is None:
            if await self._asked(host, mailbox, size + FAR):
                self.far.put(which, size)
                return True
            self.near.put(which, size)
        return await self._asked(host, mailbox, size)
