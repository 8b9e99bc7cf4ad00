"""certbot's words: what it is told in files that root alone can read, and what it says went wrong.

It keeps the account at the CA and speaks ACME. Keys, requests and the time for a renewal are not its business.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

PROGRAM = "certbot"
STATE = Path("/var/lib/mailpair/acme")
ANSWERS = STATE / "answers"  # to HTTP-01, which hostside/acme_answers gives
LOGS = Path("/var/log/mailpair/acme")
PATIENCE = 600.0  # seconds for a certificate, a name server's slowness included

# What is not of use to whom the journal is read by.
_NOISE = (
    "Saving debug log to ",
    "Requesting a certificate for ",
    "Account registered.",
    "Ask for help or search for solutions",
    "Hint: ",
    "Encountered exception during recovery: ",
    "Unable to clean up challenge directory",
    "Waiting ",
    "Certbot failed to authenticate some domains",
    "Some challenges have failed.",
    "An unexpected error occurred:",
)
_FORGOTTEN = "urn:ietf:params:acme:error:accountDoesNotExist"


class CertbotError(Exception):
    """There is no certificate; the text is certbot's reason."""


@dataclass(frozen=True, slots=True)
class Dns:
    """Who takes a record for DNS-01 (RFC 2136), and the file with the key that signs it, NAME:KEY (RFC 8945)."""

    server: str
    port: int
    tsig_key: str
    tsig_algorithm: str
    propagation: int  # seconds until every server of the zone has the record


@dataclass(frozen=True, slots=True)
class Ca:
    """A CA and how it is shown that names are ours.

    ``external_account`` is the file with the account that the CA gave, KID:KEY (RFC 8555, section 7.3.4); ``ca_file``
    has the CA of the directory's own certificate, None: those that Debian trusts.
    """

    directory: str
    email: str | None
    external_account: str | None
    ca_file: str | None
    dns: Dns | None  # None: HTTP-01

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Ca:
        """Make it of plain data."""
        named = {name: options[name] for name in ("directory", "email", "external_account", "ca_file")}
        return cls(**named, dns=Dns(**options["dns"]) if options["dns"] else None)

    @property
    def folder(self) -> Path:
        """Where the account is kept: one for a CA, and for each account that it gave."""
        known = f"{self.directory} {self.external_account or ''}"
        return STATE / "accounts" / hashlib.sha256(known.encode()).hexdigest()[:16]


def fetch(ca: Ca, request: Path, chain: Path) -> None:
    """Have the CA sign a request; the certificate and its chain go to a file. Raises CertbotError or OSError."""
    private = (ca.folder.parent, ca.folder, LOGS)
    for folder in (STATE, ANSWERS, *private):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700 if folder in private else 0o755)
    with _told(ca) as settings:
        _follow_email(ca, settings)
        words = ["certonly", "--csr", str(request), "--fullchain-path", str(chain)]
        # Nobody asks for the other two.
        words += ["--cert-path", str(settings.with_name("leaf.pem")), "--chain-path", str(settings.with_name("ca.pem"))]
        try:
            _run(ca, settings, *words)
        except CertbotError:
            if not _forgotten():
                raise
            shutil.rmtree(ca.folder)  # the CA has started anew, and so do we
            ca.folder.mkdir(mode=0o700)
            _run(ca, settings, *words)
    (ca.folder / "email").write_text(ca.email or "", encoding="utf-8")


@contextmanager
def _told(ca: Ca) -> Iterator[Path]:
    """Settings of certbot's in a file that root alone can read, for as long as it runs."""
    with tempfile.TemporaryDirectory(prefix="mailpair-acme-") as name:
        credentials = Path(name) / "dns.ini"
        if ca.dns:
            _write(credentials, dns_settings(ca.dns))
        settings = Path(name) / "certbot.ini"
        _write(settings, ca_settings(ca, credentials))
        yield settings


def ca_settings(ca: Ca, credentials: Path) -> dict[str, str]:
    """What certbot is told in general; ``credentials`` is the file of its DNS plugin."""
    settings = {
        "server": ca.directory,
        "agree-tos": "true",
        "no-eff-email": "true",
        "config-dir": str(ca.folder),
        "work-dir": str(ca.folder),
        "logs-dir": str(LOGS),
        "max-log-backups": "10",
        "no-directory-hooks": "true",
    }
    settings |= {"email": ca.email} if ca.email else {"register-unsafely-without-email": "true"}
    if ca.external_account:
        kid, key = _pair(ca.external_account)
        settings |= {"eab-kid": kid, "eab-hmac-key": key}
    if ca.dns:
        settings["authenticator"] = "dns-rfc2136"
        settings["dns-rfc2136-credentials"] = str(credentials)
        settings["dns-rfc2136-propagation-seconds"] = str(ca.dns.propagation)
    else:
        settings |= {"authenticator": "webroot", "webroot-path": str(ANSWERS)}
    return settings


def dns_settings(dns: Dns) -> dict[str, str]:
    """What certbot's plugin for RFC 2136 is told; it takes addresses alone."""
    name, secret = _pair(dns.tsig_key)
    values = {
        "server": _address(dns.server, dns.port),
        "port": str(dns.port),
        "name": name,
        "secret": secret,
        "algorithm": dns.tsig_algorithm.upper(),
    }
    return {f"dns_rfc2136_{word}": value for word, value in values.items()}


def complaint(said: str) -> str:
    """What certbot says went wrong, in one line."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip(" -")]
    return " ".join(line for line in lines if not line.startswith(_NOISE)) or "certbot does not say why"


def _address(server: str, port: int) -> str:
    try:
        return str(ip_address(server))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(server, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise CertbotError(f"{server}: {error.strerror or error}") from error


def _pair(path: str) -> tuple[str, str]:
    name, _, secret = Path(path).read_text(encoding="utf-8").strip().partition(":")
    return name, secret


def _write(path: Path, settings: Mapping[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()), encoding="utf-8")


def _follow_email(ca: Ca, settings: Path) -> None:
    """Tell the CA of another address; before the first certificate there is no account that had one."""
    noted = ca.folder / "email"
    if noted.exists() and noted.read_text(encoding="utf-8") != (ca.email or ""):
        try:
            _run(ca, settings, "update_account")
        except CertbotError:
            if not _forgotten():
                raise


def _forgotten() -> bool:
    """Whether the last run failed since the CA does not know the account; the log alone has the error's type."""
    return _FORGOTTEN in (LOGS / "letsencrypt.log").read_text(encoding="utf-8")


def _run(ca: Ca, settings: Path, *words: str) -> None:
    trust = {"REQUESTS_CA_BUNDLE": ca.ca_file} if ca.ca_file else {}
    command = [PROGRAM, words[0], "--non-interactive", "--config", str(settings), *words[1:]]
    try:
        done = subprocess.run(
            command, env={**os.environ, **trust}, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise CertbotError(f"no certificate within {PATIENCE:.0f} s") from error
    if done.returncode != 0:
        raise CertbotError(complaint(f"{done.stdout}\n{done.stderr}"))
