"""What must hold across settings, and what is said where it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(__file__).with_name("rules.txt")


def cases() -> dict[str, tuple[dict[str, Any], list[str]]]:
    """Changes and problems of each case, by its title."""
    table: dict[str, tuple[dict[str, Any], list[str]]] = {}
    changes: dict[str, Any] = {}
    problems: list[str] = []
    for line in TABLE.read_text().splitlines():
        if line.startswith("== "):
            changes, problems = table[line.removeprefix("== ")] = {}, []
        elif line.startswith("    "):
            problems.append(line.strip())
        elif line and not line.startswith("#"):
            path, _, value = line.partition(" = ")
            changes[path] = json.loads(value)
    return table


@pytest.mark.parametrize(("changes", "problems"), cases().values(), ids=list(cases()))
def test_what_is_said_of_settings_together(
    told: Callable[[dict[str, object]], list[str]], changes: dict[str, object], problems: list[str]
) -> None:
    assert told(changes) == problems
