"""A certificate and its key on the disk: both change in one step, whenever the power goes.

``NAME.pem`` and ``NAME.key`` are links into ``pairs/NAME``, which is itself a link to the folder of the pair that is in
use. A renewal lays out another folder and turns that one link.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile, rmtree

CHAIN, KEY = "chain.pem", "key.pem"


@contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """An empty folder for a new pair, on the disk where it will be used; it goes if it was not put in place."""
    pairs = directory / "pairs"
    pairs.mkdir(mode=0o755, parents=True, exist_ok=True)
    for left in pairs.glob(".new-*"):  # of a run that did not end
        left.unlink() if left.is_symlink() else rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=pairs))
    try:
        yield folder
    finally:
        if folder.exists():
            rmtree(folder)


def put(certificate: Path, key: Path, staged: Path, fingerprint: str) -> None:
    """Put a staged pair in the place of what is there."""
    pairs, name = certificate.parent / "pairs", certificate.stem
    (staged / CHAIN).chmod(0o644)
    (staged / KEY).chmod(0o600)
    staged.chmod(0o755)
    for path in (staged / CHAIN, staged / KEY, staged):
        _sync(path)
    fresh = pairs / f"{name}-{fingerprint[:16]}"
    if fresh.exists():
        rmtree(fresh)
    staged.rename(fresh)
    _sync(pairs)
    _adopt(certificate, key, pairs / name)
    _link(pairs / name, fresh.name)
    _link(key, f"pairs/{name}/{KEY}")
    _link(certificate, f"pairs/{name}/{CHAIN}")
    _tidy(pairs, name)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step, on stable storage before anyone can see it."""
    handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).rename(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    _sync(path.parent)


def _adopt(certificate: Path, key: Path, current: Path) -> None:
    """Make files of another making the pair in use, so that there is nothing to see when they become links."""
    if (certificate.is_symlink() and key.is_symlink()) or not (certificate.exists() and key.exists()):
        return
    digest = hashlib.sha256(certificate.read_bytes() + key.read_bytes()).hexdigest()
    former = current.with_name(f"{current.name}-{digest[:16]}")
    if not former.exists():  # it is, and in use, where a run ended before both were links
        copy = Path(tempfile.mkdtemp(prefix=".new-", dir=current.parent))
        copyfile(certificate, copy / CHAIN)
        (copy / KEY).touch(mode=0o600)
        copyfile(key, copy / KEY)
        copy.chmod(0o755)
        for path in (copy / CHAIN, copy / KEY, copy):
            _sync(path)
        copy.rename(former)
    _link(current, former.name)
    _link(key, f"pairs/{current.name}/{KEY}")
    _link(certificate, f"pairs/{current.name}/{CHAIN}")


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and str(path.readlink()) == target:
        return
    temporary = path.with_name(f".new-{path.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.rename(path)
    _sync(path.parent)


def _tidy(pairs: Path, name: str) -> None:
    used = (pairs / name).readlink().name
    for each in pairs.iterdir():
        if re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{16}}", each.name) and each.name != used:
            rmtree(each)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
