from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.modules import upgrade

if TYPE_CHECKING:
    from pathlib import Path

SIMULATION = """\
Reading package lists...
Inst libc6 [2.41-12] (2.41-12+deb13u1 Debian-Security:13/stable-security [amd64]) []
Inst dovecot-core [1:2.4.1+dfsg1-6+deb13u7] (1:2.4.1+dfsg1-6+deb13u8 Debian-Security:13/stable-security [amd64])
Inst libnew1 (1.0-1 Debian:13.9/stable [amd64])
Conf libc6 (2.41-12+deb13u1 Debian-Security:13/stable-security [amd64])
"""
CHANGES = [
    {"name": "libc6", "former": "2.41-12", "new": "2.41-12+deb13u1"},
    {"name": "dovecot-core", "former": "1:2.4.1+dfsg1-6+deb13u7", "new": "1:2.4.1+dfsg1-6+deb13u8"},
    {"name": "libnew1", "former": "", "new": "1.0-1"},
]
SHOWN = [
    "libc6 2.41-12 -> 2.41-12+deb13u1",
    "dovecot-core 1:2.4.1+dfsg1-6+deb13u7 -> 1:2.4.1+dfsg1-6+deb13u8",
    "libnew1 -> 1.0-1",
]


class Ended(Exception):  # noqa: N818 -- the way in which modules end
    """The module's result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.result = result


class Apt:
    """Stands for the module and for Debian's programs: what they were asked, and what they answer."""

    def __init__(self, folder: Path, *, check: bool = False) -> None:
        self.folder, self.check_mode = folder, check
        self.commands: list[str] = []
        self.simulation = SIMULATION
        self.candidate = "1"
        self.fetched = self.packed = True
        self.upgraded: tuple[int, str, str] = (0, "", "")
        self.downloaded: tuple[int, str, str] = (0, "", "")
        self.installed: dict[str, str] = {}  # version and status, by package

    def run_command(self, command: list[str], **options: Any) -> tuple[int, str, str]:
        line = " ".join(each for each in command if not each.startswith(("-o", "DPkg::", "Dpkg::", "--quiet", "--yes")))
        self.commands.append(line)
        match line.split():
            case ["apt-get", "--with-new-pkgs", "upgrade", "--simulate", *_]:
                return 0, self.simulation, ""
            case ["apt-get", "--with-new-pkgs", "upgrade", "--download-only"]:
                return self.downloaded
            case ["dpkg-query", *_, name]:
                return (0, self.installed[name], "") if name in self.installed else (1, "", "no packages found")
            case ["apt-get", "--with-new-pkgs", "upgrade"]:
                return self.upgraded
            case ["apt-get", "download", wanted]:
                return self._made(options["cwd"], wanted.partition("=")[0]) if self.fetched else (100, "", "gone")
            case ["dpkg-repack", name]:
                return self._made(options["cwd"], name) if self.packed else (1, "", "no")
            case ["apt-cache", "policy", _]:
                return 0, f"x:\n  Installed: 1\n  Candidate: {self.candidate}\n", ""
        return 0, "", ""

    @staticmethod
    def _made(folder: str, name: str) -> tuple[int, str, str]:
        with open(f"{folder}/{name}_1_all.deb", "x", encoding="ascii"):
            return 0, "", ""

    def exit_json(self, **result: Any) -> None:
        raise Ended(result)

    def fail_json(self, **result: Any) -> None:
        raise Ended({"failed": True, **result})

    def run(self, state: str = "upgraded") -> dict[str, Any]:
        """A run of the module."""
        self.commands.clear()
        with pytest.raises(Ended) as ended:
            upgrade.Upgrade(self, str(self.folder)).run(state)
        return ended.value.result


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    """A host with nothing kept, and with no need to be started anew."""
    monkeypatch.setattr(upgrade, "RESTART_REQUIRED", str(tmp_path / "restart"))
    return Apt(tmp_path / "kept")


def test_what_apt_would_do_is_read() -> None:
    assert upgrade.announced(SIMULATION) == CHANGES
    assert upgrade.announced("Reading package lists...\nConf x (1 y [all])\n") == []


def test_former_versions_are_kept_before_anything_changes(apt: Apt) -> None:
    assert apt.run() == {"changed": True, "packages": SHOWN, "held": [], "restart_required": False}
    assert sorted(file.name for file in apt.folder.glob("*.deb")) == ["dovecot-core_1_all.deb", "libc6_1_all.deb"]
    asked = [each for each in apt.commands if "--simulate" not in each]
    assert asked.index("apt-get --with-new-pkgs upgrade") > asked.index("apt-get download libc6=2.41-12")
    assert apt.folder.stat().st_mode & 0o077 == 0


def test_what_no_mirror_has_is_packed(apt: Apt) -> None:
    apt.fetched = False
    assert apt.run()["changed"] is True
    assert "dpkg-repack dovecot-core" in apt.commands


