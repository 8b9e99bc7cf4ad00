"""The guesses of the last hour."""

from __future__ import annotations

from dataclasses import replace

from hostside.sessions.guesses import HOUR
from hostside.sessions.recent import Guess, Recent

FIRST = Guess("a" * 32, 1, 0.0, "ada@contoso.test", "192.0.2.1")


def numbered(count: int, at: float = 0.0) -> Guess:
    return replace(FIRST, count=count, at=at)


def test_each_is_news_once() -> None:
    recent = Recent()
    assert [recent.add(each, 0.0) for each in (FIRST, FIRST, numbered(2), replace(FIRST, origin="b" * 32))] == [
        True,
        False,
        True,
        True,
    ]


def test_what_is_an_hour_old_is_no_news_and_not_told() -> None:
    recent = Recent()
    assert not recent.add(FIRST, HOUR)
    assert recent.add(numbered(2, at=1.0), HOUR)
    assert recent.after(0, 9, HOUR) == ([numbered(2, at=1.0)], 1)
    assert recent.after(0, 9, HOUR + 1) == ([], 1)


def test_they_are_told_in_parts() -> None:
    recent = Recent()
    for number in range(5):
        recent.add(numbered(number), 0.0)
    place, told = 0, []
    for _ in range(3):
        found, place = recent.after(place, 2, 0.0)
        told.append([each.count for each in found])
    assert told == [[0, 1], [2, 3], [4]]
    assert recent.after(place, 2, 0.0) == ([], 5)


def test_no_more_are_kept_than_there_is_room_for_and_what_made_room_is_no_news_again() -> None:
    recent = Recent(most=3)
    for number in range(8):
        assert recent.add(numbered(number, at=float(number)), 8.0)
    assert [[each.count for each in recent.after(place, 9, 8.0)[0]] for place in (0, 6, 8)] == [[5, 6, 7], [6, 7], []]
    # What was let go of is forgotten by its name, so it is known by its time.
    assert not any(recent.add(numbered(number, at=float(number)), 8.0) for number in range(8))
    assert recent.add(numbered(8, at=8.0), 8.0)
