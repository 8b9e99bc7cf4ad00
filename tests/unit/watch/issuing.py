"""Certificates with any dates, for tests of what is said about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def issued(
    *names: str,
    left: float = 60,
    life: float = 90,
    serial: int = 0xABC,
    authority: bool = False,
    key: CertificateIssuerPrivateKeyTypes = KEY,
) -> str:
    """A certificate as PEM that has ``left`` of its ``life`` days at ``NOW``; it signs itself."""
    end = NOW + timedelta(days=left)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailpair private CA 01234567")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(end - timedelta(days=life))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
