"""One mailbox is brought to a host: all files of it, each anew, or none; and its sessions end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils import accounts as settling
from ansible_collections.mailpair.mail.plugins.module_utils.tables import stored
from ansible_collections.mailpair.mail.plugins.modules import mailbox

from tests.unit.plugins.host import OWNER, Ended, FakeModule

BEFORE = [("ada", "one"), ("bob", "two")]


HERE: dict[str, Any] = {**OWNER, "mode": "0640", "in_place": True}


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with its accounts in place."""
    monkeypatch.setattr(settling, "UNDONE", str(tmp_path / "undone"))
    monkeypatch.setattr(settling, "UNDONE_OWNER", (OWNER["owner"], OWNER["group"]))
    monkeypatch.setattr(mailbox, "OWNER", OWNER["owner"])
    stored({**HERE, "path": str(tmp_path / "accounts")}, known(*BEFORE)).put()


def known(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"known": {"columns": ["name", "secret"], "key": ["name"], "owner": "name", "rows": rows}}


def there(folder: Path) -> list[tuple[str, str]]:
    """What is in the table."""
    with closing(sqlite3.connect(folder / "accounts")) as database:
        return sorted(database.execute("SELECT name, secret FROM known"))


def brought(folder: Path, *secrets: str, name: str = "", **how: Any) -> tuple[FakeModule, dict[str, Any]]:
    """Runs the module for bob to its end, on a table, and with ``name`` on a map; what it did, and what it said."""
    rows = known(*(("bob", secret) for secret in secrets))
    one = {**HERE, "path": str(folder / "accounts"), "tables": rows, "owners": ["bob"], "lines": None, "entries": None}
    change = {"owner": "bob", "separator": ":", "owned_by": "first", "loose": ["nobody"], "last": ["nobody:x"]}
    lines = {**change, "lines": [f"bob:{secret}" for secret in secrets]}
    other = {**HERE, "path": str(folder / name), "tables": None, "owners": [], "lines": lines, "entries": None}
    services = [
        {"service": "app", "files": [one], "reload": False, "kick": ["doveadm", "kick"]},
        *([{"service": "map", "files": [other], "reload": True, "kick": []}] if name else []),
    ]
    params = {"address": "bob", "only_look": how.get("only_look", False), "services": services}
    module = FakeModule(params, str(folder), check_mode=how.get("check_mode", False))
    with pytest.raises(Ended) as end:
        mailbox.run(module)
    return module, end.value.said


def done(module: FakeModule) -> list[str]:
    """The commands that did something."""
    return [command for command in module.commands if "is-active" not in command]


@pytest.mark.parametrize(
    ("secrets", "after", "commands"),
    [
        (["two"], BEFORE, []),
        (["new"], [("ada", "one"), ("bob", "new")], ["doveadm kick bob"]),
        ([], [("ada", "one")], ["doveadm kick bob"]),
    ],
)
def test_its_rows_are_replaced_and_its_sessions_end(
    tmp_path: Path, secrets: list[str], after: list[tuple[str, str]], commands: list[str]
) -> None:
    module, said = brought(tmp_path, *secrets)
    assert there(tmp_path) == after
    assert done(module) == commands
    assert said["changed"] is bool(commands)


def test_a_file_that_is_missing_is_told_before_anything_changes(tmp_path: Path) -> None:
    module, said = brought(tmp_path, "new", name="map")
    assert said["msg"] == (
        f"{tmp_path}/map: missing, or not as this version makes it: must be there before one mailbox is brought; "
        "run playbooks/site.yml first"
    )
    assert there(tmp_path) == BEFORE
    assert module.commands == []


def test_a_table_of_another_version_is_left_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "accounts")) as database:
        database.execute("ALTER TABLE known ADD COLUMN further")
    before = (tmp_path / "accounts").read_bytes()
    _, said = brought(tmp_path, "new")
    assert said["msg"].startswith(f"{tmp_path}/accounts: missing, or not as this version makes it: ")
    assert (tmp_path / "accounts").read_bytes() == before


@pytest.mark.parametrize("how", ["only_look", "check_mode"])
def test_a_look_changes_nothing(tmp_path: Path, how: str) -> None:
    (tmp_path / "map").write_text("")
    module, said = brought(tmp_path, "new", name="map", **{how: True})
    assert there(tmp_path) == BEFORE
    assert done(module) == []
    assert said["changed"] is (how == "check_mode")


def test_a_service_with_a_map_is_reloaded(tmp_path: Path) -> None:
    (tmp_path / "map").write_text("ada:one\n")
    module, said = brought(tmp_path, "two", name="map")
    assert done(module) == ["systemctl reload map"]
    assert said["actions"] == [f"replaced {tmp_path}/map", "reloaded map"]
