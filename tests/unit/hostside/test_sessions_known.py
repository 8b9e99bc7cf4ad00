from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from hostside.sessions.known import CLIENTS, DAYS, OTHERS, KnownClients, Row

if TYPE_CHECKING:
    from pathlib import Path

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
DAY = 86400.0


class World:
    """A clock, a journal, and a place for the file."""

    def __init__(self, folder: Path) -> None:
        self.file, self.now, self.said = folder / "known.db", 1000 * DAY, list[str]()

    def open(self) -> KnownClients:
        """The program starts."""
        return KnownClients(self.file, lambda: self.now, self.said.append)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A folder without the file."""
    return World(tmp_path)


def test_who_was_there_is_known_after_a_restart(world: World) -> None:
    known = world.open()
    known.add(ADA, "192.0.2.1")
    assert known.has(ADA, "192.0.2.1")
    known.close()
    again = world.open()
    assert [again.has(ADA, "192.0.2.1"), again.has(BOB, "192.0.2.1"), again.has(ADA, "192.0.2.2")] == [
        True,
        False,
        False,
    ]
    assert world.said == []


def test_nobody_else_may_read_it(world: World) -> None:
    world.open().add(ADA, "192.0.2.1")
    assert {file.stat().st_mode & 0o077 for file in world.file.parent.iterdir()} == {0}


def test_who_does_not_come_back_is_forgotten(world: World) -> None:
    known = world.open()
    known.add(ADA, "192.0.2.1")
    world.now += DAYS * DAY
    known.add(BOB, "192.0.2.2")
    assert known.has(ADA, "192.0.2.1")
    world.now += DAY
    known.add(BOB, "192.0.2.3")
    assert not known.has(ADA, "192.0.2.1")
    assert known.has(BOB, "192.0.2.2")


def test_who_comes_back_stays_known(world: World) -> None:
    known = world.open()
    for _ in range(3):
        known.add(ADA, "192.0.2.1")
        world.now += DAYS * DAY
    assert known.has(ADA, "192.0.2.1")


def test_the_last_clients_of_a_mailbox_are_known(world: World) -> None:
    known = world.open()
    for number in range(CLIENTS + 3):
        known.add(ADA, f"192.0.2.{number}")
        world.now += DAY
    assert [known.has(ADA, f"192.0.2.{number}") for number in (0, 2, 3, CLIENTS + 2)] == [False, False, True, True]


def test_of_many_clients_in_a_day_the_last_are_known(world: World) -> None:
    known = world.open()
    for number in reversed(range(CLIENTS + 3)):
        known.add(ADA, f"192.0.2.{number}")
    found = [known.has(ADA, f"192.0.2.{number}") for number in (0, CLIENTS - 1, CLIENTS, CLIENTS + 2)]
    assert found == [True, True, False, False]


def test_a_file_that_another_program_has_is_not_thrown_away(world: World) -> None:
    known = world.open()
    known.add(ADA, "192.0.2.1")
    known.close()
    other = sqlite3.connect(world.file)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    assert not world.open().has(ADA, "192.0.2.1")
    other.close()
    assert world.said == [f"{world.file}: who has signed in from where can't be kept: database is locked"]
    assert world.open().has(ADA, "192.0.2.1")


def test_a_file_that_is_no_database_is_replaced_and_that_is_told(world: World) -> None:
    world.file.write_bytes(b"x" * 4096)
    known = world.open()
    known.add(ADA, "192.0.2.1")
    assert known.has(ADA, "192.0.2.1")
    (said,) = world.said
    assert said == f"{world.file}: who has signed in from where can't be kept: file is not a database"


def test_without_a_place_nobody_is_known_and_it_is_told_once(world: World) -> None:
    world.file = world.file.parent / "missing" / "known.db"
    known = world.open()
    known.add(ADA, "192.0.2.1")
    known.add(BOB, "192.0.2.1")
    assert not known.has(ADA, "192.0.2.1")
    assert len(world.said) == 1


def test_a_database_that_fails_later_is_told_once_and_sign_ins_go_on(world: World) -> None:
    known = world.open()
    other = sqlite3.connect(world.file)
    with other:
        other.execute("DROP TABLE known")
    known.add(ADA, "192.0.2.1")
    assert not known.has(ADA, "192.0.2.1")
    assert world.said == [f"{world.file}: who has signed in from where can't be kept: no such table: known"]


def test_a_file_of_an_earlier_version_keeps_what_it_knows(world: World) -> None:
    former = sqlite3.connect(world.file)
    with former:
        former.execute("CREATE TABLE known (mailbox TEXT, client TEXT, day INTEGER, PRIMARY KEY (mailbox, client))")
        former.execute("CREATE INDEX days ON known (day)")
        former.executemany("INSERT INTO known VALUES (?, ?, ?)", [(BOB, "192.0.2.2", 999), (ADA, "192.0.2.1", 998)])
    former.close()
    for _ in range(2):
        known = world.open()
        assert [(each.number, each.mailbox, each.day) for each in known.after(0, 9)] == [(1, ADA, 998), (2, BOB, 999)]
        known.close()
    known = world.open()
    known.add(ADA, "192.0.2.1")
    assert [(each.number, each.mailbox, each.day) for each in known.after(0, 9)] == [(2, BOB, 999), (3, ADA, 1000)]
    assert world.said == []


def test_a_database_keeps_its_name_and_its_numbers_only_grow(world: World) -> None:
    known = world.open()
    name = known.name
    known.add(ADA, "192.0.2.1")
    known.close()
    world.now += (DAYS + 1) * DAY
    again = world.open()
    assert (again.name, again.last(), again.after(0, 9)) == (name, 1, [])
    again.add(ADA, "192.0.2.1")
    assert [each.number for each in again.after(0, 9)] == [2]


def test_how_far_others_were_heard_is_kept_of_the_last_of_them(world: World) -> None:
    known = world.open()
    for number in range(OTHERS + 1):
        known.merge(f"{number}", [Row(number + 1, ADA, "192.0.2.1", 1000)])
    known.close()
    again = world.open()
    assert [again.heard(f"{number}") for number in (0, 1, OTHERS)] == [0, 2, OTHERS + 1]


def test_what_can_t_be_kept_is_asked_for_again(world: World) -> None:
    known = world.open()
    with closing(sqlite3.connect(world.file)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON known BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        with pytest.raises(OSError, match="known clients can't be kept: disk is full"):
            known.merge("other", [Row(1, ADA, "192.0.2.1", 1000)])
        assert known.heard("other") == 0
        other.execute("DROP TRIGGER full")
    known.merge("other", [Row(1, ADA, "192.0.2.1", 1000)])
    assert (known.heard("other"), known.has(ADA, "192.0.2.1")) == (1, True)
