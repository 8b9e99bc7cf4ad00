"""What a certificate says of itself, as far as a person who looks after it wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}  # NIST's names, as Exchange says them


@dataclass(frozen=True, slots=True)
class Facts:
    """A certificate. ``names`` are what it is valid for, or, where it names nothing, its subject's common name."""

    names: tuple[str, ...]
    issuer: str
    serial: str  # as openssl prints it
    not_before: datetime
    not_after: datetime
    key: str  # the algorithm and its size
    authority: bool  # whether it issues others
    fingerprint: str  # SHA-256

    @property
    def title(self) -> str:
        """The first of its names."""
        return self.names[0] if self.names else "no name"


def facts(pem: str) -> Facts:
    """Read a certificate; raises ValueError for what is none."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return Facts(
        names=_names(certificate),
        issuer=_common_name(certificate.issuer),
        serial=_serial(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=_key(certificate),
        authority=_issues(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _serial(certificate: x509.Certificate) -> str:
    found = f"{certificate.serial_number:X}"
    return f"0{found}" if len(found) % 2 else found


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (_common_name(certificate.subject),)
    addresses = found.get_values_for_type(x509.IPAddress)
    return (*found.get_values_for_type(x509.DNSName), *(str(address) for address in addresses))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string() or "no name"


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {_CURVES.get(key.curve.name, key.curve.name)}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def _issues(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
