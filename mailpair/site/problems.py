"""What is wrong with a document, in the house's form: ``path: value: rule; remedy``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SHOWN_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    ``path`` names the setting as in ``pop_settings.ssl_bindings[0]``, ``value`` shows what stands there, ``rule`` says
    what must hold, ``remedy`` what to do about it (empty where the rule says it all).
    """

    path: str
    value: str
    rule: str
    remedy: str = ""

    def __str__(self) -> str:
        """The line that a person reads."""
        return f"{self.path}: {self.value}: {self.rule}" + (f"; {self.remedy}" if self.remedy else "")


class SiteError(Exception):
    """A site that is refused, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """``problems`` in any order; they are kept sorted by path, each once."""
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=_order))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shown(value: object) -> str:
    """A value of a document as a problem shows it, in one line and never at length."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
        case _:
            text = repr(value) if isinstance(value, str) else str(value)
            return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 3]}..."


def in_order(path: str) -> list[tuple[int, str]]:
    """A key by which paths are sorted, ``[10]`` after ``[2]``."""
    parts = re.split(r"([0-9]{1,18})", path)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _order(problem: Problem) -> tuple[list[tuple[int, str]], str]:
    """Sorts by the path, and the problems of one path by their text."""
    return in_order(problem.path), str(problem)
