"""How many wrong passwords there may be in an hour: of one client for one mailbox, of one client, and for one mailbox.

A client is an IPv4 address, or what a household has of IPv6, a /64. Each number is a bucket that an hour fills again,
so nobody is locked out for good. A password takes its place in the buckets before it is looked at, so that many guesses
at a time are counted as well; a right one gives it back. Who has signed in to a mailbox from a client before is slowed
down there, never refused.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)

HOUR = 3600.0  # seconds in which a bucket fills
MOST = 65536  # buckets of a kind that are remembered; who was not heard of for longest is forgotten
SLOW = 4  # seconds that somebody known waits who has no guess left


class Verdict(Enum):
    """What becomes of a password; the values are Dovecot's statuses (auth_policy): negative refuses, positive waits."""

    REFUSE = -1
    LOOK = 0
    WAIT = SLOW


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """Wrong passwords in an hour; None: any number."""

    per_client_and_mailbox: int | None
    per_client: int | None
    per_mailbox: int | None


class Known(Protocol):
    """Who has signed in from where."""

    def has(self, mailbox: str, client: str) -> bool:
        """Whether somebody has signed in to the mailbox from this client."""

    def add(self, mailbox: str, client: str) -> None:
        """Somebody has."""


class Buckets(Generic[K]):
    """What is left of one number, by key; the clock is the caller's, in seconds."""

    def __init__(self, size: int | None) -> None:
        """``size`` is how much there is in a full bucket; None: no end of it."""
        self._size = size
        self._left: OrderedDict[K, tuple[float, float]] = OrderedDict()  # what was left, and when

    def left(self, key: K, now: float) -> float:
        """What is left."""
        if self._size is None:
            return 1.0
        was, at = self._left.get(key, (float(self._size), now))
        return min(float(self._size), was + (now - at) * self._size / HOUR)

    def take(self, key: K, now: float, number: int = 1) -> None:
        """Take one, or give one back where ``number`` is -1; there is never less than nothing."""
        if self._size is None:
            return
        self._left[key] = (max(0.0, min(float(self._size), self.left(key, now) - number)), now)
        self._left.move_to_end(key)
        if len(self._left) > MOST:
            self._left.popitem(last=False)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._left)


class Guesses:
    """The buckets of a front end."""

    def __init__(self, limits: GuessLimits, known: Known) -> None:
        """Nothing has been guessed yet."""
        self._known = known
        self._pairs: Buckets[tuple[str, str]] = Buckets(limits.per_client_and_mailbox)
        self._clients: Buckets[str] = Buckets(limits.per_client)
        self._mailboxes: Buckets[str] = Buckets(limits.per_mailbox)

    def judge(self, mailbox: str, address: str, now: float) -> Verdict:
        """What becomes of a password for a mailbox from an address, before anybody looks at it."""
        client = client_of(address)
        known = self._known.has(mailbox, client)
        enough = self._pairs.left((client, mailbox), now) < 1
        if not known:
            enough |= self._clients.left(client, now) < 1 or self._mailboxes.left(mailbox, now) < 1
            if enough:
                return Verdict.REFUSE
        self._take(mailbox, client, known=known, now=now, number=1)
        return Verdict.WAIT if enough else Verdict.LOOK

    def right(self, mailbox: str, address: str, now: float) -> None:
        """A password that was looked at was right."""
        client = client_of(address)
        self._take(mailbox, client, known=self._known.has(mailbox, client), now=now, number=-1)
        self._known.add(mailbox, client)

    def _take(self, mailbox: str, client: str, *, known: bool, now: float, number: int) -> None:
        self._pairs.take((client, mailbox), now, number)
        if not known:  # a program of the owner's with an old password uses up nobody else's
            self._clients.take(client, now, number)
            self._mailboxes.take(mailbox, now, number)


def client_of(address: str) -> str:
    """What counts as one client. What is no address is its own text."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
