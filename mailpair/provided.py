"""Certificates that an administrator provides: all that must be right about them before a host is touched.

Rules are those that mail programs check by (RFC 5280, RFC 6125, CA/Browser Forum's Baseline Requirements): what passes
here is taken by them. Nothing said here shows a key.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from mailpair.settings.names import covers
from mailpair.site.model import Certificate, CertificateSource, Site
from mailpair.site.problems import Problem, shown

LEAST_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_VAULT = "$ANSIBLE_VAULT;"

Found = tuple[str, str]  # a rule and a remedy
E = TypeVar("E", bound=x509.ExtensionType)


class UnreadableError(Exception):
    """A file that is not there or can't be read: a rule, and the remedy."""


def problems(
    site: Site, read: Callable[[str], str], roots: Sequence[x509.Certificate], now: datetime
) -> Iterator[Problem]:
    """What is wrong with the files of provided certificates.

    ``read`` gives the text of a file under ``private/certificates`` or raises :class:`UnreadableError`; what it gives
    as ansible-vault encrypted it is looked at no further. ``roots`` are known without being in a file.
    """
    for each in site.certificates:
        if each.source is CertificateSource.PROVIDED and each.provided:
            yield from _of_one(each, each.provided.certificate or "", each.provided.key or "", read, roots, now)


def served(text: str) -> str:
    """The certificates that go to front ends: those of the file, without a root, which clients have already."""
    chain = x509.load_pem_x509_certificates(text.encode())
    kept = chain[:-1] if len(chain) > 1 and _signed_itself(chain[-1]) else chain
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in kept)


def known_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The roots in a file such as Debian's ``ca-certificates.crt``."""
    with warnings.catch_warnings():
        # Old roots have serial numbers that no new one may have; whether they are trusted is not decided here.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return tuple(x509.load_pem_x509_certificates(pem)) if pem.strip() else ()


