"""The CAs of a site over time: a root that follows another, the hosts' own CAs, and keys that were revoked."""

from __future__ import annotations

import os
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

from mailpair import peers, private_files
from mailpair.authority import AuthorityError, CertificateAuthority, certificates, make_key
from mailpair.state import SiteState, StateError

_MEMBER = re.compile(r"(peers/)?[A-Za-z0-9_][A-Za-z0-9_.+-]*")


@dataclass(frozen=True, slots=True)
class Roots:
    """What is trusted: roots as PEM, the one that signs first, and what leads from it to the former one, if any."""

    pem: str
    above: str


class Authorities:
    """The part of a site's private folder that is about CAs. Methods raise :class:`StateError`."""

    def __init__(self, state: SiteState) -> None:
        """Touches nothing yet."""
        self._state = state
        self._folder = state.root / "ca"

    @property
    def _key(self) -> Path:
        return self._folder / "key.pem"

    @property
    def _introduction(self) -> Path:
        return self._folder / "introduction.pem"

    def roots(self) -> Roots:
        """The roots that are trusted now; the first is made where there is none."""
        authority = self._state.certificate_authority()
        listed = certificates(private_files.read(self._state.ca_certificate))
        others = [each for each in listed if each != authority.certificate_pem]
        # It is there before the new root signs anything.
        above = private_files.read(self._introduction) if others and self._introduction.exists() else ""
        leads = bool(above) and peers.public_digest(above) == peers.public_digest(authority.certificate_pem)
        return Roots("".join([authority.certificate_pem, *others]), above if leads else "")

    def begin(self) -> None:
        """Makes a new root beside the present one. Both are trusted until :meth:`end`, whichever a client knows."""
        if len(certificates(self.roots().pem)) > 1:
            raise StateError(
                f"{self._folder}: a new CA was begun before; run the playbook, give its certificate to all clients, "
                "and end the old CA first"
            )
        former = self._state.certificate_authority()
        passphrase = self._state.ca_passphrase()
        key = make_key(passphrase)
        successor = CertificateAuthority.create(key, passphrase)
        with self._state.held():
            # In this order, and whatever happens in between, there is a CA whose key and certificate are there.
            private_files.write(self._introduction, former.introduce(successor))
            private_files.write(self._state.ca_certificate, successor.certificate_pem + former.certificate_pem)
            private_files.write(self._key, key.decode())

    def end(self) -> None:
        """Trusts the newest root alone."""
        roots = self.roots()
        if not roots.above:
            raise StateError(f"{self._folder}: there is one CA alone; begin a new one before you end it")
        with self._state.held():
            private_files.write(self._state.ca_certificate, self._state.certificate_authority_held().certificate_pem)
            self._introduction.unlink(missing_ok=True)

    # Backup

    def backup(self, file: Path) -> str:
        """Writes all of it but the passphrase, so that the backup is of no use to who finds it; says what to keep."""
        self.roots()
        kept = self._state.ca_passphrase_file
        if file.exists():
            raise StateError(f"{file} is there already; name another file")
        with (
            self._state.held(),
            open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as whole,
            tarfile.open(fileobj=whole, mode="w:gz") as tar,
        ):
            for path in sorted(self._folder.rglob("*")):
                if path.is_file() and path != kept:
                    tar.add(path, arcname=str(path.relative_to(self._folder)))
        return f"{file}: the CA, its key encrypted; the passphrase is not in it, so keep {kept} as well, elsewhere"

    def restore(self, file: Path) -> str:
        """Brings a backup into a private folder without a CA; the passphrase must be there."""
        if self._key.exists() or self._state.ca_certificate.exists():
            raise StateError(f"{self._folder}: there is a CA; a backup is only brought where there is none")
        private_files.ensure_folder(self._state.root)
        private_files.ensure_folder(self._folder)
        try:
            with self._state.held(), tarfile.open(file, "r:gz") as tar:
                for member in tar:
                    content = tar.extractfile(member)
                    if not content or not _MEMBER.fullmatch(member.name):
                        raise StateError(f"{file}: {member.name} is in no backup of a CA")
                    path = self._folder / member.name
                    private_files.ensure_folder(path.parent)
                    private_files.write(path, content.read().decode())
        except (tarfile.TarError, UnicodeDecodeError, FileNotFoundError) as error:
            raise StateError(f"{file} can't be read as a backup of a CA") from error
        self.roots()
        return f"{self._folder}: the CA is back"

    # Hosts' own CAs

    def record(self, server: str, pem: str, *, name: str, usage: str) -> None:
        """Lists the CA that a host made for itself, so that its peers trust it from the next run on."""
        try:
            peers.check(pem, name=name, usage=usage)
            revoked = peers.public_digest(pem) in self.revoked()
        except AuthorityError as error:
            raise StateError(str(error)) from error
        if revoked:
            raise StateError(f"{name}: its key was revoked and is still in use; run the playbook for it again")
        folder = private_files.ensure_folder(self._folder / "peers")
        with self._state.held():
            path = folder / f"{server}.pem"
            if not path.exists() or private_files.read(path) != pem:
                private_files.write(path, pem)

    def peers(self) -> dict[str, str]:
        """The CAs of hosts that are trusted, by server."""
        found = sorted((self._folder / "peers").glob("*.pem"))
        return {path.stem: private_files.read(path) for path in found}

    def revoke(self, server: str) -> None:
        """Trusts a host's present key no more; the host makes another when the playbook next runs for it."""
        path = self._folder / "peers" / f"{server}.pem"
        if not path.exists():
            known = ", ".join(self.peers()) or "none"
            raise StateError(f"{server}: it has no certificate that could be revoked; those who have: {known}")
        digest = peers.public_digest(private_files.read(path))
        with self._state.held():
            private_files.write(self._folder / "revoked", "".join(f"{each}\n" for each in {*self.revoked(), digest}))
            path.unlink()

    def revoked(self) -> tuple[str, ...]:
        """SHA-256 of the public keys that were revoked."""
        path = self._folder / "revoked"
        return tuple(private_files.read(path).split()) if path.exists() else ()
