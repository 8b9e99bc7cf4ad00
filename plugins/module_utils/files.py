# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are replaced whole or not at all; used by this collection's modules, so standard library only."""

from __future__ import annotations

import contextlib
import errno
import grp
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

UNKNOWN = (-2, -2)


@dataclass(frozen=True)
class Wanted:
    """A file as it should be. ``owner`` and ``group`` are names on the host; ``mode`` is the permission bits."""

    path: str
    content: bytes
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644

    def is_there(self) -> bool:
        """Whether the file on this host has this content, owner, group and mode."""
        if read(self.path) != self.content:
            return False
        return dressed(self.path, self.ids(), self.mode)

    def ids(self) -> tuple[int, int]:
        """Numbers of its owner and group."""
        return ids(self.owner, self.group)

    def put(self) -> None:
        """Replace the file in one step, on stable storage before anyone can see it."""
        if self.ids() == UNKNOWN:
            raise OSError(errno.ENOENT, f"there is no user {self.owner} or no group {self.group}", self.path)
        folder = os.path.dirname(self.path)
        handle, temporary = tempfile.mkstemp(prefix=".mailpair-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.content)
                file.flush()
                os.fchown(file.fileno(), *self.ids())
                os.fchmod(file.fileno(), self.mode)
                os.fsync(file.fileno())
            os.rename(temporary, self.path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        sync_folder(folder)

    def digest(self) -> str:
        """A text that differs when the file differs in any way that a service could notice."""
        meta = f"{self.path}\0{self.owner}\0{self.group}\0{self.mode:o}\0".encode()
        return hashlib.sha256(meta + self.content).hexdigest()


def dressed(path: str, owned_by: tuple[int, int], mode: int) -> bool:
    """Whether a file that is there has this owner and group, as numbers, and these permission bits."""
    found = os.stat(path)
    return (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (*owned_by, mode)


def read(path: str) -> bytes | None:
    """Read a file; None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def remove(path: str) -> bool:
    """Remove a file if it is there; says whether it was."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    sync_folder(os.path.dirname(path))
    return True


def sync_folder(path: str) -> None:
    """Put a folder's entries on stable storage."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def ids(owner: str, group: str) -> tuple[int, int]:
    """Numbers of a user and a group; UNKNOWN where a name is, which matches no file."""
    try:
        return pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid
    except KeyError:
        return UNKNOWN


def owned(mode: str) -> dict[str, dict[str, Any]]:
    """The part of an argument specification that files and folders share; ``mode`` is the default, in octal."""
    return {
        "path": {"type": "path", "required": True},
        "owner": {"type": "str", "default": "root"},
        "group": {"type": "str", "default": "root"},
        "mode": {"type": "str", "default": mode},
    }


def wanted(options: dict[str, Any]) -> Wanted:
    """A file from a module's arguments; with a marker, the file as it is with our block in it."""
    mode, content = int(options["mode"], 8), options["content"]
    if options.get("marker"):
        content = with_block((read(options["path"]) or b"").decode(), options["marker"], content)
    return Wanted(options["path"], content.encode(), options["owner"], options["group"], mode)


def with_block(text: str, marker: str, block: str) -> str:
    """Put a block between lines that a marker tells, in place of the former one or else at the end."""
    begin, end = f"# BEGIN {marker}", f"# END {marker}"
    lines = text.splitlines()
    fresh = [begin, *block.splitlines(), end]
    if begin in lines and end in lines[lines.index(begin) :]:
        first = lines.index(begin)
        last = lines.index(end, first)
        lines[first : last + 1] = fresh
    else:
        lines.extend(fresh)
    return "".join(f"{line}\n" for line in lines)


def make_folders(folders: Iterable[dict[str, Any]], *, pretend: bool) -> list[str]:
    """Make the folders of a module's arguments as they should be; says what was done, or would be if only pretended."""
    actions = []
    for each in folders:
        path, mode, owner = each["path"], int(each["mode"], 8), ids(each["owner"], each["group"])
        if os.path.isdir(path):
            found = os.stat(path)
            if (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (*owner, mode):
                continue
        actions.append(f"made {path}")
        if not pretend:
            os.makedirs(path, mode=0o755, exist_ok=True)
            os.chown(path, *owner)
            os.chmod(path, mode)
    return actions
