"""What front ends and noticeboards say to each other: a JSON list a line, its first element says what it is.

``["hello", 1, NAME, LAST]`` comes first: the name of a database of known clients, and the number of its last row.
``["since", NUMBER]`` asks for its rows after that one. ``["known", [[NUMBER, MAILBOX, CLIENT, DAY], ...]]`` and
``["guesses", [[ORIGIN, COUNT, AGE, MAILBOX, CLIENT], ...]]`` are the news, ``["alive"]`` says that there are none.
What is anything else ends the conversation: nobody who is let in says it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address, ip_network
from typing import Any, NoReturn

from .known import Row
from .recent import Guess

VERSION = 1
BATCH = 64  # rows, or guesses, of a line
LONGEST = 1 << 18  # bytes of a line: a batch of the longest mailboxes has half of it
LONGEST_MAILBOX = 320  # characters
_LARGEST = (1 << 63) - 1  # what SQLite can count to
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Hello:
    """Who speaks: a database of known clients, and the number of its last row."""

    name: str
    last: int


@dataclass(frozen=True, slots=True)
class Since:
    """The number of the last row that the other side has."""

    number: int


@dataclass(frozen=True, slots=True)
class Known:
    """Who has signed in from where."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Guesses:
    """Wrong passwords."""

    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True)
class Alive:
    """There is nothing new."""


Message = Hello | Since | Known | Guesses | Alive


def hello(name: str, last: int) -> bytes:
    """The line that comes first."""
    return _line("hello", VERSION, name, last)


def since(number: int) -> bytes:
    """The line that asks for rows."""
    return _line("since", number)


def known(rows: Iterable[Row]) -> bytes:
    """The line with known clients, without those that nobody would take in, such as a sign-in on the host itself."""
    told = [[each.number, each.mailbox, each.client, each.day] for each in rows if is_client(each.client)]
    return _line("known", told)


def guesses(found: Iterable[Guess], now: float) -> bytes:
    """The line with guesses. Hosts have clocks of their own, so it says how long ago they were."""
    return _line("guesses", [[each.origin, each.count, now - each.at, each.mailbox, each.client] for each in found])


def alive() -> bytes:
    """The line that says nothing."""
    return _line("alive")


def parse(line: bytes, now: float) -> Message:
    """Read a line; raises ValueError where nobody who keeps to the above would write it."""
    try:
        read = json.loads(line, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    match read:
        case ["hello", version, str(name), last]:
            if type(version) is not int or version != VERSION:
                raise ValueError(f"it speaks version {version!r:.20}, this is version {VERSION}")
            return Hello(_name(name), _count(last))
        case ["since", number]:
            return Since(_count(number))
        case ["known", list(rows)] if len(rows) <= BATCH:
            return Known(tuple(_row(each) for each in rows))
        case ["guesses", list(found)] if len(found) <= BATCH:
            return Guesses(tuple(_guess(each, now) for each in found))
        case ["alive"]:
            return Alive()
    raise ValueError(f"it says {line!r:.60}")


def shared(mailbox: str) -> str:
    """A mailbox as it is told: clients may ask for anything, and what nobody would take in ends the conversation."""
    return mailbox.encode("utf-8", "replace").decode()[:LONGEST_MAILBOX]


def is_client(text: str) -> bool:
    """Whether it is what counts as a client (guesses.client_of), in the one way to write it."""
    try:
        found = ip_network(text)
        return text == (str(found) if "/" in text else str(ip_address(text))) and (
            found.prefixlen == (64 if isinstance(found, IPv6Network) else 32) and ("/" in text) == (found.version == 6)
        )
    except ValueError:
        return False


def _line(*words: object) -> bytes:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _row(given: Any) -> Row:
    match given:
        case [number, str(mailbox), str(client), day]:
            return Row(_count(number), _mailbox(mailbox), _client(client), _count(day))
    raise ValueError(f"{given!r:.60} is no known client")


def _guess(given: Any, now: float) -> Guess:
    match given:
        case [str(origin), count, float(age) | int(age), str(mailbox), str(client)] if (
            not isinstance(age, bool) and 0 <= age <= _LARGEST
        ):
            return Guess(_name(origin), _count(count), now - age, _mailbox(mailbox), _client(client))
    raise ValueError(f"{given!r:.60} is no guess")


def _name(given: str) -> str:
    if not _NAME.fullmatch(given):
        raise ValueError(f"{given!r:.60} is no name")
    return given


def _count(given: Any) -> int:
    if type(given) is not int or not 0 <= given <= _LARGEST:
        raise ValueError(f"{given!r:.60} is no number from 0 on")
    return given


def _mailbox(given: str) -> str:
    if len(given) > LONGEST_MAILBOX or given != shared(given):
        raise ValueError(f"{given!r:.60} is no mailbox")
    return given


def _client(given: str) -> str:
    if not is_client(given):
        raise ValueError(f"{given!r:.60} is no client")
    return given


def _no_number(given: str) -> NoReturn:
    raise ValueError(f"{given} is no number")
