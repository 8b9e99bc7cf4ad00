"""Certificates of a CA that is not the site's, as an administrator might have bought them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

NOW = datetime.now(UTC).replace(microsecond=0)


def named(text: str) -> x509.Name:
    """A distinguished name with a common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key of P-256."""
    return ec.generate_private_key(ec.SECP256R1())


class Ca:
    """A CA with its key; it issues others and itself."""

    def __init__(self, name: str, issuer: Ca | None = None) -> None:
        """Without an issuer it is a root."""
        self.key: CertificateIssuerPrivateKeyTypes = new_key()
        self.name = named(name)
        self.certificate = (issuer or self).issue(self.name, self.key, ca=True)

    def issue(
        self,
        subject: x509.Name,
        key: CertificateIssuerPrivateKeyTypes,
        *names: str,
        ca: bool = False,
        days: tuple[float, float] = (-1, 30),
        purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH,),
        signing: bool = True,
        features: Sequence[x509.TLSFeatureType] = (),
        algorithm: hashes.SHA224 | hashes.SHA256 | None = None,
    ) -> x509.Certificate:
        """A certificate, valid between two numbers of days from now."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + timedelta(days=days[0]))
            .not_valid_after(NOW + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(signing, False, False, False, False, ca, ca, False, False), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        if purposes and not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
        if features:
            builder = builder.add_extension(x509.TLSFeature(features), False)
        return builder.sign(self.key, algorithm or hashes.SHA256())


def pem(*certificates: x509.Certificate) -> str:
    """Certificates as a file has them."""
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in certificates)


def key_pem(key: CertificateIssuerPrivateKeyTypes, passphrase: bytes = b"") -> str:
    """A key as a file has it."""
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()
