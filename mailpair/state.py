"""The one owner of a site's private folder: its CA, SSH key, pinned host keys, passwords and credentials.

Everything in it is readable to its owner alone, whatever the umask, and made once: two processes that ask for the same
thing at the same time get the same thing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from mailpair import known_hosts, private_files
from mailpair.authority import AuthorityError, CertificateAuthority, make_key
from mailpair.mailbox_passwords import MailboxPasswords
from mailpair.private_folder import FILE_NAME, StateError, check_password, file_name, is_there, read, read_as_it_is

__all__ = ["PASSPHRASE_VARIABLE", "SiteState", "StateError"]

PASSPHRASE_VARIABLE = "MAILPAIR_CA_PASSPHRASE_FILE"

# The key's encryption slows a guesser down only a little: the passphrase itself has to be hard to guess.
_PASSPHRASE_LENGTH = 16


class SiteState(MailboxPasswords):
    """The private folder of the site in ``site_dir``: ``site_dir/private``, made on first use.

    What is asked for is made when it is not there, unless a method says otherwise. Methods raise :class:`StateError`
    for what only a person can mend.
    """

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
            key_pem = read(key).encode()
            if not certificate.exists():
                authority = CertificateAuthority.create(key_pem, passphrase)
                private_files.write(certificate, authority.certificate_pem)
                return authority
            written = read(certificate)
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
        line = (read_as_it_is(path) if named else read(path)).partition("\n")[0].strip()
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
            if not public_file.exists() or read(public_file) != public:
                private_files.write(public_file, public)
        return self.ssh_key

    def ssh_public_key(self) -> str:
        """The public half of :meth:`ensure_ssh_key`, as one line for authorized_keys without its end."""
        return read(self.ensure_ssh_key().with_suffix(".pub")).strip()

    def pin_host(self, address: str, keys: Sequence[str], *, port: int = 22) -> None:
        """Trusts exactly these SSH host keys (``ssh-ed25519 AAAA...``) at an address; none: forgets the address.

        Raises :class:`StateError` for a text that is no host key, and then changes nothing.
        """
        self._folder("ssh")
        with self.held():
            before = read(self.known_hosts) if self.known_hosts.exists() else ""
            try:
                after = known_hosts.replace(before, known_hosts.host_pattern(address, port), keys)
            except ValueError as error:
                raise StateError(f"{address}: {error}") from error
            if after != before or not self.known_hosts.exists():
                private_files.write(self.known_hosts, after)

    def pinned_keys(self, address: str, *, port: int = 22) -> tuple[str, ...]:
        """The SSH host keys that are trusted at an address; none where it is unknown. Makes nothing."""
        text = read(self.known_hosts) if is_there(self.known_hosts) else ""
        return known_hosts.pinned(text, known_hosts.host_pattern(address, port))

    # Credentials for other people's servers

    def credential(self, name: str) -> tuple[str, str]:
        """User and password for a smart host, from ``credentials/NAME`` (``user:password``); never made up."""
        path = self._folder("credentials") / file_name(name)
        if not is_there(path):
            raise StateError(f"{path} is missing; write user:password into it as its one line, with mode 0600")
        user, separator, password = read(path).removesuffix("\n").partition(":")
        if not user or not separator:
            raise StateError(f"{path} must be one line, user:password")
        check_password(user, f"the user in {path}")
        check_password(password, f"the password in {path}")
        return user, password

    # Backups

    def backup_password(self, server: str) -> str:
        """The password of a back end's backups, ``backup/SERVER``; raises :class:`StateError` where it is empty."""
        path = self._folder("backup") / file_name(server)
        with self.held():
            if not path.exists():
                private_files.write(path, secrets.token_urlsafe(32) + "\n")
            password = read(path).removesuffix("\n")
        check_password(password, f"the password in {path}")
        return password

    # Keys of Kerberos, which its administrator makes

    def keytab(self, name: str) -> Path:
        """The file with the keys of this site's services, ``keytabs/NAME``; never made up."""
        path = self._folder("keytabs") / file_name(name)
        if not is_there(path):
            raise StateError(f"{path} is missing; put the keytab of the services there, with mode 0600")
        return path

    # Certificates that an administrator provides

    def certificate_file(self, name: str) -> Path:
        """A file of the administrator's, ``certificates/NAME``; never made up."""
        path = self._folder("certificates") / file_name(name)
        if not is_there(path):
            raise StateError(f"{path} is missing; put it there, with mode 0600")
        return path

    # What was last applied, by server

    def remember(self, server: str, record: str) -> None:
        """Keeps the record of what was applied to a server, in the place of a former one and of all that came later."""
        folder = self._folder("applied")
        with self.held():
            # First, so that a record is never older than what is taken to have come later.
            for path in (folder / file_name(server)).glob("*.json"):
                path.unlink()
            private_files.write(folder / f"{file_name(server)}.json", record)

    def remember_later(self, server: str, address: str, record: str) -> bool:
        """Keeps what was applied to a server later, of one mailbox; says whether it has a record that this belongs to.

        It is a file of its own, which is there at once, however large the record is.
        """
        folder = self._folder("applied")
        with self.held():
            if not (folder / f"{file_name(server)}.json").exists():
                return False
            later = private_files.ensure_folder(folder / file_name(server))
            private_files.write(later / f"{file_name(address)}.json", record)
            return True

    def remembered(self) -> dict[str, str]:
        """The records of what was last applied, by server. Makes nothing."""
        return _records(self._root / "applied")

    def remembered_of(self, server: str) -> str | None:
        """The same of one server, if there is any."""
        path = self._root / "applied" / f"{file_name(server)}.json"
        return read(path) if is_there(path) else None

    def remembered_later(self, server: str) -> dict[str, str]:
        """The records of what was applied to a server later, by mailbox. Makes nothing."""
        return _records(self._root / "applied" / file_name(server))


def _records(folder: Path) -> dict[str, str]:
    files = sorted(folder.glob("*.json")) if is_there(folder) else []
    return {path.stem: read(path) for path in files if FILE_NAME.fullmatch(path.name)}


def _public_key(path: Path) -> str:
    try:
        key = serialization.load_ssh_private_key(read(path).encode(), None)
    except (ValueError, TypeError) as error:
        raise StateError(f"{path} is not an SSH key without a passphrase; remove it to have one made") from error
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()
