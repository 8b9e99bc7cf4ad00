"""Certificates that the site's CA would not issue: any dates, any purpose, or by another CA."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailpair.authority import CertificateAuthority
    from tests.e2e.support.lab import Host

TLS = "/etc/mailpair/tls"
PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


@dataclass(frozen=True)
class Signer:
    """A CA's certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def site_ca(authority: CertificateAuthority) -> Signer:
    """The site's CA, or one like it."""
    return Signer(authority._certificate, authority._key)


def peer_ca(host: Host) -> Signer:
    """The CA that a host made for itself, by which its peers know it."""
    certificate, key = (host.run(f"cat {TLS}/peer-ca.{ending}").encode() for ending in ("pem", "key"))
    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return Signer(x509.load_pem_x509_certificate(certificate), loaded)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str
    serial: str  # as openssl prints it


def issue(signer: Signer, *names: str, usage: str = "server", left: float = 60, life: float = 90) -> Issued:
    """A certificate for a new key that has ``left`` of its ``life`` days."""
    key = ec.generate_private_key(ec.SECP256R1())
    end = datetime.now(UTC) + timedelta(days=left)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=life))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([PURPOSES[usage]]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        # A host's own CA has the host's name as well: the keys tell one from the other.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        .sign(signer.key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    of_certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
    command = ["openssl", "x509", "-noout", "-serial"]
    printed = subprocess.run(command, input=of_certificate, capture_output=True, text=True, check=True).stdout
    return Issued(of_certificate, pem.decode(), printed.strip().removeprefix("serial="))


@contextmanager
def in_place(host: Host, name: str, issued: Issued, reload: str = "") -> Iterator[None]:
    """A certificate and its key in the files of a name, loaded by a command where there is one; both are put back."""
    certificate, key = (shlex.quote(f"{TLS}/{name}.{ending}") for ending in ("pem", "key"))
    # They are links to a pair of a host's own, which stays what it is.
    host.run(f"cp -Pp {certificate} {certificate}.kept && cp -Pp {key} {key}.kept")
    try:
        host.run(f"umask 077 && cat > {key}.new && mv {key}.new {key}", stdin=issued.key)
        host.run(f"cat > {certificate}.new && mv {certificate}.new {certificate}", stdin=issued.certificate)
        host.run(reload or "true")
        yield
    finally:
        host.run(f"mv {key}.kept {key} && mv {certificate}.kept {certificate}; {reload or 'true'}")
