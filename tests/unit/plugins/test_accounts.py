"""Accounts are put in place and hold at once: what is reloaded, whose sessions end, what an interruption leaves."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils import accounts as settling
from ansible_collections.mailpair.mail.plugins.module_utils import tables
from ansible_collections.mailpair.mail.plugins.modules import accounts
from hypothesis import given
from hypothesis import strategies as some

from tests.unit.plugins.host import OWNER, Ended, FakeModule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEFORE = {"ada": "one", "bob": "two"}
MANY = {**BEFORE, "carol": "three", "dave": "four"}
WHO = ["doveadm", "-f", "tab", "who"]
SIGNED_IN = "username\t#\tproto\t(pids)\t(ips)\nbob\t2\timap\t(1 2)\t()\nzoe\t1\tpop3\t(3)\t()\n"
RUNNING: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with its accounts in place."""
    monkeypatch.setattr(settling, "UNDONE", str(tmp_path / "undone"))
    monkeypatch.setattr(settling, "UNDONE_OWNER", (OWNER["owner"], OWNER["group"]))
    ended(tmp_path, BEFORE)


def answer(
    *, active: bool = True, kicks: bool = True, reloads: bool = True, signed_in: str | None = ""
) -> Callable[[list[str]], tuple[int, str, str]]:
    def run(words: list[str]) -> tuple[int, str, str]:
        if words == WHO:
            return (75, "", "no anvil\n") if signed_in is None else (0, signed_in, "")
        if words[0] == "systemctl" and "is-active" in words:
            return (0 if active else 3), "", ""
        if words[0] == "systemctl":
            return (0, "", "") if reloads else (1, "", "not now\n")
        return (0, "", "") if kicks else (75, "", "no answer\n")

    return run


def ended(
    folder: Path, known: dict[str, str], *, check_mode: bool = False, reload: bool = False, owner: str = "", **how: Any
) -> FakeModule:
    """Runs the module to its end; what it said is in RUNNING."""
    table = {"columns": ["name", "secret"], "key": ["name"], "owner": "name", "rows": [*known.items()]}
    file = {"path": str(folder / "accounts"), "content": json.dumps({"known": table}), "mode": "0640", **OWNER}
    file["owner"] = owner or file["owner"]
    params = {
        "service": "app",
        "folders": [],
        "files": [],
        "tables": [{**file, "in_place": True}],
        "reload": reload,
        "kick": ["doveadm", "kick"],
        "who": WHO,
    }
    module = FakeModule(params, str(folder), answer(**how), check_mode)
    with pytest.raises(Ended) as end:
        accounts.run(module)
    RUNNING.clear()
    RUNNING.update(end.value.said)
    return module


def there(folder: Path) -> dict[str, str]:
    """What is in the file."""
    with closing(sqlite3.connect(folder / "accounts")) as database:
        return dict(database.execute("SELECT name, secret FROM known"))


def done(module: FakeModule) -> list[str]:
    """The commands that did something."""
    return [command for command in module.commands if "is-active" not in command]


@pytest.mark.parametrize(
    ("after", "kicked"),
    [
        (BEFORE, []),
        ({**BEFORE, "eve": "three"}, []),
        ({"ada": "one", "bob": "new"}, ["bob"]),
        ({"bob": "two"}, ["ada"]),
        ({}, ["ada", "bob"]),
    ],
)
def test_sessions_end_of_accounts_that_changed_or_went(
    tmp_path: Path, after: dict[str, str], kicked: list[str]
) -> None:
    assert done(ended(tmp_path, after)) == [f"doveadm kick {name}" for name in kicked]
    assert there(tmp_path) == after
    assert RUNNING["changed"] == (after != BEFORE)


LINES = some.lists(some.sampled_from(["ada:1", "ada:2", "bob:1", "bo", ""]), max_size=6).map("\n".join)


@given(LINES, LINES)
def test_accounts_changed_whose_line_is_no_longer_there(before: str, after: str) -> None:
    """Lines have no order, and the last one may have no end."""
    found = settling.changed(before.encode(), after.encode())
    assert found >= {line.partition(":")[0] for line in set(before.split("\n")) - set(after.split("\n")) - {""}}
    assert found <= {line.partition(":")[0] for line in before.split("\n")}
    if before == after:
        assert found == set()


def test_what_is_apart_is_as_little_as_there_is() -> None:
    assert settling.apart(b"a\nb\nc\n", b"a\nx\nc\n") == (b"b\n", b"x\n")


