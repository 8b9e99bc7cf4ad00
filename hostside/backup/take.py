"""A backup of a store that is in use.

A message's file is never written to again, so what restic reads of it is right at any time. But a message can go from
one name to another while folders are read, and be seen in neither place. So the messages that were there before and
after are held against those in the backup, by their inodes, which they keep, and by how often each is there; where one
was missed, it is taken again.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path

from . import store
from .configuration import BackupError, Configuration
from .restic import INCOMPLETE, Restic

_TIMES = 5  # a further one reads little but what has changed
# What Dovecot makes anew of the rest. It may be half written, and must not be newer than the files of messages. And
# what is on its way in. Folders and mailboxes that are called so are none of it.
_LEFT_OUT = (
    *("dovecot.index", "dovecot.index.*", "dovecot.list.index", "dovecot.list.index.*"),
    *("dovecot-*.lock", "subscriptions.lock", "tmp/*"),
)
_FOLDERS = ("*/*/Maildir", "*/*/Maildir/.*")  # in a store; Dovecot writes a folder in a folder as .OUTER.INNER


def take(told: Configuration, restic: Restic) -> str:
    """Take a backup, let old ones go, and return the backup's name."""
    if not (told.mail / store.MARK).exists():
        raise BackupError(
            f"{told.mail}: not the store that {told.repository} knows: must be, or empty backups would follow good "
            "ones; run playbooks/restore.yml, or playbooks/site.yml for a new store"
        )
    restic.run("unlock")  # of locks whose owner is gone
    _refuse_emptied(told, restic)
    missed = 0
    unread: list[str] = []
    for _ in range(_TIMES):
        before = store.inodes(told.mail)
        name, unread = _once(told, restic)
        missed = ((before & store.inodes(told.mail)) - _inodes(restic, name)).total()
        if not missed and not unread:
            restic.run(
                *("forget", "--host", told.server, "--group-by", "host"),
                *("--keep-within", f"{told.keep_hours}h", "--keep-last", "1", "--prune"),
            )
            return name
        restic.run("forget", name)
    what = f"{unread[0]} could not be read" if unread else f"{missed} messages were missed"
    raise BackupError(
        f"{told.mail}: {what}: must all be in a backup, which {_TIMES} were not enough for; mend it, or try again when "
        "fewer messages are moved"
    )


def _refuse_emptied(told: Configuration, restic: Restic) -> None:
    """Take none of a store whose mail has gone, since the newest comes back; a newer mark says that a person knows."""
    if store.holds_mail(told.mail):
        return
    marked = (told.mail / store.MARK).stat().st_mtime
    for newest in restic.snapshots()[-1:]:
        if datetime.fromisoformat(newest["time"]).timestamp() > marked and _inodes(restic, newest["id"]):
            raise BackupError(
                f"{told.mail}: no mail, and the backup of {newest['time'][:16]} has some: must hold mail, or empty "
                f"backups would follow good ones; run playbooks/restore.yml with -e host={told.server}, or give that "
                f"mail up by saying on {told.server}: mailpair-backup begin"
            )


def _once(told: Configuration, restic: Restic) -> tuple[str, list[str]]:
    """Take a backup; its name, and what is there and could not be read."""
    excluded = [f"--exclude={told.mail}/{folder}/{each}" for folder in _FOLDERS for each in _LEFT_OUT]
    excluded += [f"--exclude={told.mail}/{each}" for each in (store.MARK, store.STAGE, store.WHOLE)]
    paths = [str(each) for each in (told.mail, told.notes) if each.exists()]
    # Quiet: it would say many times a second how far it is.
    printed = restic.run("backup", "--quiet", "--host", told.server, *excluded, *paths, also=(INCOMPLETE,))
    name = next(str(each["snapshot_id"]) for each in printed if each.get("message_type") == "summary")
    failed = (str(each.get("item", "")) for each in printed if each.get("message_type") == "error")
    # What has gone since its folder was read has another name, or was removed.
    return name, [each for each in failed if os.path.lexists(each)]


def _inodes(restic: Restic, name: str) -> Counter[int]:
    """What :func:`store.inodes` finds of the messages in a backup."""
    files = (each for each in restic.each("ls", name) if each.get("type") == "file")
    return Counter(int(each["inode"]) for each in files if Path(each["path"]).parent.name in {"cur", "new"})
