"""Accounts in SQLite files: what is compared, what is changed, and what a reader sees meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils import tables
from ansible_collections.mailpair.mail.plugins.module_utils.tables import Stored, opened, stored

from tests.unit.plugins.host import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

BEFORE = [("ada", "one", "ada"), ("both", "two", ""), ("bob", "three", "bob")]


def file(
    folder: Path, rows: Iterable[Sequence[str]], owners: Sequence[str] | None = None, *, in_place: bool = True
) -> Stored:
    table = {"columns": ["name", "a/b", "owner"], "key": ["name"], "owner": "owner", "rows": rows}
    options: dict[str, Any] = {**OWNER, "path": str(folder / "known.db"), "mode": "0640", "in_place": in_place}
    return stored(options, {"known": table}, owners)


def rows(folder: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / "known.db")) as database:
        return sorted(database.execute('SELECT name, "a/b", owner FROM known'))


@pytest.fixture(autouse=True)
def _before(tmp_path: Path) -> None:
    file(tmp_path, BEFORE).put()


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    assert file(tmp_path, reversed(BEFORE)).is_there()
    assert (tmp_path / "known.db").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize(
    ("owners", "wanted", "after", "lost"),
    [
        (None, [], [], {"ada", "bob"}),
        (None, [*BEFORE, ("eve", "four", "eve")], [*BEFORE, ("eve", "four", "eve")], set()),
        (("bob",), [], BEFORE[:2], {"bob"}),
        (("bob",), [("bob", "new", "bob")], [*BEFORE[:2], ("bob", "new", "bob")], {"bob"}),
        (("bob", ""), [BEFORE[2]], [BEFORE[0], BEFORE[2]], set()),
        # What was somebody else's is taken over.
        (("bob",), [("ada", "mine", "bob")], [("ada", "mine", "bob"), BEFORE[1]], {"bob"}),
    ],
)
def test_a_change(
    tmp_path: Path,
    *,
    in_place: bool,
    owners: Sequence[str] | None,
    wanted: list[tuple[str, ...]],
    after: list[tuple[str, ...]],
    lost: set[str],
) -> None:
    inode = (tmp_path / "known.db").stat().st_ino
    change = file(tmp_path, wanted, owners, in_place=in_place)
    assert not change.is_there()
    assert change.lost() == lost
    change.put()
    assert rows(tmp_path) == sorted(after)
    assert file(tmp_path, wanted, owners).is_there()
    assert ((tmp_path / "known.db").stat().st_ino == inode) is in_place
    assert [each.name for each in tmp_path.iterdir()] == ["known.db"]


def test_who_reads_meanwhile_sees_all_of_the_former_or_all_of_the_new(tmp_path: Path) -> None:
    many = [(f"name{number}", "x" * 100, f"name{number}") for number in range(2000)]
    with opened(str(tmp_path / "known.db")) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM known").fetchone() == (3,)
        reader.execute("COMMIT")
        file(tmp_path, many).put()
        assert reader.execute("SELECT count(*) FROM known").fetchone() == (2000,)


def test_one_that_is_closed_to_its_service_is_opened(tmp_path: Path) -> None:
    (tmp_path / "known.db").chmod(0o600)
    change = file(tmp_path, BEFORE)
    assert not change.is_there()
    change.put()
    assert file(tmp_path, BEFORE).is_there()


@pytest.mark.parametrize("content", [b"", b"ada:one\n", b"SQLite format 3\0" + b"x" * 4096])
def test_what_is_no_such_file_is_made_anew_for_everybody_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "known.db").write_bytes(content)
    with pytest.raises(OSError, match="does not have everybody's rows, so one owner's can't be changed"):
        file(tmp_path, BEFORE[:1], ["ada"]).put()
    change = file(tmp_path, BEFORE)
    assert not change.is_there()
    assert (change.lost(), change.renewed) == (set(), True)
    change.put()
    assert rows(tmp_path) == sorted(BEFORE)


def test_a_file_that_is_in_use_is_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PATIENCE", 0.0)
    with opened(str(tmp_path / "known.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            file(tmp_path, []).is_there()
        other.execute("ROLLBACK")
    assert rows(tmp_path) == sorted(BEFORE)


def test_tables_of_another_version_are_made_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "known.db")) as database:
        database.execute("CREATE TABLE former (name)")
    file(tmp_path, BEFORE).put()
    with closing(sqlite3.connect(tmp_path / "known.db")) as database:
        assert [*database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")] == [("known",)]


def test_nothing_is_left_where_there_is_no_such_user(tmp_path: Path) -> None:
    change = stored(
        {
            "path": str(tmp_path / "other.db"),
            "owner": "no-such-user",
            "group": "root",
            "mode": "0640",
            "in_place": True,
        },
        {},
    )
    with pytest.raises(OSError, match="there is no user no-such-user or no group root"):
        change.put()
    assert [each.name for each in tmp_path.iterdir()] == ["known.db"]
