"""Notations of how much and how long: limits, sizes, time spans."""

from __future__ import annotations

import re
from fractions import Fraction

from mailpair.settings.forms import UNLIMITED, in_any_case, matching, one_of, whole
from mailpair.settings.notation import Notation, NotationError, whole_number

NO_LIMIT = (1 << 31) - 1
"""What Exchange writes for no limit at all where a setting has no word for it."""

_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
# The second form is what Get-ReceiveConnector prints: 36 MB (37,748,736 bytes).
_SIZE = re.compile(
    r"(?P<number>[0-9]{1,18}(?:\.[0-9]{1,12})?) ?(?P<unit>[KMGT]?B)?(?: \((?P<bytes>[0-9,]{1,24}) bytes\))?",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?:(?P<days>[0-9]{1,8})\.)?(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{2}):(?P<seconds>[0-9]{2})")
# The same two for editors.
_SIZE_FORM = r"[0-9]+(\.[0-9]+)? ?([KMGTkmgt]?[Bb])?( \([0-9,]+ [Bb][Yy][Tt][Ee][Ss]\))?"
_SPAN_FORM = r"([0-9]+\.)?[0-9]{1,2}:[0-5][0-9]:[0-5][0-9]"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def is_unlimited(raw: object) -> bool:
    """Whether this is Exchange's word for no limit."""
    return isinstance(raw, str) and raw.lower() == UNLIMITED


def limit(least: int, most: int, *, unlimited: bool = False, below: str = "") -> Notation[int | None]:
    """A whole number in a range, None for none: 2147483647, and the word unlimited where Exchange has that.

    ``below`` is why there can't be less, where Exchange takes less.
    """
    number = whole_number(least, most, below=below)
    said = f"{number.said} or {UNLIMITED}" if unlimited else number.said

    def parse(raw: object) -> int | None:
        if is_unlimited(raw):
            if unlimited:
                return None
            raise NotationError(f"must be {said}", f"{NO_LIMIT} is no limit" if most == NO_LIMIT else "")
        try:
            value = number.parse(raw)
        except NotationError as error:
            raise NotationError(f"must be {said}", error.remedy) from error
        return None if value == NO_LIMIT else value

    numbers = number.form
    form = one_of(numbers, matching(in_any_case(UNLIMITED))) if unlimited else numbers
    none = UNLIMITED if unlimited else str(NO_LIMIT)
    return Notation(said, parse, str(least), form, lambda value: none if value is None else str(value))


def format_size(size: int) -> str:
    """A number of bytes in the largest unit that divides it, as in ``36 MB``."""
    unit = max((unit for unit in _UNITS if size % _UNITS[unit] == 0), key=_UNITS.__getitem__) if size else "B"
    if unit == "B":
        return f"{size} {'byte' if size == 1 else 'bytes'}"
    return f"{size // _UNITS[unit]} {unit}"


def size(least: int, most: int) -> Notation[int]:
    """A number of bytes in a range, ends included, in Exchange's notation: ``36 MB``, ``64KB``, ``37748736``."""
    said = f"a size from {format_size(least)} to {format_size(most)}"

    def parse(raw: object) -> int:
        number = _bytes(raw, said)
        if not least <= number <= most:
            raise NotationError(f"must be {said}")
        return number

    form = one_of(whole(least, most), matching(_SIZE_FORM))
    return Notation(said, parse, _write_size(least), form, _write_size)


def size_limit(least: int, most: int, *, zero: bool = False) -> Notation[int | None]:
    """A number of bytes in a range, or ``unlimited``, which is None; so is 0 where ``zero`` says so."""
    inner = size(least, most)
    said = f"{inner.said}, or {'0 or ' if zero else ''}{UNLIMITED}"

    def parse(raw: object) -> int | None:
        if is_unlimited(raw):
            return None
        number = _bytes(raw, said)
        if zero and number == 0:
            return None
        if not least <= number <= most:
            raise NotationError(f"must be {said}")
        return number

    forms = (whole(0 if zero else least, most), matching(_SIZE_FORM), matching(in_any_case(UNLIMITED)))
    none = "0" if zero else UNLIMITED
    return Notation(
        said, parse, inner.example, one_of(*forms), lambda value: none if value is None else _write_size(value)
    )


def _write_size(size: int) -> str:
    return re.sub("bytes?", "B", format_size(size))


def _bytes(raw: object, said: str) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    match = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    if not match:
        raise NotationError(f"must be {said}", "write it as 36 MB; units are B, KB, MB, GB, TB")
    unit = _UNITS[(match["unit"] or "B").upper()]
    number = Fraction(match["number"]) * unit
    if not match["bytes"]:
        return int(number)
    # Of what Exchange rounds in its print, the bytes are the truth.
    exact = int(match["bytes"].replace(",", "") or "0")
    _, _, decimals = match["number"].partition(".")
    if (abs(number - exact) >= Fraction(unit, 10 ** len(decimals))) if decimals else number != exact:
        raise NotationError(
            "must say the same size twice", f"{match['number']} {match['unit'] or 'B'} is {int(number):,}"
        )
    return exact


def format_span(seconds: int) -> str:
    """Seconds as Exchange prints a time span: ``00:30:00``, ``1.00:00:00``."""
    days, rest = divmod(seconds, _DAY)
    clock = f"{rest // _HOUR:02}:{rest % _HOUR // _MINUTE:02}:{rest % _MINUTE:02}"
    return f"{days}.{clock}" if days else clock


def time_span(least: int, most: int, *, beyond: str = "") -> Notation[int]:
    """Seconds in a range, ends included, as ``hh:mm:ss`` or ``d.hh:mm:ss``; ``beyond`` is why there can't be more."""
    said = f"a time from {format_span(least)} to {format_span(most)}"

    def parse(raw: object) -> int:
        match = _SPAN.fullmatch(raw) if isinstance(raw, str) else None
        if not match:
            raise NotationError(f"must be {said}", "write it as hh:mm:ss, or as d.hh:mm:ss with days")
        hours, minutes, seconds = int(match["hours"]), int(match["minutes"]), int(match["seconds"])
        if hours * _HOUR >= _DAY or minutes >= _MINUTE or seconds >= _MINUTE:
            raise NotationError(f"must be {said}", "write days before a dot, as in 1.00:00:00")
        span = int(match["days"] or 0) * _DAY + hours * _HOUR + minutes * _MINUTE + seconds
        if not least <= span <= most:
            raise NotationError(f"must be {said}", beyond if span > most else "")
        return span

    return Notation(said, parse, format_span(least), matching(_SPAN_FORM), format_span)
