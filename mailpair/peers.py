"""The CA that each host makes for itself, by which front ends and back ends know each other.

No root stands above it: peers trust a host because the controller lists its CA, and stop when the list stops
(docs/decisions/0004-certificates-renew-on-hosts.md).
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from mailpair.authority import AuthorityError, constraints

_USAGES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


def check(pem: str, *, name: str, usage: str) -> None:
    """Checks that a CA may speak for ``name`` and for one usage alone; raises :class:`AuthorityError`."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        certificate.verify_directly_issued_by(certificate)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        names = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise AuthorityError(f"{name}: what it calls its own CA is none; remove it and run again") from error
    wanted = constraints([name])
    alike = set(names.value.permitted_subtrees or ()) == set(wanted.permitted_subtrees or ()) and set(
        names.value.excluded_subtrees or ()
    ) == set(wanted.excluded_subtrees or ())
    if not names.critical or not alike or (basic.ca, basic.path_length, list(usages)) != (True, 0, [_USAGES[usage]]):
        raise AuthorityError(f"{name}: its own CA may speak for more than itself; remove it and run again")


def public_digest(pem: str) -> str:
    """SHA-256 of a certificate's public key, by which it is known when it was revoked."""
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    whole = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(whole).hexdigest()