@given(LINES, LINES)
def test_what_is_apart_is_what_differs_and_whole_lines_of_it(one: str, other: str) -> None:
    left, right = (text.decode() for text in settling.apart(one.encode(), other.encode()))
    begins = [0, *(at + 1 for at, letter in enumerate(one) if letter == "\n")]
    assert [at for at in begins if one.startswith(left, at) and one[:at] + right + one[at + len(left) :] == other]


def test_of_many_accounts_those_are_ended_that_have_sessions(tmp_path: Path) -> None:
    ended(tmp_path, MANY)
    assert done(ended(tmp_path, {}, signed_in=SIGNED_IN)) == ["doveadm -f tab who", "doveadm kick bob"]
    assert RUNNING["actions"][1:] == ["ended the sessions of bob"]
    assert there(tmp_path) == {}


def test_check_mode_tells_whose_sessions_of_many_would_end(tmp_path: Path) -> None:
    ended(tmp_path, MANY)
    assert done(ended(tmp_path, {}, check_mode=True, signed_in=SIGNED_IN)) == ["doveadm -f tab who"]
    assert RUNNING["actions"][1:] == ["ended the sessions of bob"]
    assert there(tmp_path) == MANY


def test_where_it_is_not_known_who_is_signed_in_the_next_run_asks_again(tmp_path: Path) -> None:
    ended(tmp_path, MANY)
    ended(tmp_path, {}, signed_in=None)
    assert RUNNING["msg"] == "'doveadm -f tab who' ended with 75: no anvil"
    again = ["systemctl reload app", "doveadm -f tab who", "doveadm kick bob"]
    assert done(ended(tmp_path, {}, signed_in=SIGNED_IN)) == again


def test_a_service_that_is_off_is_left_alone(tmp_path: Path) -> None:
    assert done(ended(tmp_path, {}, active=False, reload=True)) == []
    assert there(tmp_path) == {}


def test_a_service_is_reloaded_first(tmp_path: Path) -> None:
    module = ended(tmp_path, {"bob": "two"}, reload=True)
    assert done(module) == ["systemctl reload app", "doveadm kick ada"]
    assert RUNNING["actions"][1:] == ["reloaded app", "ended the sessions of ada"]


def test_a_service_is_reloaded_where_the_file_that_it_has_open_is_another(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text("no longer what it was\n")
    assert done(ended(tmp_path, BEFORE)) == ["systemctl reload app"]
    assert there(tmp_path) == BEFORE


def test_a_service_that_could_not_be_reloaded_is_by_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "accounts").unlink()
    ended(tmp_path, BEFORE, reloads=False)
    assert RUNNING["msg"] == "'systemctl reload app' ended with 1: not now"
    assert there(tmp_path) == BEFORE
    assert done(ended(tmp_path, BEFORE)) == ["systemctl reload app"]
    assert done(ended(tmp_path, BEFORE)) == []


def test_a_file_that_is_in_use_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PATIENCE", 0.0)
    with tables.opened(str(tmp_path / "accounts")) as other:
        other.execute("BEGIN EXCLUSIVE")
        ended(tmp_path, {})
        assert RUNNING["msg"] == f"{tmp_path}/accounts: database is locked"
        other.execute("ROLLBACK")
    assert there(tmp_path) == BEFORE


def test_a_user_that_is_not_there_is_told(tmp_path: Path) -> None:
    ended(tmp_path, {"ada": "one"}, owner="no-such-user")
    assert RUNNING["msg"] == (f"{tmp_path}/accounts: there is no user no-such-user or no group {OWNER['group']}")
    assert there(tmp_path) == BEFORE


def test_check_mode_tells_and_does_nothing(tmp_path: Path) -> None:
    assert done(ended(tmp_path, {}, check_mode=True)) == []
    assert there(tmp_path) == BEFORE
    assert len(RUNNING["actions"]) == 3


def test_what_was_not_done_is_done_by_the_next_run(tmp_path: Path) -> None:
    ended(tmp_path, {"ada": "one"}, kicks=False)
    assert RUNNING["failed"]
    assert RUNNING["msg"] == "'doveadm kick bob' ended with 75: no answer"
    # It may have broken off before the service was told of another file, so it is told again.
    assert done(ended(tmp_path, {"ada": "one"})) == ["systemctl reload app", "doveadm kick bob"]
    assert done(ended(tmp_path, {"ada": "one"})) == []
