"""One mailbox is brought to a host: all files of it, each anew, or none; and its sessions end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils import accounts as settling
from ansible_collections.mailpair.mail.plugins.modules import mailbox

from tests.unit.plugins.host import OWNER, Ended, FakeModule

BEFORE = "ada:one\nbob:two\nnobody:x\n"


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with its accounts in place."""
    monkeypatch.setattr(settling, "UNDONE", str(tmp_path / "undone"))
    monkeypatch.setattr(settling, "UNDONE_OWNER", (OWNER["owner"], OWNER["group"]))
    monkeypatch.setattr(mailbox, "OWNER", OWNER["owner"])
    (tmp_path / "accounts").write_text(BEFORE)
    (tmp_path / "accounts").chmod(0o640)


def brought(folder: Path, *lines: str, name: str = "accounts", **how: Any) -> tuple[FakeModule, dict[str, Any]]:
    """Runs the module for bob to its end, on files of two services; what it did, and what it said."""
    change = {"owner": "bob", "separator": ":", "owned_by": "first", "lines": lines, "loose": ["nobody"]}
    file = {"mode": "0640", "group": OWNER["group"], "entries": None, "lines": {**change, "last": ["nobody:x"]}}
    one = {**file, "path": str(folder / "accounts")}
    other = {**file, "path": str(folder / name)}
    services = [
        {"service": "app", "files": [one], "reload": False, "kick": ["doveadm", "kick"]},
        {"service": "map", "files": [other], "reload": True, "kick": []},
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
    ("lines", "after", "commands"),
    [
        (["bob:two"], BEFORE, []),
        (["bob:new"], "ada:one\nbob:new\nnobody:x\n", ["doveadm kick bob"]),
        ([], "ada:one\nnobody:x\n", ["doveadm kick bob"]),
    ],
)
def test_its_lines_are_replaced_and_its_sessions_end(
    tmp_path: Path, lines: list[str], after: str, commands: list[str]
) -> None:
    module, said = brought(tmp_path, *lines)
    assert (tmp_path / "accounts").read_text() == after
    assert done(module) == commands
    assert said["changed"] is bool(commands)


def test_a_file_that_is_missing_is_told_before_anything_changes(tmp_path: Path) -> None:
    module, said = brought(tmp_path, "bob:new", name="map")
    assert said["msg"] == (
        f"{tmp_path}/map: missing: must be there before one mailbox is brought; run playbooks/site.yml first"
    )
    assert (tmp_path / "accounts").read_text() == BEFORE
    assert module.commands == []


@pytest.mark.parametrize("how", ["only_look", "check_mode"])
def test_a_look_changes_nothing(tmp_path: Path, how: str) -> None:
    (tmp_path / "map").write_text("")
    module, said = brought(tmp_path, "bob:new", name="map", **{how: True})
    assert (tmp_path / "accounts").read_text() == BEFORE
    assert done(module) == []
    assert said["changed"] is (how == "check_mode")


def test_a_service_with_a_map_is_reloaded(tmp_path: Path) -> None:
    (tmp_path / "map").write_text("ada:one\n")
    module, said = brought(tmp_path, "bob:two", name="map")
    assert done(module) == ["systemctl reload map"]
    assert said["actions"] == [f"replaced {tmp_path}/map", "reloaded map"]


@pytest.mark.parametrize(
    ("replaced", "now", "waited"),
    [(100.0, 100.25, [0.75]), (100.9, 101.0, []), (100.5, 105.0, [])],
)
def test_the_second_of_a_change_passes(
    monkeypatch: pytest.MonkeyPatch, replaced: float, now: float, waited: list[float]
) -> None:
    clock, slept = [now], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(settling.time, "time", lambda: clock[0])
    monkeypatch.setattr(settling.time, "sleep", sleep)
    settling.until_noticed(replaced)
    assert slept == waited