def _of_one(
    certificate: Certificate,
    certificate_file: str,
    key_file: str,
    read: Callable[[str], str],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> Iterator[Problem]:
    place = f"certificates[{certificate.name}].provided"
    chain: list[x509.Certificate] = []
    key: PrivateKeyTypes | None = None
    try:
        text = read(certificate_file)
        chain = [] if text.startswith(_VAULT) else _open_chain(text)
    except (UnreadableError, _WrongError) as error:
        yield Problem(f"{place}.certificate", shown(certificate_file), *error.args)
    try:
        text = read(key_file)
        key = None if text.startswith(_VAULT) else _open_key(text)
    except (UnreadableError, _WrongError) as error:
        yield Problem(f"{place}.key", shown(key_file), *error.args)
    if key:
        for found in _of_key(key, chain):
            yield Problem(f"{place}.key", shown(key_file), *found)
    if chain:
        for found in (*_of_leaf(chain[0], certificate.domain_name), *_of_chain(chain, roots), *_dates(chain, now)):
            yield Problem(f"{place}.certificate", shown(certificate_file), *found)


class _WrongError(Exception):
    """A rule that a file breaks, and the remedy."""


def _open_chain(text: str) -> list[x509.Certificate]:
    if "PRIVATE KEY-----" in text:
        raise _WrongError(
            "must hold certificates alone, since everyone may read it", "move the key into a file of its own"
        )
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise _WrongError(
            "must hold certificates in PEM, each from -----BEGIN CERTIFICATE----- on",
            "openssl x509 -in FILE -inform DER turns DER into PEM",
        ) from error


def _open_key(text: str) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(text.encode(), None)
    except TypeError as error:
        raise _WrongError(
            "must be a key without a passphrase, since nobody is there to enter it",
            "remove it by openssl pkey; ansible-vault encrypt can keep the file instead",
        ) from error
    except (ValueError, NotImplementedError) as error:
        raise _WrongError(
            "must hold a private key in PEM, from -----BEGIN PRIVATE KEY----- on",
            "openssl pkey -in FILE writes it so",
        ) from error


def _of_key(key: PrivateKeyTypes, chain: Sequence[x509.Certificate]) -> Iterator[Found]:
    public = key.public_key()
    if not _is_strong(public):
        yield f"must be RSA of {LEAST_RSA} bits or more, P-256 or P-384", "have a certificate issued for such a key"
    if chain and chain[0].public_key() != public:
        later = next((number for number, each in enumerate(chain, 1) if each.public_key() == public), None)
        if later:
            yield (
                "must belong to the first certificate of the file",
                f"it belongs to number {later}; put that one first, and behind each the one that issued it",
            )
        else:
            yield "must belong to the certificate", f"that of {_name(chain[0])} was issued for another key"


def _is_strong(key: PublicKeyTypes) -> bool:
    match key:
        case rsa.RSAPublicKey(key_size=size):
            return size >= LEAST_RSA
        case ec.EllipticCurvePublicKey(curve=curve):
            return isinstance(curve, _CURVES)
        case _:
            return False


def _of_leaf(leaf: x509.Certificate, names: Iterable[str]) -> Iterator[Found]:
    alternative = _extension(leaf, x509.SubjectAlternativeName)
    has = [name.lower() for name in alternative.get_values_for_type(x509.DNSName)] if alternative else []
    for name in names:
        if not any(known == name or covers(known, name) for known in has):
            listed = ", ".join(has) or "no DNS names"
            yield f"must be for {name}, which is in domain_name", f"it is for {listed}"
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is None or ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        yield "must be for servers (the extended key usage serverAuth)", "have one issued for a server"
    usage = _extension(leaf, x509.KeyUsage)
    if usage and not usage.digital_signature:
        yield "must be for signing (the key usage digitalSignature)", "have one issued for a TLS server"
    if _extension(leaf, x509.TLSFeature):
        yield "must not ask for stapling (must-staple), which no server here does", "have one issued without it"
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints and constraints.ca and not _signed_itself(leaf):
        yield "must begin with a server's certificate", f"{_name(leaf)} is a CA's; put the server's own one first"


def _of_chain(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> Iterator[Found]:
    for number, each in enumerate(chain, 1):
        # Nobody checks how a root signed itself.
        algorithm = each.signature_hash_algorithm
        if not (_signed_itself(each) and number > 1) and algorithm and not isinstance(algorithm, _HASHES):
            yield (
                "must be signed with SHA-256, SHA-384 or SHA-512",
                f"{_name(each)} is signed with {algorithm.name.upper()}; have it issued anew",
            )
        if not _is_strong(each.public_key()) and number > 1:
            yield "must have CAs with strong keys alone", f"that of {_name(each)} is weak; have it issued by another"
    for one, issuer in pairwise(chain):
        if not _issued_by(one, issuer):
            yield (
                "must have behind each certificate the one that issued it",
                f"{_name(one)} is issued by {_readable(one.issuer)}, and {_name(issuer)} stands there",
            )
            return
    last = chain[-1]
    if not _signed_itself(last) and not any(_issued_by(last, root) for root in roots):
        yield (
            "must be complete up to a root that is known here, or to one in the file",
            f"{_name(last)} is issued by {_readable(last.issuer)}; add that certificate at the end",
        )


def _dates(chain: Sequence[x509.Certificate], now: datetime) -> Iterator[Found]:
    for each in chain:
        if each.not_valid_after_utc <= now:
            yield (
                "must not have expired",
                f"{_name(each)} ended on {each.not_valid_after_utc:%Y-%m-%d}; have it renewed",
            )
        if each.not_valid_before_utc > now:
            yield (
                "must be valid already",
                f"{_name(each)} begins on {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; look at this machine's clock",
            )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    constraints = _extension(issuer, x509.BasicConstraints)
    if certificate.issuer != issuer.subject or (constraints and not constraints.ca):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _signed_itself(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject and _issued_by(certificate, certificate)


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _name(certificate: x509.Certificate) -> str:
    return _readable(certificate.subject) or f"number {certificate.serial_number:x}"


def _readable(name: x509.Name) -> str:
    text = name.rfc4514_string()
    return text if text.isprintable() else repr(text)
