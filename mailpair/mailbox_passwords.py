"""Passwords of mailboxes and their hashes, in a site's private folder; made once, of many on all cores."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mailpair import passwords, private_files
from mailpair.private_folder import PrivateFolder, StateError, check_password, file_name, is_there, read, text_of

# A file that changed this lately may change again within one tick of its time stamp: it is looked at again next time.
_SETTLED_NS = 2_000_000_000

# As many passwords are looked at before others have their turn with the folder: at 25 ms a hash, seconds on one core.
_AT_ONCE = 100


class MailboxPasswords(PrivateFolder):
    """The passwords in a private folder: ``passwords/ADDRESS`` in the clear, ``hashes/ADDRESS``.

    What is asked for is made when it is not there. Methods raise :class:`StateError` for what only a person can mend.
    """

    def password_file(self, address: str) -> Path:
        """Where a mailbox's password is in the clear, if it is: a password that a person set is kept as a hash only."""
        return self._root / "passwords" / file_name(address)

    def hash_file(self, address: str) -> Path:
        """Where the hash of a mailbox's password is; :meth:`password_hash` is the way to read it."""
        return self._root / "hashes" / file_name(address)

    def ensure_password(self, address: str) -> Path:
        """Sees to it that a mailbox has a password; returns :meth:`password_file`.

        A new one is made only where there is neither a password nor a hash; where a person set the password, the file
        that is returned does not exist.
        """
        self._folder("hashes")
        folder = self._folder("passwords")
        path = self.password_file(address)
        with self.held():
            if not path.exists() and not self.hash_file(address).exists():
                _generate(path)
                private_files.sync_folder(folder)
        return path

    def set_password(self, address: str, password: str) -> None:
        """Gives a mailbox a password that a person chose: its hash is kept, the password itself is not.

        Raises :class:`StateError` for a password that no client could send: an empty one, or one with control
        characters.
        """
        check_password(password, f"the password of {address}")
        self._folder("hashes")
        self._folder("passwords")
        with self.held():
            private_files.write(self.hash_file(address), passwords.make_hash(password) + "\n")
            self.password_file(address).unlink(missing_ok=True)

    def password_hash(self, address: str) -> str:
        """The argon2id hash (PHC form) of a mailbox's password; it stays the same for as long as the password does."""
        return self.password_hashes([address])[address]

    def without_hash(self, addresses: Sequence[str]) -> int:
        """How many of these have no hash of a password yet. Makes nothing."""
        folder = self._root / "hashes"
        return len({*addresses} - {path.name for path in (folder.iterdir() if is_there(folder) else ())})

    def password_hashes(self, addresses: Sequence[str]) -> dict[str, str]:
        """The same for many, by address. Those that are not there yet are made on all cores.

        The folder is held for some at a time: others have their turn in between, and what was made stays where this is
        interrupted. A :class:`StateError` has all that is wrong, a line each.
        """
        # In this order on stable storage: a hash stands for a password that somebody has.
        folders = [self._folder(name) for name in ("passwords", "hashes")]
        known: dict[str, str] = {}
        wrong: list[str] = []
        with ThreadPoolExecutor(os.cpu_count()) as cores:  # argon2 lets other threads run meanwhile
            for start in range(0, len(addresses), _AT_ONCE):
                some = addresses[start : start + _AT_ONCE]
                with self.held():
                    lacking = []
                    for address in some:
                        with _noted(wrong):
                            if found := self._right_hash(address):
                                known[address] = found
                            else:
                                lacking.append(address)
                    made = [cores.submit(self._make_hash, address) for address in lacking]
                    for address, each in zip(lacking, made, strict=True):
                        with _noted(wrong):
                            known[address] = each.result()
                    for folder in folders if lacking else ():
                        private_files.sync_folder(folder)
        if wrong:
            raise StateError("\n".join(wrong))
        return known

    def _right_hash(self, address: str) -> str | None:
        """The hash that is kept, if it is known to be right."""
        cached = self._cached_hash(address)
        if cached is None:
            return None
        try:
            clear = os.stat(f"{self._root}/passwords/{address}")  # noqa: PTH116 - a Path takes as long as the look does
        except FileNotFoundError:
            return cached
        # Equal time stamps say that the hash was made, or last checked, for this very file.
        return cached if self.hash_file(address).stat().st_mtime_ns == clear.st_mtime_ns else None

    def _cached_hash(self, address: str) -> str | None:
        hash_file = f"{self._root}/hashes/{file_name(address)}"
        try:
            cached = text_of(hash_file).strip()
        except FileNotFoundError:
            return None
        if not passwords.is_hash(cached):
            raise StateError(f"{hash_file} is not an argon2id hash; remove it, or set the password again")
        return cached

    def _make_hash(self, address: str) -> str:
        """The hash of a password, both made where they are lacking; for who holds the folder and syncs it."""
        clear, hash_file, cached = self.password_file(address), self.hash_file(address), self._cached_hash(address)
        if not clear.exists():
            _generate(clear)
        stamp = clear.stat().st_mtime_ns
        password = read(clear).removesuffix("\n")
        check_password(password, str(clear))
        if not cached or not passwords.is_current(cached, password):
            cached = passwords.make_hash(password)
            private_files.write(hash_file, cached + "\n", of_many=True)
        settled = stamp if time.time_ns() - stamp > _SETTLED_NS else 0
        os.utime(hash_file, ns=(settled, settled))
        return cached


@contextmanager
def _noted(wrong: list[str]) -> Iterator[None]:
    """What is wrong with one of many."""
    try:
        yield
    except StateError as error:
        wrong.append(str(error))


def _generate(path: Path) -> None:
    """Writes a new password, as if some time ago: whatever is written there later has another time stamp."""
    private_files.write(path, passwords.generate() + "\n", of_many=True)
    before = time.time_ns() - 2 * _SETTLED_NS
    os.utime(path, ns=(before, before))
