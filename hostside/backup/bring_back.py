"""Whether a store may be served, and a backup's way back into an empty one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from . import store
from .configuration import BackupError, Configuration
from .restic import NO_REPOSITORY, Restic, ResticError

_SERVICES = ("haproxy.service", "dovecot.socket", "dovecot.service", "mailpair-direct-login.service")
_OWNER = "vmail"


def guard(told: Configuration, restic: Restic, *, known: bool) -> bool:
    """Let a store be served, unless it is empty and there are backups of it; returns whether anything changed.

    Mail that came into an empty store, and programs that took it for their mailbox, would be in the way of the backup.
    ``known`` says that there is a repository, as far as the controller knows; one that is not there then is away.
    """
    left = next((told.mail / each for each in (store.STAGE, store.WHOLE) if (told.mail / each).exists()), None)
    if left:
        raise BackupError(
            f"{told.server}: {left} is there: must be gone before the store is served, since a backup is on its way "
            f"back; run playbooks/restore.yml with -e host={told.server} again, or remove that folder where nothing "
            "can come back"
        )
    mark = told.mail / store.MARK
    if mark.exists() and mark.read_text(encoding="utf-8") == told.repository:
        return False
    backups = restic.snapshots() if known else _snapshots(restic)
    if backups and not store.holds_mail(told.mail):
        raise BackupError(
            f"{told.server}: {told.mail} holds no mail, and {told.repository} has a backup of {_time(backups[-1])}: "
            f"must hold that mail before it is served; run playbooks/restore.yml with -e host={told.server}, or give "
            "it up by saying on that server: mailpair-backup begin"
        )
    _mark(told)
    return True


def begin(told: Configuration, restic: Restic) -> None:
    """Make the store the one that is backed up, with a new repository where there is none."""
    _snapshots(restic)
    _mark(told)


def _snapshots(restic: Restic) -> list[dict[str, Any]]:
    """The backups in a repository, which is made where there is none."""
    try:
        return restic.snapshots()
    except ResticError as error:
        if error.code != NO_REPOSITORY:
            raise
        restic.run("init")
        return []


def _mark(told: Configuration) -> None:
    told.mail.mkdir(mode=0o700, exist_ok=True)
    (told.mail / store.MARK).write_text(told.repository, encoding="utf-8")


def bring_back(told: Configuration, restic: Restic) -> str:
    """Bring the newest backup into an empty store, which nobody uses meanwhile; returns what was done.

    One that was interrupted is begun anew, or is carried on where it was whole already.
    """
    whole = told.mail / store.WHOLE
    if whole.exists():
        _stop()
        return _put(told, "the backup that was on its way")
    _refuse_mail(told)
    known = restic.snapshots()
    if not known:
        raise BackupError(
            f"{told.repository}: no backup of {told.server}: must have one; look at backup.repository, and at the name "
            "of the server"
        )
    stopped = _stop()
    try:
        _refuse_mail(told)  # which may have come meanwhile
    except BackupError:
        for service in stopped:
            subprocess.run(["/usr/bin/systemctl", "start", service], check=False, capture_output=True)
        raise
    newest, stage = known[-1], told.mail / store.STAGE
    told.mail.mkdir(mode=0o700, exist_ok=True)
    for left in (each for each in told.mail.iterdir() if each.is_dir()):  # empty mailboxes, and a former attempt
        shutil.rmtree(left)
    (told.mail / store.MARK).unlink(missing_ok=True)
    restic.run("restore", f"{newest['id']}:{told.mail}", "--target", str(stage))
    store.leave_uids_out(stage)
    # Numbers of users are each machine's own, and a new one may not have the user yet.
    if subprocess.run(["/usr/bin/id", _OWNER], check=False, capture_output=True).returncode:
        made = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "--home-dir"]
        subprocess.run(["/usr/sbin/useradd", *made, str(told.mail), _OWNER], check=True)
    subprocess.run(["/usr/bin/chown", "-R", f"{_OWNER}:{_OWNER}", str(stage)], check=True)
    _notes(told, restic, newest["id"])
    stage.rename(whole)
    return _put(told, f"the backup of {_time(newest)}")


def _put(told: Configuration, what: str) -> str:
    """Put the domains of a whole backup in their places, and say so."""
    whole = told.mail / store.WHOLE
    held = {Path(each.path).relative_to(told.mail).parts[0] for each in store.messages(told.mail)}
    for each in sorted(whole.iterdir()):
        place = told.mail / each.name
        if each.name in held:
            raise BackupError(
                f"{told.server}: {place} holds mail: must hold none while a backup is on its way back; move it "
                f"elsewhere, and run playbooks/restore.yml with -e host={told.server} again"
            )
        if place.is_dir():  # empty mailboxes
            shutil.rmtree(place)
        each.rename(place)
    whole.rmdir()
    _mark(told)
    count = sum(1 for _ in store.messages(told.mail))
    return f"{told.server}: {what} is back, with {count} messages"


def _refuse_mail(told: Configuration) -> None:
    if store.holds_mail(told.mail):
        raise BackupError(
            f"{told.server}: {told.mail} holds mail: must hold none before a backup comes back; name an empty server, "
            "or move that mail elsewhere"
        )


def _notes(told: Configuration, restic: Restic, snapshot: str) -> None:
    """Bring notes back, if there are any in the backup."""
    listed = restic.run("ls", snapshot, str(told.notes))
    if any(Path(each.get("path", "/")) == told.notes for each in listed):
        restic.run("restore", f"{snapshot}:{told.notes}", "--target", str(told.notes))


def _stop() -> list[str]:
    """Nobody reads or delivers; front ends say that the mailbox is not available, and keep mail in their queues.

    Returns what was running.
    """
    stopped = [service for service in _SERVICES if _is_active(service)]
    for service in _SERVICES:
        subprocess.run(["/usr/bin/systemctl", "stop", service], check=False, capture_output=True)
        if _is_active(service):
            raise BackupError(f"{service}: active: must have stopped before a backup comes back; stop it")
    return stopped


def _is_active(service: str) -> bool:
    return not subprocess.run(["/usr/bin/systemctl", "--quiet", "is-active", service], check=False).returncode


def _time(snapshot: dict[str, Any]) -> str:
    """When a backup began, to the minute."""
    return str(snapshot["time"])[:16]
