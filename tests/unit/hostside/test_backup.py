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
from tests.unit.hostside.backups import Repository, configured

if TYPE_CHECKING:
    from pathlib import Path

UIDLIST = b"3 V1700000000 N%d G00112233445566778899aabbccddeeff\n%s"


@pytest.fixture
def told(tmp_path: Path) -> Configuration:
    """A store with two messages, which is backed up."""
    return configured(tmp_path)


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