def test_without_a_way_back_nothing_is_upgraded(apt: Apt) -> None:
    apt.fetched = apt.packed = False
    said = apt.run()
    assert (said["failed"], said["changed"], said["packages"]) == (True, False, [])
    assert said["msg"] == (
        "libc6=2.41-12: is neither to be had nor to be packed, so there would be no way back; nothing was upgraded. "
        "Look what dpkg-repack says of it"
    )
    assert "apt-get --with-new-pkgs upgrade" not in apt.commands


def test_without_a_way_back_the_former_upgrade_is_not_taken_back_by_half(apt: Apt) -> None:
    apt.run()
    apt.fetched = apt.packed = False
    assert apt.run()["failed"] is True
    assert apt.run("taken_back")["changed"] is False
    assert apt.commands == []


def test_an_upgrade_that_fails_says_what_apt_said(apt: Apt) -> None:
    apt.upgraded = (100, "", "E: one\nE: two\n")
    said = apt.run()
    assert (said["failed"], said["packages"]) == (True, SHOWN[:2])
    assert said["msg"] == f"{', '.join(SHOWN)}: apt-get ended with 100: E: one / E: two"
    assert apt.run("taken_back")["packages"] == SHOWN[:2]


def test_what_an_upgrade_that_fails_did_not_reach_is_neither_taken_back_nor_held(apt: Apt) -> None:
    apt.installed = {"libc6": "2.41-12 installed", "dovecot-core": "1:2.4.1+dfsg1-6+deb13u8 half-configured"}
    apt.upgraded = (100, "", "E: no space\n")
    assert apt.run()["packages"] == [SHOWN[1]]
    said = apt.run("taken_back")
    assert (said["packages"], said["held"]) == ([SHOWN[1]], ["dovecot-core"])
    assert apt.commands[-2].endswith(f"--install {apt.folder}/dovecot-core_1_all.deb")


def test_a_download_that_fails_changes_and_holds_nothing(apt: Apt) -> None:
    apt.installed = {each["name"]: f"{each['former']} installed" for each in CHANGES if each["former"]}
    apt.downloaded = (100, "", "E: Failed to fetch\n")
    said = apt.run()
    assert (said["failed"], said["changed"], said["packages"]) == (True, False, [])
    assert said["msg"] == f"{', '.join(SHOWN)}: apt-get ended with 100: E: Failed to fetch"
    assert not [*apt.folder.glob("*.deb")]
    assert apt.run("taken_back")["held"] == []
    apt.downloaded = (0, "", "")
    assert apt.run()["packages"] == SHOWN


def test_a_download_that_fails_leaves_the_way_back_from_the_upgrade_before(apt: Apt) -> None:
    apt.run()
    apt.downloaded = (100, "", "E: Failed to fetch\n")
    assert apt.run()["packages"] == []
    assert apt.run("taken_back")["packages"] == SHOWN[:2]


def test_with_nothing_newer_the_way_back_stays(apt: Apt) -> None:
    apt.run()
    apt.simulation = "Reading package lists...\n"
    assert apt.run()["changed"] is False
    assert len([*apt.folder.glob("*.deb")]) == 2


def test_what_is_taken_back_is_held_until_there_is_another_version(apt: Apt) -> None:
    apt.run()
    said = apt.run("taken_back")
    assert said["packages"] == SHOWN[:2]
    assert said["held"] == ["dovecot-core", "libc6"]
    debs = " ".join(str(apt.folder / name) for name in ("dovecot-core_1_all.deb", "libc6_1_all.deb"))
    assert [each for each in apt.commands if not each.startswith("dpkg-query")] == [
        f"dpkg --force-downgrade --force-confold --install {debs}",
        "apt-mark hold libc6 dovecot-core",
    ]
    assert apt.run("taken_back")["changed"] is False

    apt.simulation = ""
    apt.candidate = "2.41-12+deb13u1"
    assert apt.run()["held"] == ["libc6"]
    assert "apt-mark unhold dovecot-core" in apt.commands
    assert "apt-mark unhold libc6" not in apt.commands


def test_what_came_after_an_upgrade_goes_back_with_it_and_is_held(apt: Apt) -> None:
    """A security update, of the day after."""
    apt.run()
    newer = "2.41-12+deb13u2"
    apt.installed = {"libc6": f"{newer} installed"}
    assert apt.run("taken_back")["packages"] == [f"libc6 2.41-12 -> {newer}", SHOWN[1]]
    apt.simulation, apt.candidate = "", newer
    assert apt.run()["held"] == ["libc6"]


def test_check_mode_says_what_would_come_and_touches_nothing(apt: Apt) -> None:
    apt.check_mode = True
    assert apt.run()["packages"] == SHOWN
    assert not apt.folder.exists()
    assert [each.split()[0:4] for each in apt.commands] == [["apt-get", "--with-new-pkgs", "upgrade", "--simulate"]]


def test_that_a_host_must_be_started_anew_is_told(apt: Apt) -> None:
    (apt.folder.parent / "restart").touch()
    assert apt.run()["restart_required"] is True
    assert json.loads((apt.folder / "list.json").read_text())["upgraded"] == CHANGES
