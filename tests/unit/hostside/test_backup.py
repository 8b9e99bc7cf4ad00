from __future__ import annotations

import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hostside.backup import bring_back, metrics, restic, store, take
from hostside.backup.configuration import BackupError, Configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UIDLIST = b"3 V1700000000 N%d G00112233445566778899aabbccddeeff\n%s"


@pytest.fixture
def told(tmp_path: Path) -> Configuration:
    """A store with two messages, which is backed up."""
    mail = tmp_path / "vmail"
    for name in ("cur/1.a:2,S", "new/2.b", "tmp/3.c"):
        file = mail / "contoso.test/ada/Maildir" / name
        file.parent.mkdir(parents=True)
        file.write_text(name)
    told = Configuration(
        server="back1",
        repository="/mnt/backup/back1",
        password_file="/nowhere",
        mail=mail,
        notes=tmp_path / "notes",
        keep_hours=720,
        interval=3600,
        metrics=tmp_path / "backup.prom",
        cache=str(tmp_path),
    )
    (mail / store.MARK).write_text(told.repository)
    return told


class Repository:
    """restic, as far as these tests need it: ``during`` is what happens to the store while it is read."""

    def __init__(self, told: Configuration, during: Callable[[], object] = lambda: None) -> None:
        self.told, self.during = told, during
        self.commands: list[str] = []
        self.known: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []

    def run(self, *arguments: str, also: object = ()) -> list[dict[str, Any]]:
        self.commands.append(" ".join(arguments[:2]) if arguments[0] == "forget" else arguments[0])
        if arguments[0] == "backup":
            assert also == (3,)
            entries = list(store.messages(self.told.mail))
            self.files = [{"type": "file", "path": each.path, "inode": each.inode()} for each in entries]
            self.during()
            return [*self.errors, {"message_type": "summary", "snapshot_id": "1234"}]
        return []

    def each(self, *arguments: str) -> Iterator[dict[str, Any]]:
        self.commands.append(arguments[0])
        yield from self.files

    def snapshots(self) -> list[dict[str, Any]]:
        return self.known


def taken(told: Configuration, repository: Repository) -> str:
    return take.take(told, repository)  # type: ignore[arg-type]


def test_what_is_in_tmp_is_no_message_yet(told: Configuration) -> None:
    assert sorted(each.name for each in store.messages(told.mail)) == ["1.a:2,S", "2.b"]


def test_names_of_mailboxes_and_folders_are_no_reason_to_leave_mail_out(told: Configuration) -> None:
    for name in (
        "tmp/Maildir/cur/5.e",
        "cur/Maildir/new/6.f",
        "ada/Maildir/.tmp/cur/7.g",
        "x.lock/Maildir/.lock/cur/8.h",
    ):
        file = told.mail / "contoso.test" / name
        file.parent.mkdir(parents=True)
        file.write_text(name)
    assert len(list(store.messages(told.mail))) == 6


def test_a_message_of_several_users_is_missed_where_one_of_them_would_lack_it(told: Configuration) -> None:
    maildir = told.mail / "contoso.test/ada/Maildir"
    (maildir / "new/2.b").unlink()
    (maildir / "new/2.b").hardlink_to(maildir / "cur/1.a:2,S")
    repository = Repository(told)
    repository.during = lambda: repository.files.pop()  # noqa: PLW0108 a backup makes another list
    with pytest.raises(BackupError, match="1 messages were missed"):
        taken(told, repository)


def test_a_backup_in_which_nothing_is_missed_is_kept_and_old_ones_go(told: Configuration) -> None:
    repository = Repository(told)
    assert taken(told, repository) == "1234"
    assert repository.commands == ["unlock", "backup", "ls", "forget --host"]


@pytest.mark.parametrize("had_mail", [True, False])
def test_a_store_whose_mail_has_gone_is_no_new_backup_until_a_person_gives_it_up(
    told: Configuration, had_mail: bool
) -> None:
    """Its mark may be left: ``rm -r /srv/vmail/*`` takes no file whose name begins with a dot."""
    repository = Repository(told)
    if had_mail:
        taken(told, repository)
    now = time.time()
    os.utime(told.mail / store.MARK, (now - 200,) * 2)
    later = datetime.fromtimestamp(now - 100, UTC)
    repository.known = [{"time": later.isoformat(), "id": "1234"}]
    shutil.rmtree(told.mail / "contoso.test")
    repository.commands.clear()
    if had_mail:
        with pytest.raises(BackupError) as refused:
            taken(told, repository)
        assert str(refused.value) == (
            f"{told.mail}: no mail, and the backup of {later.isoformat()[:16]} has some: must hold mail, or empty "
            "backups would follow good ones; run playbooks/restore.yml with -e host=back1, or give that mail up by "
            "saying on back1: mailpair-backup begin"
        )
        assert "backup" not in repository.commands
        bring_back.begin(told, repository)  # type: ignore[arg-type]
    assert taken(told, repository) == "1234"


