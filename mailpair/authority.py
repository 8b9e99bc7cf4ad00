"""The private CA of a site: it signs what hosts ask for, and never sees their keys.

It carries no name constraints: servers' names need not lie in an accepted domain, domains are added later, and a CA
that had to be replaced for that would have to be given to every client anew. The CAs of hosts carry them
(docs/decisions/0004-certificates-renew-on-hosts.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailpair.settings.names import PRIVATE_CA

Usage = Literal["server", "client", "both"]

_LIFETIME = timedelta(days=3650)
# Below a root: one that follows it, then a host's CA, then what that issues.
_PATH_LENGTH = 2
# Hosts whose clocks run late must not refuse a certificate that was made a moment ago.
_BACKDATE = timedelta(hours=1)
_COMMON_NAME_LENGTH = 64  # RFC 5280, ub-common-name
_USAGES = {
    "server": (ExtendedKeyUsageOID.SERVER_AUTH,),
    "client": (ExtendedKeyUsageOID.CLIENT_AUTH,),
    "both": (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
}


class AuthorityError(Exception):
    """A CA that can't be opened or can't sign this; the text says why and what to do."""


class CertificateAuthority:
    """A CA with its key in memory. :class:`mailpair.state.SiteState` makes, keeps and opens the one of a site."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        """``certificate`` is the CA's own, self-signed with ``key``."""
        self._key = key
        self._certificate = certificate

    @classmethod
    def create(cls, key_pem: bytes, passphrase: bytes) -> CertificateAuthority:
        """A CA for a key made by :func:`make_key`, valid for ten years from now; raises :class:`AuthorityError`."""
        key = _open_key(key_pem, passphrase)
        return cls(key, _root(key, _now()))

    @classmethod
    def open(cls, key_pem: bytes, passphrase: bytes, certificate_pem: bytes) -> CertificateAuthority:
        """The CA that was made before; raises :class:`AuthorityError` where the three do not belong together.

        There may be other certificates beside its own.
        """
        key = _open_key(key_pem, passphrase)
        try:
            known = x509.load_pem_x509_certificates(certificate_pem)
        except ValueError as error:
            raise AuthorityError("the CA's certificate can't be read; restore it from a backup") from error
        certificate = next((each for each in known if each.public_key() == key.public_key()), None)
        if certificate is None:
            raise AuthorityError("the CA's certificate belongs to another key; restore both from one backup")
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        if basic.path_length != _PATH_LENGTH:
            # Made when it signed for services itself: the same key and name, and room for CAs below it.
            certificate = _root(key, certificate.not_valid_before_utc + _BACKDATE)
        return cls(key, certificate)

    @property
    def certificate_pem(self) -> str:
        """The CA's own certificate, which clients and servers trust."""
        return _pem(self._certificate)

    @property
    def name(self) -> str:
        """Its common name."""
        return str(self._certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    def sign(
        self, csr_pem: str, *, names: Sequence[str], addresses: Sequence[str] = (), usage: Usage, days: int
    ) -> str:
        """Signs a host's request and returns the certificate as PEM.

        Only the request's key is taken: ``names`` (DNS names, the first is the subject's) and ``addresses`` (IP
        addresses as text) are what the site document says, whatever the host asked for. The certificate is valid for
        ``days`` from now, but never beyond the CA's own. Raises :class:`AuthorityError` for a request that does not
        prove its key or whose key is weak, for no name at all, and for a CA that has ended.
        """
        request = _open_request(csr_pem)
        fits = [name for name in names if len(name) <= _COMMON_NAME_LENGTH]
        builder = (
            self._issue(request.public_key(), _subject(*fits[:1]), days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                _key_usage(digital_signature=True, key_encipherment=isinstance(request.public_key(), rsa.RSAPublicKey)),
                critical=True,
            )
            .add_extension(x509.ExtendedKeyUsage(_USAGES[usage]), critical=False)
            # RFC 5280: the names are critical where the subject is empty.
            .add_extension(_alternative_names(names, addresses), critical=not fits)
        )
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def sign_authority(self, csr_pem: str, *, subject: str, names: Sequence[str], usage: Usage, days: int) -> str:
        """Signs a host's request for a CA of its own, which may speak for ``names`` and whatever is below them.

        It can make no further CA, speaks for no IP address, and for one ``usage``. Raises as :meth:`sign` does.
        """
        request = _open_request(csr_pem)
        builder = (
            self._issue(request.public_key(), _subject(subject[:_COMMON_NAME_LENGTH]), days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(key_cert_sign=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_USAGES[usage]), critical=False)
            .add_extension(constraints(names), critical=True)
        )
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def introduce(self, successor: CertificateAuthority) -> str:
        """A certificate with which those who know this CA know ``successor`` too, until this one ends."""
        theirs = successor._certificate
        builder = (
            self._issue(theirs.public_key(), theirs.subject, _LIFETIME.days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        )
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def _issue(self, key: CertificatePublicKeyTypes, subject: x509.Name, days: int) -> x509.CertificateBuilder:
        """What every certificate of this CA says; raises :class:`AuthorityError` where none can be made."""
        now = _now()
        end = min(now + timedelta(days=days), self._certificate.not_valid_after_utc)
        if end <= now:
            raise AuthorityError(
                f"no certificate can end on {end:%Y-%m-%d}: the CA's own ends on "
                f"{self._certificate.not_valid_after_utc:%Y-%m-%d}, and {days} days were asked for"
            )
        own = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - _BACKDATE, self._certificate.not_valid_before_utc))
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        )


