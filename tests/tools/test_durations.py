"""The times that the callback plugin prints."""

from __future__ import annotations

from plugins.callback.durations import Durations


def test_nothing_ran() -> None:
    assert Durations().summary(3, 10.0) == []


def test_the_slowest_tasks_come_first() -> None:
    durations = Durations()
    for name, begun in (("base : Packages", 100.0), ("base : Names", 107.5), ("mailbox : Files", 109.0)):
        durations.start(name, begun)
    durations.end(111.0)
    assert durations.summary(2, 111.5) == ["Took 11.5 s", "     7.5 s  base : Packages", "     2.0 s  mailbox : Files"]
    assert len(durations.summary(9, 111.5)) == 4
