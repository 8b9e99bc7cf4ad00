"""What is said about a setting, once: everything else about it is made from its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mailpair.settings.notation import ListOf, Notation

WORD_FOR_WORD = "tests/unit/site/test_wrong_values.py::test_a_wrong_value_is_refused_word_for_word"
"""The test of settings that show in nothing but what is refused."""


class Answer(Enum):
    """What we do with a setting of Exchange's."""

    NATIVE = "native"  # Dovecot, Postfix or nftables behave that way
    BUILT = "built"  # we add what they lack
    FIXED = "fixed"  # our value is always the safe one, and no other is taken
    REFUSED = "refused"  # no honest equivalent: only Exchange's default is taken, or nothing at all
    OURS = "ours"  # Exchange has no such setting


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting.

    ``default`` is in the document's notation, None where the setting may be left unsaid; ``unsaid`` tells a reader
    what then holds. ``source`` is the parameter of Exchange's that has this meaning, ``text`` what it does here,
    ``how`` what does it, and ``test`` the test that sees it from outside. ``exchange_default`` is Exchange's, where
    ours is another, and ``exchange_accepts`` what Exchange takes, where we take less. ``only_while`` is a truth value
    beside it, and what that must be for the setting to be given.
    """

    name: str
    notation: Notation[Any] | ListOf[Any]
    answer: Answer
    source: str
    text: str
    test: str
    default: object = None
    unsaid: str = ""
    required: bool = False
    confidential: bool = False
    only_while: tuple[str, bool] | None = None
    exchange_default: str = ""
    exchange_accepts: str = ""
    how: str = ""

    @property
    def settled(self) -> bool:
        """Whether there is but one value to take, so that a Site has no need of it."""
        return self.answer in {Answer.FIXED, Answer.REFUSED}


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together under one name: a mapping with known keys.

    ``strangers`` are parameters of the same cmdlets, in snake_case, that are no settings here, each with the reason.
    """

    name: str
    text: str
    members: tuple[Parameter | Group | Named, ...]
    strangers: Mapping[str, str] = field(default_factory=dict)

    def member(self, name: str) -> Parameter | Group | Named | None:
        """The setting or group of that name."""
        return next((each for each in self.members if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Named:
    """Groups of one form under names that the administrator chooses, which have the notation ``key``.

    ``ready`` are those that exist unasked, by name, with the settings in which they differ from the defaults.
    ``differences`` tell in what these are not Exchange's. ``refused`` are names that Exchange gives to what has no
    meaning here, each with the reason.
    """

    name: str
    text: str
    key: Notation[str]
    group: Group
    ready: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, str] = field(default_factory=dict)
