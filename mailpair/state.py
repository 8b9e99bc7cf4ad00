"""The one owner of a site's private folder: its CA, SSH key, pinned host keys, passwords and credentials.

Everything in it is readable to its owner alone, whatever the umask, and made once: two processes that ask for the same
thing at the same time get the same thing.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from mailpair import known_hosts, passwords, private_files
from mailpair.authority import AuthorityError, CertificateAuthority, make_key

PASSPHRASE_VARIABLE = "MAILPAIR_CA_PASSPHRASE_FILE"

# A name that is a file's name as it stands: no way out of the folder, no hidden file.
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,250}")

# The key's encryption slows a guesser down only a little: the passphrase itself has to be hard to guess.
_PASSPHRASE_LENGTH = 16

# A file that changed this lately may change again within one tick of its time stamp: it is looked at again next time.
_SETTLED_NS = 2_000_000_000

# As many passwords are looked at before others have their turn with the folder: at 25 ms a hash, seconds on one core.
_AT_ONCE = 100


class StateError(Exception):
    """Something in the private folder that is missing, unreadable or not what it should be; the text has the remedy."""


class SiteState:
    """The private folder of the site in ``site_dir``: ``site_dir/private``, made on first use.

    What is asked for is made when it is not there, unless a method says otherwise. Methods raise :class:`StateError`
    for what only a person can mend.
    """

    def __init__(self, site_dir: Path) -> None:
        """Touches nothing yet."""
        self._root = site_dir / "private"

    @property
    def root(self) -> Path:
        """The private folder."""
        return self._root

    @property
    def ca_certificate(self) -> Path:
        """Where the CA's certificate is; it exists once :meth:`certificate_authority` was called."""
        return self._root / "ca" / "certificate.pem"

    @property
    def known_hosts(self) -> Path:
        """Where the pinned host keys are; it exists once a key is pinned."""
        return self._root / "ssh" / "known_hosts"

    @property
    def ssh_key(self) -> Path:
        """Where the private SSH key is; it exists once :meth:`ensure_ssh_key` was called."""
        return self._root / "ssh" / "id_ed25519"

    def password_file(self, address: str) -> Path:
        """Where a mailbox's password is in the clear, if it is: a password that a person set is kept as a hash only."""
        return self._root / "passwords" / _file_name(address)

    def hash_file(self, address: str) -> Path:
        """Where the hash of a mailbox's password is; :meth:`password_hash` is the way to read it."""
        return self._root / "hashes" / _file_name(address)

    # The CA

    def certificate_authority(self) -> CertificateAuthority:
        """The site's CA.

        Its key is encrypted with the first line of the file that ``MAILPAIR_CA_PASSPHRASE_FILE`` names, or with a
        passphrase of its own beside it where that is not set. The passphrase has 16 characters or more.
        """
        self._folder("ca")
        with self.held():
            return self.certificate_authority_held()

    def certificate_authority_held(self) -> CertificateAuthority:
        """The same for who holds the folder."""
        folder = self._folder("ca")
        key, certificate = folder / "key.pem", self.ca_certificate
        if not key.exists():
            if certificate.exists():
                raise StateError(
                    f"{key} is missing, but its certificate is there; restore the key from a backup, or remove "
                    f"{certificate} to start a new CA that every client has to be given"
                )
            private_files.write(key, make_key(self._passphrase(make=True)).decode())
        try:
            passphrase = self._passphrase(make=False)
            key_pem = _read(key).encode()
            if not certificate.exists():
                authority = CertificateAuthority.create(key_pem, passphrase)
                private_files.write(certificate, authority.certificate_pem)
                return authority
            written = _read(certificate)
            authority = CertificateAuthority.open(key_pem, passphrase, written.encode())
        except AuthorityError as error:
            raise StateError(f"{folder}: {error}") from error
        if authority.certificate_pem not in written:  # it was made anew, see there
            private_files.write(certificate, authority.certificate_pem)
        return authority

    @property
    def ca_passphrase_file(self) -> Path:
        """Where the passphrase of the CA's key is; see :meth:`certificate_authority`."""
        named = os.environ.get(PASSPHRASE_VARIABLE)
        return Path(named) if named else self._root / "ca" / "passphrase"

    def ca_passphrase(self) -> bytes:
        """The passphrase of the CA's key, which must be there."""
        return self._passphrase(make=False)

    def _passphrase(self, *, make: bool) -> bytes:
        """The passphrase of the CA's key; one is made beside it only together with the key."""
        named, path = os.environ.get(PASSPHRASE_VARIABLE), self.ca_passphrase_file
        if make and not named and not path.exists():
            private_files.write(path, secrets.token_urlsafe(32) + "\n")
        if not path.exists():
            whence = f", which {PASSPHRASE_VARIABLE} names," if named else ""
            raise StateError(f"{path}{whence} is missing; it holds the passphrase of the CA's key in its first line")
        # A file of the administrator's own keeps the rights that it was given.
        line = (_read_as_it_is(path) if named else _read(path)).partition("\n")[0].strip()
        if len(line) < _PASSPHRASE_LENGTH:
            raise StateError(
                f"the first line of {path} must be the passphrase of the CA's key, "
                f"of {_PASSPHRASE_LENGTH} characters or more"
            )
        return line.encode()

    # SSH

    def ensure_ssh_key(self) -> Path:
        """The private SSH key (Ed25519, OpenSSH's format); its public half is beside it, with ``.pub``."""
        self._folder("ssh")
        with self.held():
            if not self.ssh_key.exists():
                fresh = ed25519.Ed25519PrivateKey.generate().private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
                )
                private_files.write(self.ssh_key, fresh.decode())
            public_file = self.ssh_key.with_suffix(".pub")
            public = f"{_public_key(self.ssh_key)} mailpair\n"
            if not public_file.exists() or _read(public_file) != public:
                private_files.write(public_file, public)
        return self.ssh_key

    def ssh_public_key(self) -> str:
        """The public half of :meth:`ensure_ssh_key`, as one line for authorized_keys without its end."""
        return _read(self.ensure_ssh_key().with_suffix(".pub")).strip()

    def pin_host(self, address: str, keys: Sequence[str], *, port: int = 22) -> None:
        """Trusts exactly these SSH host keys (``ssh-ed25519 AAAA...``) at an address; none: forgets the address.

        Raises :class:`StateError` for a text that is no host key, and then changes nothing.
        """
        self._folder("ssh")
        with self.held():
            before = _read(self.known_hosts) if self.known_hosts.exists() else ""
            try:
                after = known_hosts.replace(before, known_hosts.host_pattern(address, port), keys)
            except ValueError as error:
                raise StateError(f"{address}: {error}") from error
            if after != before or not self.known_hosts.exists():
                private_files.write(self.known_hosts, after)

    def pinned_keys(self, address: str, *, port: int = 22) -> tuple[str, ...]:
        """The SSH host keys that are trusted at an address; none where it is unknown. Makes nothing."""
        text = _read(self.known_hosts) if _is_there(self.known_hosts) else ""
        return known_hosts.pinned(text, known_hosts.host_pattern(address, port))

    # Passwords of mailboxes

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
        _check_password(password, f"the password of {address}")
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
        return len({*addresses} - {path.name for path in (folder.iterdir() if _is_there(folder) else ())})

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
        hash_file = f"{self._root}/hashes/{_file_name(address)}"
        try:
            cached = _text(hash_file).strip()
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
        password = _read(clear).removesuffix("\n")
        _check_password(password, str(clear))
        if not cached or not passwords.is_current(cached, password):
            cached = passwords.make_hash(password)
            private_files.write(hash_file, cached + "\n", of_many=True)
        settled = stamp if time.time_ns() - stamp > _SETTLED_NS else 0
        os.utime(hash_file, ns=(settled, settled))
        return cached

    # Credentials for other people's servers

    def credential(self, name: str) -> tuple[str, str]:
        """User and password for a smart host, from ``credentials/NAME`` (``user:password``); never made up."""
        path = self._folder("credentials") / _file_name(name)
        if not _is_there(path):
            raise StateError(f"{path} is missing; write user:password into it as its one line, with mode 0600")
        user, separator, password = _read(path).removesuffix("\n").partition(":")
        if not user or not separator:
            raise StateError(f"{path} must be one line, user:password")
        _check_password(user, f"the user in {path}")
        _check_password(password, f"the password in {path}")
        return user, password

    # Backups

    def backup_password(self, server: str) -> str:
        """The password of a back end's backups, ``backup/SERVER``; raises :class:`StateError` where it is empty."""
        path = self._folder("backup") / _file_name(server)
        with self.held():
            if not path.exists():
                private_files.write(path, secrets.token_urlsafe(32) + "\n")
            password = _read(path).removesuffix("\n")
        _check_password(password, f"the password in {path}")
        return password

    # Keys of Kerberos, which its administrator makes

    def keytab(self, name: str) -> Path:
        """The file with the keys of this site's services, ``keytabs/NAME``; never made up."""
        path = self._folder("keytabs") / _file_name(name)
        if not _is_there(path):
            raise StateError(f"{path} is missing; put the keytab of the services there, with mode 0600")
        return path

    # Certificates that an administrator provides

    def certificate_file(self, name: str) -> Path:
        """A file of the administrator's, ``certificates/NAME``; never made up."""
        path = self._folder("certificates") / _file_name(name)
        if not _is_there(path):
            raise StateError(f"{path} is missing; put it there, with mode 0600")
        return path

    # What was last applied, by server

    def remember(self, server: str, record: str) -> None:
        """Keeps the record of what was applied to a server, in the place of a former one and of all that came later."""
        folder = self._folder("applied")
        with self.held():
            # First, so that a record is never older than what is taken to have come later.
            for path in (folder / _file_name(server)).glob("*.json"):
                path.unlink()
            private_files.write(folder / f"{_file_name(server)}.json", record)

    def remember_later(self, server: str, address: str, record: str) -> bool:
        """Keeps what was applied to a server later, of one mailbox; says whether it has a record that this belongs to.

        It is a file of its own, which is there at once, however large the record is.
        """
        folder = self._folder("applied")
        with self.held():
            if not (folder / f"{_file_name(server)}.json").exists():
                return False
            later = private_files.ensure_folder(folder / _file_name(server))
            private_files.write(later / f"{_file_name(address)}.json", record)
            return True

    def remembered(self) -> dict[str, str]:
        """The records of what was last applied, by server. Makes nothing."""
        return _records(self._root / "applied")

    def remembered_of(self, server: str) -> str | None:
        """The same of one server, if there is any."""
        path = self._root / "applied" / f"{_file_name(server)}.json"
        return _read(path) if _is_there(path) else None

    def remembered_later(self, server: str) -> dict[str, str]:
        """The records of what was applied to a server later, by mailbox. Makes nothing."""
        return _records(self._root / "applied" / _file_name(server))

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


def _records(folder: Path) -> dict[str, str]:
    files = sorted(folder.glob("*.json")) if _is_there(folder) else []
    return {path.stem: _read(path) for path in files if _FILE_NAME.fullmatch(path.name)}


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error


def _read(path: Path) -> str:
    try:
        return _text(path)
    except FileNotFoundError as error:
        raise StateError(f"{path} can't be read: {error.strerror}") from error


def _text(path: Path | str) -> str:
    """The same for a file that need not be there."""
    try:
        return private_files.read(path)
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not text'}") from error


def _read_as_it_is(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not text'}") from error


def _file_name(name: str) -> str:
    if not _FILE_NAME.fullmatch(name):
        raise StateError(f"{name!r} can't be the name of a file; letters, digits and . _ - + @ can")
    return name


def _check_password(password: str, what: str) -> None:
    if not password or any(ord(character) < 32 or ord(character) == 127 for character in password):
        raise StateError(f"{what} must be one line that is not empty, without control characters")


def _public_key(path: Path) -> str:
    try:
        key = serialization.load_ssh_private_key(_read(path).encode(), None)
    except (ValueError, TypeError) as error:
        raise StateError(f"{path} is not an SSH key without a passphrase; remove it to have one made") from error
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()