def test_a_message_that_is_moved_while_it_is_read_is_not_missed(told: Configuration) -> None:
    """It has gone from new to cur after cur was read, and before new was."""
    repository = Repository(told)
    times = []

    def move() -> None:
        times.append(1)
        if len(times) == 1:
            maildir = told.mail / "contoso.test/ada/Maildir"
            (maildir / "new/2.b").rename(maildir / "cur/2.b:2,S")
            repository.files = [each for each in repository.files if not each["path"].endswith("2.b")]

    repository.during = move
    assert taken(told, repository) == "1234"
    assert repository.commands == ["unlock", "backup", "ls", "forget 1234", "backup", "ls", "forget --host"]


def test_messages_that_are_missed_each_time_are_told(told: Configuration) -> None:
    repository = Repository(told)
    repository.during = lambda: repository.files.clear()  # noqa: PLW0108 a backup makes another list
    with pytest.raises(BackupError) as refused:
        taken(told, repository)
    assert str(refused.value) == (
        f"{told.mail}: 2 messages were missed: must all be in a backup, which 5 were not enough for; mend it, or try "
        "again when fewer messages are moved"
    )
    assert repository.commands.count("forget 1234") == 5


def test_a_message_that_comes_or_goes_meanwhile_is_not_waited_for(told: Configuration) -> None:
    maildir = told.mail / "contoso.test/ada/Maildir"
    repository = Repository(told)

    def change() -> None:
        (maildir / "new/4.d").write_text("it comes")
        (maildir / "new/2.b").unlink()
        gone = str(maildir / "new/2.b")
        repository.files = [each for each in repository.files if each["path"] != gone]
        repository.errors = [{"message_type": "error", "item": gone}]

    repository.during = change
    assert taken(told, repository) == "1234"
    assert repository.commands.count("backup") == 1


def test_what_is_there_and_can_not_be_read_is_told(told: Configuration) -> None:
    repository = Repository(told)
    unread = str(told.mail / "contoso.test/ada/Maildir/new/2.b")
    repository.errors = [{"message_type": "error", "item": unread}]
    with pytest.raises(BackupError) as refused:
        taken(told, repository)
    assert f"{told.mail}: {unread} could not be read: must all be in a backup" in str(refused.value)


def test_a_store_that_is_not_known_is_not_backed_up(told: Configuration) -> None:
    (told.mail / store.MARK).unlink()
    repository = Repository(told)
    with pytest.raises(BackupError) as refused:
        taken(told, repository)
    assert str(refused.value) == (
        f"{told.mail}: not the store that /mnt/backup/back1 knows: must be, or empty backups would follow good ones; "
        "run playbooks/restore.yml, or playbooks/site.yml for a new store"
    )
    assert repository.commands == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (UIDLIST % (7, b"1 :1.a\n6 :2.b\n"), UIDLIST % (1_000_007, b"1 :1.a\n6 :2.b\n")),
        (UIDLIST % (7, b"1 :1.a\n6 :2."), UIDLIST % (1_000_007, b"1 :1.a\n")),
        (UIDLIST % (4_294_967_290, b""), UIDLIST % (4_294_967_295, b"")),
        (b"something else\n", b"something else\n"),
    ],
    ids=["whole", "a line without its end", "the largest", "another form"],
)
def test_uids_that_were_given_later_are_left_out(told: Configuration, before: bytes, after: bytes) -> None:
    file = told.mail / "contoso.test/ada/Maildir/.Projects/dovecot-uidlist"
    file.parent.mkdir()
    file.write_bytes(before)
    store.leave_uids_out(told.mail)
    assert file.read_bytes() == after


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


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        (11, "Fatal: locked", "locked: must be free; wait for who uses it, or say: mailpair-backup restic unlock"),
        (1, "one\nFatal: no space left\n", "no space left: must be usable; see docs/backup.md"),
        (1, '{"message_type":"exit_error","message":"Fatal: away"}', "away: must be usable; see docs/backup.md"),
        (1, "", "restic failed: must be usable; see docs/backup.md"),
    ],
)
def test_what_restic_minds_is_told(
    told: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, text: str, said: str
) -> None:
    script, popen = tmp_path / "restic", subprocess.Popen
    script.write_text(f"#!/bin/sh\nprintf '%s' \"$SAID\" >&2\nexit {code}\n")
    script.chmod(0o755)

    def run(command: list[str], **options: Any) -> subprocess.Popen[str]:
        assert options["env"]["RESTIC_PASSWORD_FILE"] == "/nowhere"
        assert "/mnt/backup/back1" not in command
        options["env"] = {**options["env"], "SAID": text}
        return popen([str(script)], **options)

    monkeypatch.setattr(subprocess, "Popen", run)
    with pytest.raises(BackupError) as refused:
        restic.Restic(told).snapshots()
    assert str(refused.value) == f"/mnt/backup/back1: {said}"


def test_the_last_good_backup_stays_known_after_a_bad_one(tmp_path: Path) -> None:
    file = tmp_path / "backup.prom"
    metrics.write(file, taken=None, interval=3600)
    assert "mailpair_backup_taken_seconds 1" not in file.read_text()
    metrics.write(file, taken=1234.0, interval=3600)
    assert "mailpair_backup_success 1\n" in file.read_text()
    metrics.write(file, taken=None, interval=3600)
    text = file.read_text()
    assert "mailpair_backup_success 0\n" in text
    assert "mailpair_backup_interval_seconds 3600\n" in text
    assert "mailpair_backup_taken_seconds 1234\n" in text