def _root(key: ec.EllipticCurvePrivateKey, start: datetime) -> x509.Certificate:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # The key is part of the name, so that two sites' CAs are told apart in a client's list.
    name = _subject(f"{PRIVATE_CA} {identifier.digest.hex()[:8]}")
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _BACKDATE)
        .not_valid_after(start + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=_PATH_LENGTH), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def certificates(text: str) -> list[str]:
    """The certificates in a PEM file's text, each as PEM."""
    return [_pem(each) for each in x509.load_pem_x509_certificates(text.encode())]


def make_key(passphrase: bytes) -> bytes:
    """A new P-256 key, encrypted with a passphrase, as PKCS#8 PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )


def _open_key(key_pem: bytes, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(key_pem, passphrase)
    except (ValueError, TypeError) as error:
        raise AuthorityError("the CA's key can't be opened; its passphrase is another one, or it is damaged") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError("the CA's key is not an elliptic-curve key; restore the one that was made with the site")
    return key


def _open_request(csr_pem: str) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        proven = request.is_signature_valid
    except ValueError as error:
        raise AuthorityError("the host's certificate request can't be read; remove it and run again") from error
    if not proven:
        raise AuthorityError("the host's certificate request is not signed with its own key; it was altered")
    match request.public_key():
        case ec.EllipticCurvePublicKey(key_size=size) if size >= 256:
            pass
        case rsa.RSAPublicKey(key_size=size) if size >= 2048:
            pass
        case ed25519.Ed25519PublicKey():
            pass
        case _:
            raise AuthorityError("the host's key is too weak; P-256, RSA with 2048 bits or Ed25519 is the least")
    return request


def _alternative_names(names: Iterable[str], addresses: Iterable[str]) -> x509.SubjectAlternativeName:
    try:
        general: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(names)]
        general += [x509.IPAddress(ip_address(address)) for address in dict.fromkeys(addresses)]
    except ValueError as error:
        raise AuthorityError(f"a certificate can't carry this name or address: {error}") from error
    if not general:
        raise AuthorityError("a certificate needs a name or an address; the site document gives none")
    return x509.SubjectAlternativeName(general)


def constraints(names: Iterable[str]) -> x509.NameConstraints:
    """These names and those below them, and no IP address at all (RFC 5280, 4.2.1.10)."""
    try:
        permitted = [x509.DNSName(name.removeprefix("*.")) for name in dict.fromkeys(names)]
    except ValueError as error:
        raise AuthorityError(f"a certificate can't carry this name: {error}") from error
    everywhere = [x509.IPAddress(ip_network("0.0.0.0/0")), x509.IPAddress(ip_network("::/0"))]
    return x509.NameConstraints(permitted, everywhere)


def _subject(*common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_name])


def _key_usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
