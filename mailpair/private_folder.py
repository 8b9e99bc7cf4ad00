"""A site's private folder: held by one process at a time, and readable to its owner alone, whatever the umask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailpair import private_files

# A name that is a file's name as it stands: no way out of the folder, no hidden file.
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,250}")


class StateError(Exception):
    """Something in the private folder that is missing, unreadable or not what it should be; the text has the remedy."""


class PrivateFolder:
    """The private folder of the site in ``site_dir``: ``site_dir/private``, made on first use."""

    def __init__(self, site_dir: Path) -> None:
        """Touches nothing yet."""
        self._root = site_dir / "private"

    @property
    def root(self) -> Path:
        """The private folder."""
        return self._root

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folder for one process at a time; what the system refuses meanwhile becomes :class:`StateError`."""
        try:
            with private_files.locked(self._root):
                yield
        except OSError as error:
            raise StateError(f"{error.filename or self._root}: {error.strerror}") from error

    def _folder(self, name: str) -> Path:
        """A folder of the private folder, made with it; the site's own folder must exist."""
        try:
            private_files.ensure_folder(self._root)
            return private_files.ensure_folder(self._root / name)
        except OSError as error:
            raise StateError(f"{self._root / name} can't be made: {error.strerror}") from error


def is_there(path: Path) -> bool:
    """Whether there is such a file; raises :class:`StateError` where the system refuses to say."""
    try:
        return path.exists()
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error


def read(path: Path) -> str:
    """The text of a file of the folder; raises :class:`StateError` where it can't be read."""
    try:
        return text_of(path)
    except FileNotFoundError as error:
        raise StateError(f"{path} can't be read: {error.strerror}") from error


def text_of(path: Path | str) -> str:
    """The same for a file that need not be there: raises FileNotFoundError where it is not."""
    try:
        return private_files.read(path)
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not text'}") from error


def read_as_it_is(path: Path) -> str:
    """The text of a file of the administrator's own, whose rights stay; raises :class:`StateError` likewise."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not text'}") from error


def file_name(name: str) -> str:
    """A name that leads nowhere else as a file's name; raises :class:`StateError` for any other."""
    if not FILE_NAME.fullmatch(name):
        raise StateError(f"{name!r} can't be the name of a file; letters, digits and . _ - + @ can")
    return name


def check_password(password: str, what: str) -> None:
    """Raises :class:`StateError` for a password that no client could send; ``what`` names it."""
    if not password or any(ord(character) < 32 or ord(character) == 127 for character in password):
        raise StateError(f"{what} must be one line that is not empty, without control characters")
