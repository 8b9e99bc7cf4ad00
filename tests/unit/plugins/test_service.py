"""The module ``service``: in which order it does what is missing, and what it leaves when something fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils import accounts, services
from ansible_collections.mailpair.mail.plugins.modules import service

from tests.unit.plugins.host import OWNER, Ended, FakeModule, Systemd, arguments

if TYPE_CHECKING:
    from pathlib import Path


class Bench:
    """A folder that is the host's root, and its systemd."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.systemd = Systemd()
        self.commands: list[str] = []

    @property
    def file(self) -> Path:
        return self.folder / "etc/app.conf"

    def run(self, *, check: bool = False, **given: Any) -> dict[str, Any]:
        """Run the module; what it said."""
        module = FakeModule(arguments(self.folder, **given), str(self.folder), self.systemd, check)
        with pytest.raises(Ended) as ended:
            service.settle(module)
        self.commands = [each for each in module.commands if " is-" not in each]
        return ended.value.said


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A host where nothing was ever done."""
    monkeypatch.setattr(services, "STAMPS", str(tmp_path / "stamps"))
    monkeypatch.setattr(services, "UNITS", str(tmp_path / "units/"))
    monkeypatch.setattr(services, "STAMP_OWNER", (OWNER["owner"], OWNER["group"]))
    monkeypatch.setattr(accounts, "UNDONE", str(tmp_path / "undone"))
    monkeypatch.setattr(accounts, "UNDONE_OWNER", (OWNER["owner"], OWNER["group"]))
    return Bench(tmp_path)


def test_the_first_run_checks_puts_starts_and_enables(bench: Bench) -> None:
    said = bench.run()
    assert said["actions"] == [f"replaced {bench.file}", "enabled app", "started app"]
    assert [each.split()[0:2][-1] for each in bench.commands[1:]] == ["start", "enable"]
    assert bench.file.read_text() == "good\n"
    assert bench.file.stat().st_mode & 0o777 == 0o640


def test_a_second_run_does_nothing(bench: Bench) -> None:
    bench.run()
    said = bench.run()
    assert (said["changed"], said["actions"], bench.commands) == (False, [], [])


def test_a_change_reloads_and_never_restarts(bench: Bench) -> None:
    bench.run()
    assert bench.run(content="better\n")["actions"] == [f"replaced {bench.file}", "reloaded app"]
    assert bench.commands[1:] == ["systemctl reload app"]


def test_a_run_that_ended_before_the_reload_is_made_good(bench: Bench) -> None:
    bench.run()
    bench.file.write_text("better\n")
    assert bench.run(content="better\n")["actions"] == ["reloaded app"]
    assert bench.run(content="better\n")["actions"] == []


def test_services_that_belong_together_follow_one_another_in_one_task(bench: Bench, tmp_path: Path) -> None:
    others = [arguments(tmp_path / name, name=name, check=[]) for name in ("second", "third")]
    said = bench.run(then=others)
    # The systemd of these tests has one unit, which runs from the first of them on.
    files = [f"{folder}/etc/app.conf" for folder in (tmp_path, tmp_path / "second", tmp_path / "third")]
    assert said["actions"] == [
        *(f"replaced {files[0]}", "enabled app", "started app"),
        *(f"replaced {files[1]}", "reloaded second"),
        *(f"replaced {files[2]}", "reloaded third"),
    ]
    assert [each["after_header"] for each in said["diff"]] == files
    assert bench.run(then=others)["changed"] is False


def test_where_one_fails_those_after_it_are_left_as_they_are(bench: Bench, tmp_path: Path) -> None:
    others = [arguments(tmp_path / name, "broken\n", name=name) for name in ("second", "third")]
    said = bench.run(then=others)
    assert said["failed"]
    assert said["msg"].startswith("second: the new files fail its own check, so none was put in place")
    assert bench.file.exists()
    assert not (tmp_path / "third/etc").exists()


def test_accounts_come_first_and_who_lost_something_is_signed_out(bench: Bench, tmp_path: Path) -> None:
    users = tmp_path / "users"

    def known(**secrets: int) -> dict[str, Any]:
        table = {"columns": ["name", "secret"], "key": ["name"], "owner": "name", "rows": [*secrets.items()]}
        file = {"path": str(users), "content": json.dumps({"known": table}), "mode": "0640", **OWNER}
        tables = [{**file, "in_place": True}]
        return {"service": "app", "folders": [], "files": [], "tables": tables, "reload": False, "kick": ["kick"]}

    first = bench.run(accounts=known(ada=1, bob=1))
    assert first["actions"][:2] == [f"replaced {users}", f"replaced {bench.file}"]
    again = bench.run(accounts=known(ada=1, bob=2))
    assert again["actions"] == [f"replaced {users}", "ended the sessions of bob"]
    assert bench.commands == ["kick bob"]


def test_what_somebody_else_has_undone_is_loaded_again(bench: Bench) -> None:
    probe = [["probe", "it"]]
    bench.run(loaded=probe)
    assert bench.run(loaded=probe)["actions"] == []
    bench.systemd.loaded = False
    assert bench.run(loaded=probe)["actions"] == ["reloaded app"]


def test_a_certificate_of_another_task_is_loaded(bench: Bench) -> None:
    certificate = bench.folder / "certificate.pem"
    certificate.write_text("one")
    bench.run(watch=[str(certificate)])
    certificate.write_text("two")
    assert bench.run(watch=[str(certificate)])["actions"] == ["reloaded app"]


def test_a_file_that_needs_no_reload_gets_none(bench: Bench) -> None:
    accounts = {"path": str(bench.folder / "etc/accounts"), "mode": "0640", "reload": False, "marker": None, **OWNER}
    app = arguments(bench.folder)["files"]
    bench.run(files=[*app, {**accounts, "content": "ada\n"}])
    said = bench.run(files=[*app, {**accounts, "content": "ada\nbob\n"}])
    assert said["actions"] == [f"replaced {accounts['path']}"]


def test_files_that_fail_the_check_change_nothing(bench: Bench) -> None:
    bench.run()
    said = bench.run(content="broken\n")
    assert said["failed"]
    assert said["msg"] == f"app: the new files fail its own check, so none was put in place: {bench.file}: broken"
    assert bench.file.read_text() == "good\n"
    assert len(bench.commands) == 1
    assert not [path for path in bench.folder.iterdir() if path.name.startswith("mailpair-")]


def test_a_reload_that_fails_puts_the_former_files_back_and_loads_them(bench: Bench) -> None:
    bench.run()
    bench.systemd.refuses_reload = True
    said = bench.run(content="better\n")
    assert said["msg"] == "app: 'systemctl reload app' failed, so its former files were put back: could not bind"
    assert bench.file.read_text() == "good\n"
    assert bench.commands[-1] == "systemctl reload app"


def test_a_reload_that_is_not_confirmed_is_undone(bench: Bench) -> None:
    bench.run()
    bench.systemd.confirms = False
    said = bench.run(content="better\n", confirm=[["confirm", "it"]])
    assert said["msg"] == "app: 'confirm it' failed, so its former files were put back: kept the old files"
    assert bench.file.read_text() == "good\n"


def test_a_first_start_that_fails_leaves_no_file(bench: Bench) -> None:
    bench.systemd.refuses_reload = True
    assert bench.run()["msg"].startswith("app: 'systemctl start app' failed, so its former files were put back: ")
    assert not bench.file.exists()


def test_files_that_can_not_all_be_put_are_not_put(bench: Bench) -> None:
    bench.run()
    path = str(bench.folder / "etc/other.conf")
    second = {"path": path, "content": "x\n", "mode": "0640", "reload": True, "marker": None, "owner": "root"}
    said = bench.run(files=[*arguments(bench.folder, "better\n")["files"], {**second, "group": "nobody-of-that-name"}])
    why = "there is no user root or no group nobody-of-that-name"
    assert said["msg"] == f"app: {path}: {why}; the files that were replaced are put back"
    assert bench.file.read_text() == "good\n"


def test_what_is_stopped_is_disabled_too_and_its_files_are_right(bench: Bench) -> None:
    bench.run()
    assert bench.run(state="stopped")["actions"] == ["stopped app", "disabled app"]
    assert bench.run(state="stopped")["actions"] == []
    assert not bench.systemd.active
    assert bench.run()["actions"] == ["enabled app", "started app"]


def test_check_mode_says_the_same_and_does_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.shutil, "which", lambda _: None)
    said = bench.run(check=True)
    assert said["actions"] == [f"replaced {bench.file}", "enabled app", "started app"]
    assert bench.commands == []
    assert not bench.file.exists()


def test_check_mode_checks_where_it_can(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.shutil, "which", lambda _: "/usr/bin/checker")
    assert bench.run(check=True, content="broken\n")["failed"]


def test_a_diff_shows_both_files(bench: Bench) -> None:
    bench.run()
    (difference,) = bench.run(content="better\n")["diff"]
    assert (difference["before"], difference["after"]) == ("good\n", "better\n")


def test_a_unit_s_file_that_goes_stops_the_unit_first(bench: Bench) -> None:
    unit = bench.folder / "units/other.service"
    unit.parent.mkdir()
    unit.write_text("[Unit]\n")
    said = bench.run(absent=[str(unit)])
    assert f"removed {unit}" in said["actions"]
    assert not unit.exists()
    assert "systemctl disable --now other.service" in bench.commands
    assert "systemctl daemon-reload" in bench.commands


def test_a_unit_whose_own_file_goes_is_disabled_once(bench: Bench) -> None:
    bench.run()
    unit = bench.folder / "units/app"
    unit.parent.mkdir()
    unit.write_text("[Unit]\n")
    bench.run(state="stopped", absent=[str(unit)])
    assert [each for each in bench.commands if "disable" in each] == ["systemctl disable --now app"]


def test_what_is_added_to_a_unit_goes_and_the_unit_stays(bench: Bench) -> None:
    added = bench.folder / "units/other.service.d/ours.conf"
    added.parent.mkdir(parents=True)
    added.write_text("[Service]\n")
    assert f"removed {added}" in bench.run(absent=[str(added)])["actions"]
    assert not added.exists()
    assert not any("disable" in each for each in bench.commands)
    assert "systemctl daemon-reload" in bench.commands


def test_a_user_is_made_once(bench: Bench) -> None:
    nobody = {"name": "mailpair-test-nobody", "home": "/srv/nowhere"}
    assert "made the user mailpair-test-nobody" in bench.run(users=[nobody])["actions"]
    assert any(each.startswith("useradd --system") for each in bench.commands)
    bench.run(users=[{"name": OWNER["owner"], "home": "/"}])
    assert not any(each.startswith("useradd") for each in bench.commands)
