"""Signs certificates with ``openssl ca``, the one way that every OpenSSL has to say when a certificate begins."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import openssl

# Hosts whose clocks run late must not refuse a certificate that was made a moment ago.
_BACKDATE = 3600.0
_DAY = 86400.0
_COMMON_NAME_LENGTH = 64  # RFC 5280, ub-common-name
_USAGES = {"server": "serverAuth", "client": "clientAuth"}

_SETTINGS = """\
[ca]
default_ca = here
[here]
new_certs_dir = {folder}
database = {folder}/index
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = optional
[request]
distinguished_name = name
[name]
[extensions]
{extensions}
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate to be: its subject, its extensions in openssl's words, its days, and the latest end it may have."""

    subject: str
    extensions: Sequence[str]
    days: int
    end: float = float("inf")


def sign(wanted: Wanted, key: Path, authority: Path | None, authority_key: Path) -> str:
    """Sign for a key; with no ``authority`` the key signs for itself. Returns PEM; raises OpenSslError or OSError."""
    now = time.time()
    with tempfile.TemporaryDirectory(prefix="signing-") as name:
        folder = Path(name)
        settings = folder / "settings"
        settings.write_text(_SETTINGS.format(folder=folder, extensions="\n".join(wanted.extensions)))
        (folder / "index").touch()
        # RFC 5280: a name that is too long for a subject stands among the alternative names alone.
        subject = f"/CN={wanted.subject}" if len(wanted.subject) <= _COMMON_NAME_LENGTH else "/"
        openssl.run("req", "-new", "-config", settings, "-key", key, "-subj", subject, "-out", folder / "request")
        signer = ["-cert", authority] if authority else ["-selfsign"]
        openssl.run(
            *("ca", "-config", settings, "-batch", "-notext", "-preserveDN", "-in", folder / "request"),
            *(*signer, "-keyfile", authority_key, "-extensions", "extensions", "-out", folder / "certificate"),
            *("-startdate", _text(now - _BACKDATE), "-enddate", _text(min(now + wanted.days * _DAY, wanted.end))),
        )
        return (folder / "certificate").read_text(encoding="utf-8")


def request(key: Path, subject: str) -> str:
    """A request for a key, which the site's root is to answer; it decides what stands in the certificate."""
    return openssl.run("req", "-new", "-key", key, "-subj", f"/CN={subject}"[: _COMMON_NAME_LENGTH + 4])


def leaf_extensions(names: Iterable[str], usage: str, algorithm: str) -> tuple[str, ...]:
    """What a certificate of a service says."""
    enciphers = ", keyEncipherment" if algorithm.startswith("rsa") else ""
    return (
        "basicConstraints = critical, CA:FALSE",
        f"keyUsage = critical, digitalSignature{enciphers}",
        f"extendedKeyUsage = {_USAGES[usage]}",
        f"subjectAltName = {', '.join(f'DNS:{name}' for name in names)}",
        "subjectKeyIdentifier = hash",
        "authorityKeyIdentifier = keyid",
    )


def authority_extensions(names: Iterable[str], usage: str) -> tuple[str, ...]:
    """What a CA says that may speak for some names, for one use, and make no further CA."""
    permitted = ", ".join(f"permitted;DNS:{name}" for name in names)
    return (
        "basicConstraints = critical, CA:TRUE, pathlen:0",
        "keyUsage = critical, keyCertSign",
        f"extendedKeyUsage = {_USAGES[usage]}",
        f"nameConstraints = critical, {permitted}, excluded;IP:0.0.0.0/0.0.0.0, excluded;IP:::/::",
        "subjectKeyIdentifier = hash",
    )


def _text(when: float) -> str:
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(when))
