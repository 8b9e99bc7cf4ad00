"""How values are written in a document: one notation a type, each a total function from raw data to a value.

Raw data is what a YAML document can hold: None, true and false, whole numbers, text, lists, mappings. A notation
answers any of it with a value or with a :class:`NotationError`, never with another exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from mailpair.settings import forms
from mailpair.settings.forms import Form

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

# PowerShell's own truth values are taken as they are pasted; those of other languages are not.
_POWERSHELL = {"$true": True, "$false": False}
_MEANT = {
    **dict.fromkeys(("true", "yes", "on", "1"), "true"),
    **dict.fromkeys(("false", "no", "off", "0"), "false"),
}


class NotationError(ValueError):
    """A value that is not written as it must be; ``rule`` says how, ``remedy`` what to write (or is empty)."""

    def __init__(self, rule: str, remedy: str = "") -> None:
        super().__init__(f"{rule}; {remedy}" if remedy else rule)
        self.rule = rule
        self.remedy = remedy


def written(value: object) -> str:
    """A value as a document has it; most have that as their text."""
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case _:
            return str(value)


@dataclass(frozen=True, slots=True)
class Notation(Generic[T]):
    """The way that one value is written.

    ``said`` describes it to a person ("a port, 1 to 65535"), ``parse`` reads it and raises :class:`NotationError`,
    ``example`` is one that ``parse`` takes, ``form`` describes it to an editor. ``write`` is the way back: what it
    gives means the same value.
    """

    said: str
    parse: Callable[[object], T]
    example: str
    form: Form
    write: Callable[[T], str] = written


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

    @property
    def form(self) -> Form:
        """How it is described to an editor: a list, or the one text that PowerShell takes for it."""
        items: Form = {"type": "array", "items": self.item.form, "minItems": self.at_least, "uniqueItems": True}
        return forms.one_of(items, {"type": "string", "pattern": r"^[^@]|^@[^{]"})


def expect_text(raw: object, rule: str, remedy: str = "") -> str:
    """The text that ``raw`` is; where it is something else, ``rule`` says what it must be."""
    if isinstance(raw, str):
        return raw
    raise NotationError(rule, remedy)


def _parse_boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    written = str(raw).lower()
    if isinstance(raw, str) and written in _POWERSHELL:
        return _POWERSHELL[written]
    meant = _MEANT.get(written)
    quoted = ", without quotes" if meant == written else ""
    raise NotationError("must be true or false", f"write {meant}{quoted}" if meant else "")


BOOLEAN = Notation("true or false", _parse_boolean, "true", forms.truth(True, False))


def whole_number(least: int, most: int, *, below: str = "") -> Notation[int]:
    """A whole number in a range, ends included; ``below`` is why there can't be less, where Exchange takes less."""
    said = f"a whole number from {least} to {most}" if least != most else str(least)

    def parse(raw: object) -> int:
        number = isinstance(raw, int) and not isinstance(raw, bool)
        if isinstance(raw, int) and number and least <= raw <= most:
            return raw
        if isinstance(raw, int) and number and raw < least:
            raise NotationError(f"must be {said}", below)
        quoted = isinstance(raw, str) and raw.isdecimal()
        raise NotationError(f"must be {said}", "write it without quotes" if quoted else "")

    return Notation(said, parse, str(least), forms.whole(least, most))


def word(words: type[E], first: int | None = None, refused: Mapping[E, str] | None = None) -> Notation[E]:
    """One of an enumeration's values; upper and lower case are the same, as in PowerShell.

    ``first`` is the number of the first value, where Exchange takes numbers as well. ``refused`` are values of
    Exchange's that are not taken, each with the reason.
    """
    numbers = {} if first is None else dict(enumerate(words, start=first))
    known: dict[object, E] = {str(each.value).lower(): each for each in words}
    known |= numbers | {str(number): each for number, each in numbers.items()}
    reasons = refused or {}
    listed = [str(each.value) for each in words if each not in reasons]
    numbered = {each: f" ({number})" for number, each in numbers.items()}
    described = [f"{each.value}{numbered.get(each, '')}" for each in words if each not in reasons]
    said = " or ".join(filter(None, (", ".join(described[:-1]), described[-1])))

    def parse(raw: object) -> E:
        key = raw.lower() if isinstance(raw, str) else raw
        value = None if isinstance(key, bool) or not isinstance(key, str | int) else known.get(key)
        if value is None:
            raise NotationError(f"must be {said}")
        if value in reasons:
            raise NotationError(f"must be {said}", reasons[value])
        return value

    taken = [number for number, each in numbers.items() if each not in reasons]
    return Notation(said, parse, listed[0], forms.words(listed, taken))


def words(
    of: type[E], refused: Mapping[E, str] | None = None, unknown: Mapping[str, str] | None = None
) -> Notation[frozenset[E]]:
    """A set of an enumeration's values: a list, or text as PowerShell prints it (``Tls, BasicAuth``); not empty.

    ``refused`` are values of Exchange's that are not taken, and ``unknown`` words of Exchange's that are no values
    here, each with the reason.
    """
    one = word(of, refused=refused)
    reasons = {each.lower(): reason for each, reason in (unknown or {}).items()}

    def parse(raw: object) -> frozenset[E]:
        parts: list[object] = [part.strip() for part in raw.split(",")] if isinstance(raw, str) else []
        parts = raw if isinstance(raw, list) else parts
        if not parts:
            raise NotationError(f"must be a list of one or more of {one.said}")
        for part in parts:
            try:
                one.parse(part)
            except NotationError as error:
                reason = reasons.get(part.lower()) if isinstance(part, str) else None
                raise NotationError(f"each {error.rule}", reason or error.remedy or f"{part!r} is not") from error
        return frozenset(one.parse(part) for part in parts)

    items: Form = {"type": "array", "items": one.form, "minItems": 1}
    text = forms.several(each.value for each in of if each not in (refused or {}))

    def write(value: frozenset[E]) -> str:
        return ", ".join(each.value for each in of if each in value)

    return Notation(f"one or more of {one.said}", parse, f"[{one.example}]", forms.one_of(items, text), write)


def only(notation: Notation[T], value: T, reason: str) -> Notation[T]:
    """The one value of a notation that is taken; ``reason`` is why the others are not."""
    said = notation.write(value)

    def parse(raw: object) -> T:
        try:
            taken = notation.parse(raw) == value
        except NotationError:
            taken = False
        if not taken:
            raise NotationError(f"must be {said}", reason)
        return value

    form = forms.truth(value) if isinstance(value, bool) else notation.form
    return Notation(said, parse, said, form, notation.write)


def only_word(words: type[E], value: E, reason: str, first: int | None = None) -> Notation[E]:
    """The one value of an enumeration that is taken; ``first`` is as in :func:`word`."""
    refused = {each: reason for each in words if each is not value}
    return only(word(words, first, refused), value, reason)


def nothing(reason: str) -> Notation[None]:
    """A setting that can't be given; ``reason`` is why."""

    def parse(_raw: object) -> None:
        raise NotationError("must not be given", reason)

    return Notation("nothing", parse, "null", {"type": "null"})
