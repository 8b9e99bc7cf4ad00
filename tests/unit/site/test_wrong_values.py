"""Every setting says what is wrong with a value, word for word."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.record import Group, Named, Parameter

TABLE = Path(__file__).with_name("wrong_values.txt")
LEAST = 3


def rows() -> list[tuple[str, str, list[str]]]:
    """Path, value in JSON and problems of each row of the table."""
    table: list[tuple[str, str, list[str]]] = []
    for line in TABLE.read_text().splitlines():
        if line.startswith("    "):
            table[-1][2].append(line.strip())
        elif line and not line.startswith("#"):
            path, _, value = line.partition(" = ")
            table.append((path, value, []))
    return table


@pytest.mark.parametrize(("path", "value", "problems"), rows())
def test_a_wrong_value_is_refused_word_for_word(
    told: Callable[[dict[str, object]], list[str]], path: str, value: str, problems: list[str]
) -> None:
    assert problems
    assert told({path: json.loads(value)}) == problems


def settings(group: Group, path: str = "") -> Iterator[str]:
    """The paths of all settings, with ``[]`` for a chosen name."""
    for member in group.members:
        place = f"{path}{member.name}"
        match member:
            case Parameter():
                yield place
            case Group():
                yield from settings(member, f"{place}.")
            case Named():
                yield from settings(member.group, f"{place}[].")


def test_every_setting_has_three_wrong_values_at_least() -> None:
    seen = Counter(re.sub(r"\[[^]]+\]", "[]", path) for path, _, _ in rows())
    for document in (SITE, MAILBOXES):
        for place in settings(document):
            assert seen[place] >= LEAST, place
