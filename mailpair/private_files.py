"""Files that nobody but their owner may read: written whole or not at all, by one process at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def ensure_folder(folder: Path) -> Path:
    """Makes a folder with mode 0700, or takes other people's rights to it away; its parent must exist."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def write(path: Path, content: str, *, of_many: bool = False) -> None:
    """Puts a file with mode 0600 in place in one step; a reader sees the old content or the new, never a part.

    It is on stable storage when this returns, so that a password that was handed out is not lost with the power. Who
    writes ``of_many`` calls :func:`sync_folder` once for all of a folder, and only then are they.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if not of_many:
        sync_folder(path.parent)


def read(path: Path | str) -> str:
    """Reads a file and takes other people's rights to it away; raises OSError or UnicodeDecodeError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a directory has 100,000 of them, and open() asks for more
    try:
        found = os.fstat(handle)
        if found.st_mode & 0o077:
            os.fchmod(handle, 0o600)
        content = b"".join(iter(lambda: os.read(handle, found.st_size + 1), b""))
    finally:
        os.close(handle)
    return content.decode().replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes and threads that lock the same folder out; not to be nested.

    The kernel gives the lock back when its holder ends, however that comes about.
    """
    with open(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sync_folder(folder: Path) -> None:
    """Brings onto stable storage which files there are in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
