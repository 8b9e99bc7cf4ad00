#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends the ends that a power failure has left to Dovecot's index logs: index-logs MAIL, run at boot as vmail.

A file system may keep that a log has grown, and not what was written there. Dovecot's readers take such an end for one
that somebody is writing, and the first who has to write is told SERVERBUG. Without it nobody is told anything: of mail
there is nothing in an index that Dovecot does not find again. https://doc.dovecot.org/2.4.1/core/design/indexes/
"""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

_LOGS = "*/*/Maildir/{}dovecot*.index.log"  # of mailboxes, and of lists of folders
_RECENT = 3600  # seconds before the last change of all; what is older was flushed long before the power failed
_HEADER = 40  # bytes of the header in its first form; its size is in it
_INDEX_HEADER = 72  # bytes of an index up to where its log's number (at 60) and offset (at 68) are
_RECORD = 8  # bytes of a record's header: its size, with that, and its type
_KIND, _BOUNDARY = 0x0FFFFFFF, 0x00080000  # a type without flags, and the one that holds records together


def whole(log: bytes) -> int:
    """How many bytes of a log Dovecot can read: its header and all records up to one that has no end, or no size.

    All of it where the header is none; Dovecot begins such a log anew, and tells nobody.
    """
    end = int.from_bytes(log[2:4], sys.byteorder)
    if not _HEADER <= end <= len(log):
        return len(log)
    while end < len(log):
        size = _size(log[end : end + 4])
        if size < _RECORD or end + max(size, _together(log[end : end + 12])) > len(log):
            break
        end += size
    return end


def _together(record: bytes) -> int:
    """How many bytes are to be there together from a record on: it may say so of itself and those behind it."""
    kind = int.from_bytes(record[4:8], sys.byteorder) & _KIND
    return int.from_bytes(record[8:12], sys.byteorder) if kind == _BOUNDARY else 0


def _size(written: bytes) -> int:
    """A record's size, a fourth of which is in four times seven bits, below bits that are set when it is complete."""
    number = 0
    for byte in written:
        if byte < 0x80:
            return 0
        number = number << 7 | byte & 0x7F
    return number << 2


def known(index: Path, log: bytes) -> int:
    """Up to where an index knows a log: its offset, if it is of this log; both have a number for that."""
    try:
        header = index.read_bytes()[:_INDEX_HEADER]
    except FileNotFoundError:
        return 0
    return int.from_bytes(header[68:72], sys.byteorder) if header[60:64] == log[8:12] else 0


def mend(log: Path) -> str:
    """What was done about a log: nothing where it is whole, or in use.

    Of a log that is shorter than its index says Dovecot makes sense only after a panic, so such a one goes. Dovecot
    begins another without a word, and would have lost that one's changes in any case.
    """
    with os.fdopen(os.open(log, os.O_RDWR | os.O_NOFOLLOW), "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as Dovecot does (lock_method = fcntl)
        except OSError:
            return ""
        content = file.read()
        end = whole(content)
        if end < known(log.with_suffix(""), content):
            log.unlink()
            return "is shorter than its index says, and was removed"
        if end == len(content):
            return ""
        file.truncate(end)
        os.fsync(file.fileno())
        return f"{len(content) - end} bytes at its end are of no record, and were cut"


def recent(mail: Path) -> list[Path]:
    """All logs below a folder that were changed when the last of them was, or shortly before."""
    changed = {}
    for folder in ("", ".*/"):
        for log in mail.glob(_LOGS.format(folder)):
            with suppress(FileNotFoundError):
                changed[log] = log.stat().st_mtime
    last = max(changed.values(), default=0.0)
    return sorted(log for log, when in changed.items() if when > last - _RECENT)


def main() -> None:
    """Entry point."""
    failed = False
    for log in recent(Path(sys.argv[1])):
        try:
            done = mend(log)
        except OSError as error:  # others can be mended all the same
            done, failed = f"can't be looked at: {error.strerror}", True
        if done:
            print(f"{log}: {done}")  # noqa: T201
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
