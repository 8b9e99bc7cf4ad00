"""A backup comes back, and an empty store is not served in the place of one."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from hostside.backup import bring_back, restic, store
from hostside.backup.configuration import BackupError, Configuration
from tests.unit.hostside.backups import Repository, configured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def told(tmp_path: Path) -> Configuration:
    """A store with two messages, which is backed up."""
    return configured(tmp_path)


class Away(Repository):
    """One that is not there."""

    def snapshots(self) -> list[dict[str, Any]]:
        raise restic.ResticError("no repository", restic.NO_REPOSITORY)


def guarded(told: Configuration, repository: Repository, *, known: bool = False) -> bool:
    return bring_back.guard(told, repository, known=known)  # type: ignore[arg-type]


def test_a_new_store_is_begun_once_and_its_repository_too(told: Configuration) -> None:
    (told.mail / store.MARK).unlink()
    repository = Away(told)
    assert guarded(told, repository)
    assert repository.commands == ["init"]
    assert not guarded(told, repository)


def test_a_repository_that_was_there_is_not_made_anew_unless_a_person_says_so(told: Configuration) -> None:
    (told.mail / store.MARK).unlink()
    repository = Away(told)
    with pytest.raises(restic.ResticError):
        guarded(told, repository, known=True)
    assert repository.commands == []
    bring_back.begin(told, repository)  # type: ignore[arg-type]
    assert repository.commands == ["init"]
    assert not guarded(told, repository, known=True)


def empty(told: Configuration) -> None:
    for each in list(store.messages(told.mail)):
        (told.mail / each.path).unlink()


@pytest.mark.parametrize("holds", [True, False])
def test_an_empty_store_with_a_backup_is_not_served(told: Configuration, holds: bool) -> None:
    (told.mail / store.MARK).unlink()
    repository = Repository(told)
    repository.known = [{"time": "2026-01-02T03:04:05.678Z", "id": "1234"}]
    if holds:
        assert guarded(told, repository)
        return
    empty(told)
    with pytest.raises(BackupError) as refused:
        guarded(told, repository)
    assert str(refused.value) == (
        f"back1: {told.mail} holds no mail, and /mnt/backup/back1 has a backup of 2026-01-02T03:04: must hold that "
        "mail before it is served; run playbooks/restore.yml with -e host=back1, or give it up by saying on that "
        "server: mailpair-backup begin"
    )


@pytest.mark.parametrize("name", [store.STAGE, store.WHOLE])
def test_a_store_into_which_a_backup_is_on_its_way_is_not_served(told: Configuration, name: str) -> None:
    (told.mail / name).mkdir()
    with pytest.raises(BackupError) as refused:
        guarded(told, Repository(told))
    assert str(refused.value) == (
        f"back1: {told.mail}/{name} is there: must be gone before the store is served, since a backup is on its way "
        "back; run playbooks/restore.yml with -e host=back1 again, or remove that folder where nothing can come back"
    )


class World:
    """systemctl and the like, as far as they are needed: ``running`` are services, ``on_stop`` is what happens then."""

    def __init__(self) -> None:
        self.running = {"dovecot.service", "haproxy.service"}
        self.on_stop: list[Callable[[], object]] = [lambda: None]

    def __call__(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        code = 0
        match command[1:]:
            case ["stop", service]:
                self.running.discard(service)
                self.on_stop[0]()
            case ["start", service]:
                self.running.add(service)
            case ["--quiet", "is-active", service]:
                code = 0 if service in self.running else 3
        return subprocess.CompletedProcess(command, code, "", "")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A host whose services stop and start."""
    world = World()
    monkeypatch.setattr(subprocess, "run", world)
    return world


class Full(Repository):
    """One with a backup of two domains."""

    def __init__(self, told: Configuration) -> None:
        super().__init__(told)
        self.known = [{"time": "2026-01-02T03:04:05.678Z", "id": "1234"}]

    def run(self, *arguments: str, also: object = ()) -> list[dict[str, Any]]:
        if arguments[0] == "restore":
            for domain in ("contoso.test", "fabrikam.test"):
                file = self.told.mail / store.STAGE / domain / "ada/Maildir/cur/1.a"
                file.parent.mkdir(parents=True)
                file.write_text(domain)
        return super().run(*arguments, also=also)


def brought_back(told: Configuration) -> str:
    return bring_back.bring_back(told, Full(told))  # type: ignore[arg-type]


def test_a_backup_comes_back_whole(told: Configuration, world: World) -> None:
    empty(told)
    assert brought_back(told) == "back1: the backup of 2026-01-02T03:04 is back, with 2 messages"
    assert world.running == set()
    assert not guarded(told, Repository(told))
    assert {each.name for each in told.mail.iterdir()} == {store.MARK, "contoso.test", "fabrikam.test"}


def test_a_backup_that_was_interrupted_comes_back_all_the_same(
    told: Configuration, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty(told)
    rename = type(told.mail).rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == "fabrikam.test":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(told.mail), "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        brought_back(told)
    monkeypatch.setattr(type(told.mail), "rename", rename)
    with pytest.raises(BackupError, match="a backup is on its way"):
        guarded(told, Full(told))
    assert brought_back(told) == "back1: the backup that was on its way is back, with 2 messages"
    assert not guarded(told, Repository(told))
    assert world.running == set()


def test_mail_that_comes_until_services_have_stopped_is_not_touched(told: Configuration, world: World) -> None:
    empty(told)
    late = told.mail / "contoso.test/ada/Maildir/new/9.z"
    world.on_stop[0] = lambda: late.write_text("late")
    with pytest.raises(BackupError) as refused:
        brought_back(told)
    assert str(refused.value) == (
        f"back1: {told.mail} holds mail: must hold none before a backup comes back; name an empty server, or move that "
        "mail elsewhere"
    )
    assert late.read_text() == "late"
    assert world.running == {"dovecot.service", "haproxy.service"}


def test_mail_that_came_into_half_a_backup_is_not_touched(told: Configuration, world: World) -> None:
    (told.mail / store.WHOLE / "contoso.test").mkdir(parents=True)
    with pytest.raises(BackupError) as refused:
        brought_back(told)
    assert str(refused.value) == (
        f"back1: {told.mail}/contoso.test holds mail: must hold none while a backup is on its way back; move it "
        "elsewhere, and run playbooks/restore.yml with -e host=back1 again"
    )
    assert world.running == set()
    assert len(list(store.messages(told.mail))) == 2


def test_there_must_be_a_backup_to_bring_back(told: Configuration) -> None:
    empty(told)
    with pytest.raises(BackupError) as refused:
        bring_back.bring_back(told, Repository(told))  # type: ignore[arg-type]
    assert str(refused.value) == (
        "/mnt/backup/back1: no backup of back1: must have one; look at backup.repository, and at the name of the server"
    )
