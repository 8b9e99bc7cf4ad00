"""The private CA and what it signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from mailpair.authority import AuthorityError, CertificateAuthority, Usage, make_key

PASSPHRASE = b"correct horse battery staple"
KEY = make_key(PASSPHRASE)
CA = CertificateAuthority.create(KEY, PASSPHRASE)
HOST_KEY = ec.generate_private_key(ec.SECP256R1())


def request(key: Any = HOST_KEY, *, name: str = "evil.test") -> str:
    """A request as a host makes it, asking for more than it will get."""
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, algorithm)
    )
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def signed(
    csr: str | None = None,
    names: Sequence[str] = ("mail.contoso.test",),
    addresses: Sequence[str] = (),
    usage: Usage = "server",
    days: int = 90,
) -> x509.Certificate:
    pem = CA.sign(csr or request(), names=names, addresses=addresses, usage=usage, days=days)
    return x509.load_pem_x509_certificate(pem.encode())


def names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_a_client_that_trusts_the_ca_trusts_what_it_signed() -> None:
    verifier = (
        PolicyBuilder()
        .store(Store([x509.load_pem_x509_certificate(CA.certificate_pem.encode())]))
        .build_server_verifier(x509.DNSName("imap.contoso.test"))
    )
    chain = verifier.verify(signed(names=["mail.contoso.test", "imap.contoso.test"]), [])
    assert len(chain) == 2


def test_the_ca_says_what_it_is() -> None:
    certificate = x509.load_pem_x509_certificate(CA.certificate_pem.encode())
    certificate.verify_directly_issued_by(certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 2)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3600)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_two_cas_have_two_names() -> None:
    other_key = make_key(PASSPHRASE)
    other = CertificateAuthority.create(other_key, PASSPHRASE)
    subjects = {x509.load_pem_x509_certificate(each.certificate_pem.encode()).subject for each in (CA, other)}
    assert len(subjects) == 2


def test_a_host_gets_the_names_of_the_document_not_those_it_asked_for() -> None:
    certificate = signed(
        names=["mail.contoso.test", "*.contoso.test", "mail.contoso.test"], addresses=["10.0.0.1", "fd00::1"]
    )
    assert [each.value for each in names(certificate)] == [
        "mail.contoso.test",
        "*.contoso.test",
        ip_address("10.0.0.1"),
        ip_address("fd00::1"),
    ]
    assert certificate.subject.rfc4514_string() == "CN=mail.contoso.test"
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not constraints.ca
    assert certificate.public_key() == HOST_KEY.public_key()


def test_a_name_that_is_too_long_for_a_subject_is_among_the_names() -> None:
    long_name = f"{'a' * 60}.contoso.test"
    certificate = signed(names=[long_name])
    assert certificate.subject.rfc4514_string() == ""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert extension.critical
    assert extension.value.get_values_for_type(x509.DNSName) == [long_name]


@pytest.mark.parametrize(
    ("usage", "purposes"),
    [
        ("server", [ExtendedKeyUsageOID.SERVER_AUTH]),
        ("client", [ExtendedKeyUsageOID.CLIENT_AUTH]),
        ("both", [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
    ],
)
def test_a_certificate_is_for_what_it_was_asked_for(usage: Usage, purposes: list[x509.ObjectIdentifier]) -> None:
    extension = signed(usage=usage).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(extension.value) == purposes


def test_identifiers_lead_from_a_certificate_to_the_ca() -> None:
    certificate = signed()
    own = x509.load_pem_x509_certificate(CA.certificate_pem.encode())
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert authority.key_identifier == own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    subject = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert subject == x509.SubjectKeyIdentifier.from_public_key(HOST_KEY.public_key())


def test_every_certificate_has_a_number_of_its_own() -> None:
    assert len({signed().serial_number for _ in range(20)}) == 20


def test_a_certificate_holds_for_its_days_on_hosts_whose_clocks_run_late() -> None:
    certificate = signed(days=90)
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc <= now - timedelta(minutes=59)
    assert timedelta(days=89, hours=23) < certificate.not_valid_after_utc - now <= timedelta(days=90)


def test_no_certificate_outlives_the_ca() -> None:
    own = x509.load_pem_x509_certificate(CA.certificate_pem.encode())
    assert signed(days=9999).not_valid_after_utc == own.not_valid_after_utc


@pytest.mark.parametrize("days", [0, -1])
def test_a_certificate_that_would_not_hold_is_not_made(days: int) -> None:
    with pytest.raises(AuthorityError, match="no certificate can end on"):
        signed(days=days)


@pytest.mark.parametrize("key", [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())])
def test_other_good_keys_are_signed(key: Any) -> None:
    assert signed(request(key)).public_key() == key.public_key()


def test_an_rsa_key_may_encipher_as_older_clients_want() -> None:
    certificate = signed(request(rsa.generate_private_key(65537, 2048)))
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP192R1())])
def test_weak_keys_are_refused(key: Any) -> None:
    with pytest.raises(AuthorityError) as caught:
        signed(request(key))
    assert str(caught.value) == "the host's key is too weak; P-256, RSA with 2048 bits or Ed25519 is the least"


def test_a_request_that_is_not_its_key_s_is_refused() -> None:
    der = bytearray(x509.load_pem_x509_csr(request().encode()).public_bytes(serialization.Encoding.DER))
    der[der.index(b"evil")] ^= 1
    altered = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()
    with pytest.raises(AuthorityError, match="is not signed with its own key"):
        signed(altered)


@pytest.mark.parametrize("text", ["", "hello", CA.certificate_pem, "\u00fc", request().replace("M", "N", 3)])
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(AuthorityError, match="can't be read"):
        CA.sign(text, names=["mail.contoso.test"], usage="server", days=1)


@pytest.mark.parametrize(
    ("given_names", "addresses", "problem"),
    [
        ([], [], "^a certificate needs a name or an address; the site document gives none$"),
        (["b\u00fccher.test"], [], "^a certificate can't carry this name or address: "),
        ([], ["10.0.0.256"], "^a certificate can't carry this name or address: "),
    ],
)
def test_names_that_can_t_be_are_refused(given_names: list[str], addresses: list[str], problem: str) -> None:
    with pytest.raises(AuthorityError, match=problem):
        signed(names=given_names, addresses=addresses)


def test_the_same_ca_is_opened_again() -> None:
    opened = CertificateAuthority.open(KEY, PASSPHRASE, CA.certificate_pem.encode())
    assert opened.certificate_pem == CA.certificate_pem


def test_the_key_is_encrypted() -> None:
    assert b"ENCRYPTED" in KEY
    with pytest.raises(TypeError):
        serialization.load_pem_private_key(KEY, None)


@pytest.mark.parametrize(
    ("key", "passphrase", "certificate", "problem"),
    [
        (
            KEY,
            b"another one",
            CA.certificate_pem,
            "the CA's key can't be opened; its passphrase is another one, or it is damaged",
        ),
        (
            b"hello",
            PASSPHRASE,
            CA.certificate_pem,
            "the CA's key can't be opened; its passphrase is another one, or it is damaged",
        ),
        (KEY, PASSPHRASE, "hello", "the CA's certificate can't be read; restore it from a backup"),
        (
            make_key(PASSPHRASE),
            PASSPHRASE,
            CA.certificate_pem,
            "the CA's certificate belongs to another key; restore both from one backup",
        ),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(PASSPHRASE),
            ),
            PASSPHRASE,
            CA.certificate_pem,
            "the CA's key is not an elliptic-curve key; restore the one that was made with the site",
        ),
    ],
    ids=["passphrase", "key", "certificate", "mixed", "kind"],
)
def test_what_does_not_belong_together_is_refused(
    key: bytes, passphrase: bytes, certificate: str, problem: str
) -> None:
    with pytest.raises(AuthorityError) as caught:
        CertificateAuthority.open(key, passphrase, certificate.encode())
    assert str(caught.value) == problem
