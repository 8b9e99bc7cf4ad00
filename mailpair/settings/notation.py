"""How values are written in a document: one notation a type, each a total function from raw data to a value.

Raw data is what a YAML document can hold: None, true and false, whole numbers, text, lists, mappings. A notation
answers any of it with a value or with a :class:`NotationError`, never with another exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
# The second form is what Get-ReceiveConnector prints: 36 MB (37,748,736 bytes).
_SIZE = re.compile(
    r"(?P<number>[0-9]{1,18}) ?(?P<unit>[KMGT]?B)?(?: \((?P<bytes>[0-9,]{1,24}) bytes\))?", re.IGNORECASE
)


# What other languages call true and false.
_MEANT = {
    **dict.fromkeys(("true", "yes", "on", "1", "$true"), "true"),
    **dict.fromkeys(("false", "no", "off", "0", "$false"), "false"),
}

# Printable ASCII without # $ % < > [ ] { } ` " and the backslash.
_GREETING = re.compile(r"[A-Za-z0-9](?:[ !&-;=?@A-Z^_a-z|~]*[!&-;=?@A-Z^_a-z|~])?")


class NotationError(ValueError):
    """A value that is not written as it must be; ``rule`` says how, ``remedy`` what to write (or is empty)."""

    def __init__(self, rule: str, remedy: str = "") -> None:
        super().__init__(f"{rule}; {remedy}" if remedy else rule)
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Notation(Generic[T]):
    """The way that one value is written.

    ``said`` describes it to a person ("a port, 1 to 65535"), ``parse`` reads it and raises :class:`NotationError`,
    ``example`` is one that ``parse`` takes.
    """

    said: str
    parse: Callable[[object], T]
    example: str


@dataclass(frozen=True, slots=True)
class ListOf(Generic[T]):
    """A list whose items have one notation, each item once, ``at_least`` so many of them."""

    item: Notation[T]
    at_least: int = 0

    @property
    def said(self) -> str:
        """How it is described to a person."""
        return f"a list, each {self.item.said}"

    @property
    def example(self) -> str:
        """A list of one."""
        return f"[{self.item.example}]"


def expect_text(raw: object, rule: str, remedy: str = "") -> str:
    """The text that ``raw`` is; where it is something else, ``rule`` says what it must be."""
    if isinstance(raw, str):
        return raw
    raise NotationError(rule, remedy)


def _parse_boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    written = str(raw).lower()
    meant = _MEANT.get(written)
    quoted = ", without quotes" if meant == written else ""
    raise NotationError("must be true or false", f"write {meant}{quoted}" if meant else "")


BOOLEAN = Notation("true or false", _parse_boolean, "true")


def whole_number(least: int, most: int) -> Notation[int]:
    """A whole number in a range, ends included."""
    said = f"a whole number from {least} to {most}" if least != most else str(least)

    def parse(raw: object) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool) and least <= raw <= most:
            return raw
        quoted = isinstance(raw, str) and raw.isdecimal()
        raise NotationError(f"must be {said}", "write it without quotes" if quoted else "")

    return Notation(said, parse, str(least))


def format_size(size: int) -> str:
    """A number of bytes in the largest unit that divides it, as in ``36 MB``."""
    unit = max((unit for unit in _UNITS if size % _UNITS[unit] == 0), key=_UNITS.__getitem__) if size else "B"
    return f"{size // _UNITS[unit]} {'bytes' if unit == 'B' else unit}"


def size(least: int, most: int) -> Notation[int]:
    """A number of bytes in a range, ends included, in Exchange's notation: ``36 MB``, ``64KB``, ``37748736``."""
    said = f"a size from {format_size(least)} to {format_size(most)}"

    def parse(raw: object) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool):
            number = raw
        elif isinstance(raw, str) and (match := _SIZE.fullmatch(raw)):
            number = int(match["number"]) * _UNITS[(match["unit"] or "B").upper()]
            if match["bytes"] and match["bytes"].replace(",", "") != str(number):
                raise NotationError("must say the same size twice", f"{match['number']} {match['unit']} is {number:,}")
        else:
            raise NotationError(f"must be {said}", "write it as 36 MB; units are B, KB, MB, GB, TB")
        if not least <= number <= most:
            raise NotationError(f"must be {said}")
        return number

    return Notation(said, parse, format_size(least))


def word(words: type[E]) -> Notation[E]:
    """One of an enumeration's values; upper and lower case are the same, as in PowerShell."""
    known = {str(each.value).lower(): each for each in words}
    listed = [str(each.value) for each in words]
    said = " or ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))

    def parse(raw: object) -> E:
        if isinstance(raw, str) and raw.lower() in known:
            return known[raw.lower()]
        raise NotationError(f"must be {said}")

    return Notation(said, parse, listed[0])


def words(of: type[E]) -> Notation[frozenset[E]]:
    """A set of an enumeration's values: a list, or text as PowerShell prints it (``Tls, BasicAuth``); not empty."""
    one = word(of)

    def parse(raw: object) -> frozenset[E]:
        parts: list[object] = [part.strip() for part in raw.split(",")] if isinstance(raw, str) else []
        parts = raw if isinstance(raw, list) else parts
        if not parts:
            raise NotationError(f"must be a list of one or more of {one.said}")
        wrong = [part for part in parts if not _takes(one, part)]
        if wrong:
            raise NotationError(f"each must be {one.said}", f"{wrong[0]!r} is not")
        return frozenset(one.parse(part) for part in parts)

    return Notation(f"one or more of {one.said}", parse, f"[{one.example}]")


def _takes(notation: Notation[T], raw: object) -> bool:
    try:
        notation.parse(raw)
    except NotationError:
        return False
    return True


def greeting(most: int) -> Notation[str]:
    """A line of plain ASCII text that a server says first.

    A client takes ``<...>`` in a POP3 greeting for a challenge and ``[...]`` in an IMAP4 greeting for a code; the other
    characters that are refused mean something in servers' configurations.
    """
    said = f"a line of 1 to {most} plain characters"

    def parse(raw: object) -> str:
        text = expect_text(raw, f"must be {said}", "put it in quotes")
        if len(text) > most or not _GREETING.fullmatch(text):
            raise NotationError(
                f"must be {said}, a letter or digit first",
                "write letters, digits, spaces and ! & ' ( ) * + , - . / : ; = ? @ ^ _ | ~ only",
            )
        return text

    return Notation(said, parse, "Ready.")
