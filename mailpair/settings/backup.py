"""Whether, where and how often back ends back their mail up."""

from __future__ import annotations

import re

from mailpair.settings.forms import matching
from mailpair.settings.notation import BOOLEAN, Notation, NotationError, expect_text
from mailpair.settings.quantities import time_span
from mailpair.settings.record import Answer, Group, Parameter

_FOLDER = r"(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)+"
_SERVER = r"[a-z_][a-z0-9_-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_REPOSITORY = re.compile(rf"(?:sftp:{_SERVER}:)?{_FOLDER}")
_MINUTE, _DAY = 60, 24 * 3600
_LONGEST = 3650 * _DAY


def _parse_repository(raw: object) -> str:
    rule = (
        "must be a folder, such as /mnt/backup, or one at another server, such as sftp:mail@store.contoso.com:/backup"
    )
    text = expect_text(raw, rule)
    if not _REPOSITORY.fullmatch(text):
        other = re.match(r"(rest|s3|b2|azure|gs|swift|rclone):", text)
        raise NotationError(rule, f"{other[1]} would need a login of its own; use sftp" if other else "")
    return text


_REPOSITORY_NOTATION = Notation(
    "a folder, or sftp:USER@SERVER:FOLDER",
    _parse_repository,
    "sftp:mail@store.contoso.com:/backup",
    matching(rf"(sftp:{_SERVER}:)?{_FOLDER}".replace("?:", "")),
)

_TAKEN = "tests/e2e/several/test_backup.py::test_a_lost_back_end_comes_back_as_it_was_backed_up"

BACKUP = Group(
    "backup",
    "Backups that back ends take of their mailboxes by themselves. See docs/backup.md.",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=False,
            answer=Answer.OURS,
            source="none; Windows Server Backup",
            text="Whether back ends back their mailboxes up.",
            test=_TAKEN,
            how="restic, started by a timer of systemd's",
        ),
        Parameter(
            name="repository",
            notation=_REPOSITORY_NOTATION,
            unsaid="nowhere",
            answer=Answer.OURS,
            source="none; Windows Server Backup",
            text="Where backups go; each back end has a folder of its name there, with a password of its own.",
            test=_TAKEN,
            how="restic's repository",
        ),
        Parameter(
            name="interval",
            notation=time_span(5 * _MINUTE, _DAY),
            default="01:00:00",
            answer=Answer.OURS,
            source="none; Windows Server Backup",
            text="The time from one backup's beginning to the next one's: what came in since is lost with the server.",
            test="tests/e2e/several/test_backup.py::test_backups_begin_by_themselves",
            how="the timer mailpair-backup",
        ),
        Parameter(
            name="retention",
            notation=time_span(_DAY, _LONGEST),
            default="30.00:00:00",
            answer=Answer.OURS,
            source="none; Windows Server Backup",
            text="How long a backup is kept; the last one is kept in any case.",
            test="tests/e2e/several/test_backup.py::test_old_backups_go",
            how="restic forget --keep-within",
        ),
    ),
)
