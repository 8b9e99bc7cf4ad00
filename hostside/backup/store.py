"""The store of a back end: Maildirs as DOMAIN/NAME/Maildir, and in them what tells messages apart."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

MARK = ".backed-up"  # in the store: the repository that knows this store
STAGE = ".restoring"  # in the store: a backup on its way back
WHOLE = ".restored"  # in the store: one that is whole, and whose domains go to their places
MAILDIR = 3  # how many folders below the store the folders of mail are: DOMAIN/NAME/Maildir

# More messages than come into one folder between a backup and the loss of what it was taken of.
_UIDS_LOST = 1_000_000
_UIDLIST = "dovecot-uidlist"
# The first line of a dovecot-uidlist: version, UIDVALIDITY, next UID, GUID of the mailbox.
_HEADER = re.compile(rb"3 V[0-9]+ N(?P<next>[0-9]+)(?: G[0-9a-f]+)?(?: [^\n]*)?\n")
_LARGEST_UID = 2**32 - 1  # RFC 9051, 2.3.1.1


def messages(store: Path) -> Iterator[os.DirEntry[str]]:
    """The files of all messages; what is on its way in, in ``tmp``, was not acknowledged to anybody and is none.

    A mailbox may have any name, ``tmp`` and ``cur`` among them, so it counts how deep a folder is.
    """
    folders = [(str(store), 0)]
    while folders:
        folder, depth = folders.pop()
        with_mail = depth > MAILDIR and folder.rpartition("/")[2] in {"cur", "new"}
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not _is_aside(entry.name, depth):
                            folders.append((entry.path, depth + 1))
                    elif with_mail:
                        yield entry
        except FileNotFoundError:  # a folder that its owner removed meanwhile, or no store at all
            continue


def _is_aside(name: str, depth: int) -> bool:
    return name in {STAGE, WHOLE} if depth == 0 else name == "tmp" and depth >= MAILDIR


def inodes(store: Path) -> Counter[int]:
    """What a message keeps when its flags change and when it is moved, and in how many places it is.

    Dovecot keeps a message for several of its users, and a copy in another folder, as one file with several names.
    """
    return Counter(entry.inode() for entry in messages(store))


def holds_mail(store: Path) -> bool:
    """Whether there is a message."""
    return next(messages(store), None) is not None


def leave_uids_out(store: Path) -> None:
    """Let new messages have none of the UIDs that were given after the backup.

    A mail program that has seen such a message would take the new one for it, under the same UIDVALIDITY, and POP3
    clients would not fetch it. Dovecot reads the next UID from the first line of dovecot-uidlist.
    """
    for file in store.rglob(_UIDLIST):
        whole = file.read_bytes()
        header = _HEADER.match(whole)
        if header:
            start, end = header.span("next")
            following = min(int(header["next"]) + _UIDS_LOST, _LARGEST_UID)
            # A line that was being written has no end: its message gets another UID.
            kept = whole[end : whole.rindex(b"\n") + 1]
            file.write_bytes(whole[:start] + str(following).encode() + kept)
