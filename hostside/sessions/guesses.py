"""How many wrong passwords there may be in an hour: of one client for one mailbox, of one client, and for one mailbox.

A client is an IPv4 address, or what a household has of IPv6, a /64. Each number is a bucket that an hour fills again.
Only what was wrong is taken out of it, and no more are looked at at a time than are left. But after an outage a whole
office comes back at once, each of its programs with several sessions. So a client may have more under way; what was
wrong of them is owed, so that no more are wrong on average. Who has signed in to a mailbox from a client before is
slowed down there, never refused.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)

HOUR = 3600.0  # seconds in which a bucket fills
MOST = 65536  # buckets of a kind that are remembered; who was not heard of for longest is forgotten
SESSIONS = 16  # of a mailbox that a client begins at a time: a user may have so many by default
OFFICE = 10  # times the size of a client's bucket: what it begins at a time
ANSWERED = 120.0  # seconds after which a password is no longer under way, whatever became of it

# What becomes of a password, as Dovecot's statuses (auth_policy): negative refuses, positive are seconds to wait.
REFUSE = -1
LOOK = 0
SLOW = 4  # for somebody known who has no guess left; so much again for each that is under way
SLOWEST = 32  # mail programs and Dovecot wait for longer


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

    def __init__(self, size: int | None, spare: int = 0, front_ends: int = 1) -> None:
        """``size`` is how much there is in a full bucket; None: no end of it.

        ``spare`` is how many may be under way at a time while anything is left, if that is more than what is left. As
        many are at each of the ``front_ends`` that tell each other, before one has heard of another's.
        """
        self._size, self._spare = size, spare
        self._owed = spare * front_ends + (size or 0) * (front_ends - 1)  # at most
        self._left: OrderedDict[K, tuple[float, float]] = OrderedDict()  # what was left, and when

    def left(self, key: K, now: float) -> float:
        """What is left."""
        if self._size is None:
            return 1.0
        was, at = self._left.get(key, (float(self._size), now))
        return min(float(self._size), was + (now - at) * self._size / HOUR)

    def take(self, key: K, now: float) -> None:
        """Take one, even where nothing is left: then it is owed.

        What is heard of late is taken from what was left last, as if it had not come back since.
        """
        if self._size is None:
            return
        now = max(now, self._left[key][1]) if key in self._left else now
        self._left[key] = (max(-float(self._owed), self.left(key, now) - 1), now)
        self._left.move_to_end(key)
        if len(self._left) > MOST:
            self._left.popitem(last=False)

    def has_room(self, key: K, now: float, under_way: int) -> bool:
        """Whether one more may be looked at while so many are under way."""
        return under_way + 1 <= self.room(key, now)

    def room(self, key: K, now: float) -> float:
        """How many may be under way at a time."""
        if self._size is None:
            return math.inf
        left = self.left(key, now)
        return max(left, self._spare) if left >= 1 else 0.0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._left)


class UnderWay(Generic[K]):
    """When passwords began that nobody has said anything about yet, by key, and whether a newcomer's."""

    def __init__(self) -> None:
        """None has begun."""
        self._begun: OrderedDict[K, deque[tuple[float, bool]]] = OrderedDict()

    def count(self, key: K, now: float) -> int:
        """How many there are."""
        begun = self._begun.get(key)
        while begun and begun[0][0] <= now - ANSWERED:
            begun.popleft()
        return len(begun or ())

    def begin(self, key: K, now: float, *, newcomer: bool = True) -> None:
        """One more."""
        self._begun.setdefault(key, deque()).append((now, newcomer))
        self._begun.move_to_end(key)
        if len(self._begun) > MOST:
            self._begun.popitem(last=False)

    def end(self, key: K) -> bool:
        """One less, if there is one; says whether it was a newcomer's."""
        begun = self._begun.get(key)
        newcomer = begun.popleft()[1] if begun else False
        if not begun:
            self._begun.pop(key, None)
        return newcomer


class Guesses:
    """What a front end knows of passwords: the wrong ones, those under way here, and who has signed in from where."""

    def __init__(self, limits: GuessLimits, known: Known, front_ends: int = 1) -> None:
        """Nothing has been guessed yet. ``front_ends`` are those that tell each other, this one among them."""
        self._known = known
        self._pairs: Buckets[tuple[str, str]] = Buckets(limits.per_client_and_mailbox, SESSIONS, front_ends)
        self._clients: Buckets[str] = Buckets(limits.per_client, OFFICE * (limits.per_client or 0), front_ends)
        self._mailboxes: Buckets[str] = Buckets(limits.per_mailbox, front_ends=front_ends)
        self._under_way: UnderWay[tuple[str, str]] = UnderWay()

    def judge(self, mailbox: str, address: str, now: float) -> int:
        """What becomes of a password for a mailbox from an address, before anybody looks at it.

        REFUSE, LOOK, or how many seconds it waits. What is not refused is under way until :meth:`right`,
        :meth:`wrong` or :meth:`undecided` is called.
        """
        client = client_of(address)
        pair = (client, mailbox)
        waits = self._under_way.count(pair, now)
        known, status = self._known.has(mailbox, client), LOOK
        if known:
            # They queue, so that a few guesses at a time are no faster than one after the other. A longer queue would
            # keep the owner out, who is somewhere in it.
            behind = waits + 1 - self._pairs.room(pair, now)
            if behind > 0:
                status = min(SLOW * math.ceil(behind), SLOWEST)
        elif not (
            self._pairs.has_room(pair, now, waits)
            and self._clients.has_room(client, now, self._under_way.count((client, ""), now))
            and self._mailboxes.has_room(mailbox, now, self._under_way.count(("", mailbox), now))
        ):
            return REFUSE
        self._under_way.begin(pair, now, newcomer=not known)
        if not known:
            self._under_way.begin((client, ""), now)
            self._under_way.begin(("", mailbox), now)
        return status

    def right(self, mailbox: str, address: str) -> None:
        """A password that was looked at was right."""
        self._end(mailbox, client_of(address))
        self._known.add(mailbox, client_of(address))

    def wrong(self, mailbox: str, address: str, now: float) -> None:
        """It was not."""
        client = client_of(address)
        self._end(mailbox, client)
        self.elsewhere(mailbox, client, now)

    def elsewhere(self, mailbox: str, client: str, at: float) -> None:
        """A password was wrong, at another front end and some time ago."""
        self._pairs.take((client, mailbox), at)
        if not self._known.has(mailbox, client):  # a program of the owner's with an old one uses up nobody else's
            self._clients.take(client, at)
            self._mailboxes.take(mailbox, at)

    def undecided(self, mailbox: str, address: str) -> None:
        """Nobody could say what it was."""
        self._end(mailbox, client_of(address))

    def _end(self, mailbox: str, client: str) -> None:
        if self._under_way.end((client, mailbox)):
            self._under_way.end((client, ""))
            self._under_way.end(("", mailbox))


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
