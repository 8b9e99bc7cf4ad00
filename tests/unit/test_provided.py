"""What is said of files with a certificate, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from mailpair.provided import UnreadableError, problems, served
from mailpair.site.model import Certificate, CertificateService, CertificateSource, Provided
from tests.certificates import NOW, Ca, key_pem, named, new_key, pem
from tests.unit.sites import default_site

NAMES = ("mail.contoso.test", "imap.contoso.test")
MAIL = Certificate(
    "mail", CertificateSource.PROVIDED, NAMES, frozenset({CertificateService.IMAP}), provided=Provided("a.pem", "a.key")
)
ROOT = Ca("Root")
ISSUING = Ca("Issuing", ROOT)
OTHER = Ca("Other")
KEY = new_key()
SUBJECT = named("mail.contoso.test")
LEAF = ISSUING.issue(SUBJECT, KEY, *NAMES)
WEAK = rsa.generate_private_key(65537, 1024)
LONG = ec.generate_private_key(ec.SECP521R1())
CERTIFICATE, SECRET = "certificates[mail].provided.certificate: 'a.pem': ", "certificates[mail].provided.key: 'a.key': "


def said(certificate: str, key: str, *, known: bool = True) -> list[str]:
    files = {"a.pem": certificate, "a.key": key}
    site = replace(default_site(), certificates=(MAIL,))
    return [str(each) for each in problems(site, files.__getitem__, [ROOT.certificate] if known else [], NOW)]


def test_a_chain_up_to_a_root_that_is_known_or_there_is_taken() -> None:
    assert said(pem(LEAF, ISSUING.certificate), key_pem(KEY)) == []
    assert said(pem(LEAF, ISSUING.certificate, ROOT.certificate), key_pem(KEY), known=False) == []
    wild = ISSUING.issue(SUBJECT, KEY, "*.contoso.test")
    assert said(pem(wild, ISSUING.certificate), key_pem(KEY)) == []


def test_a_root_stays_behind() -> None:
    assert served(pem(LEAF, ISSUING.certificate, ROOT.certificate)) == pem(LEAF, ISSUING.certificate)
    assert served(pem(LEAF, ISSUING.certificate)) == pem(LEAF, ISSUING.certificate)


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        (
            "nothing",
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must hold certificates in PEM, each from -----BEGIN CERTIFICATE----- on; "
                    "openssl x509 -in FILE -inform DER turns DER into PEM"
                )
            ],
        ),
        (
            key_pem(KEY) + pem(LEAF),
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must hold certificates alone, since everyone may read it; "
                    "move the key into a file of its own"
                )
            ],
        ),
        (
            pem(LEAF, ISSUING.certificate),
            "nothing",
            [
                (
                    f"{SECRET}must hold a private key in PEM, from -----BEGIN PRIVATE KEY----- on; "
                    "openssl pkey -in FILE writes it so"
                )
            ],
        ),
        (
            pem(LEAF, ISSUING.certificate),
            key_pem(KEY, b"secret"),
            [
                (
                    f"{SECRET}must be a key without a passphrase, since nobody is there to enter it; "
                    "remove it by openssl pkey; ansible-vault encrypt can keep the file instead"
                )
            ],
        ),
        (
            pem(LEAF, ISSUING.certificate),
            key_pem(new_key()),
            [f"{SECRET}must belong to the certificate; that of CN=mail.contoso.test was issued for another key"],
        ),
        (
            pem(ISSUING.certificate, LEAF),
            key_pem(KEY),
            [
                (
                    f"{SECRET}must belong to the first certificate of the file; "
                    "it belongs to number 2; put that one first, and behind each the one that issued it"
                ),
                f"{CERTIFICATE}must be for mail.contoso.test, which is in domain_name; it is for no DNS names",
                f"{CERTIFICATE}must be for imap.contoso.test, which is in domain_name; it is for no DNS names",
                f"{CERTIFICATE}must be for servers (the extended key usage serverAuth); have one issued for a server",
                (
                    f"{CERTIFICATE}must begin with a server's certificate; "
                    "CN=Issuing is a CA's; put the server's own one first"
                ),
                (
                    f"{CERTIFICATE}must have behind each certificate the one that issued it; "
                    "CN=Issuing is issued by CN=Root, and CN=mail.contoso.test stands there"
                ),
            ],
        ),
        (
            pem(ISSUING.issue(SUBJECT, WEAK, *NAMES), ISSUING.certificate),
            key_pem(WEAK),
            [f"{SECRET}must be RSA of 2048 bits or more, P-256 or P-384; have a certificate issued for such a key"],
        ),
        (
            pem(ISSUING.issue(SUBJECT, LONG, *NAMES), ISSUING.certificate),
            key_pem(LONG),
            [f"{SECRET}must be RSA of 2048 bits or more, P-256 or P-384; have a certificate issued for such a key"],
        ),
        (
            pem(ISSUING.issue(SUBJECT, KEY, "mail.contoso.test"), ISSUING.certificate),
            key_pem(KEY),
            [f"{CERTIFICATE}must be for imap.contoso.test, which is in domain_name; it is for mail.contoso.test"],
        ),
        (
            pem(ISSUING.issue(SUBJECT, KEY, *NAMES, days=(-9, -1)), ISSUING.certificate),
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must not have expired; CN=mail.contoso.test ended on "
                    f"{NOW - timedelta(days=1):%Y-%m-%d}; have it renewed"
                )
            ],
        ),
        (
            pem(ISSUING.issue(SUBJECT, KEY, *NAMES, days=(1, 9)), ISSUING.certificate),
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must be valid already; CN=mail.contoso.test begins on "
                    f"{NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC; look at this machine's clock"
                )
            ],
        ),
        (
            pem(ISSUING.issue(SUBJECT, KEY, *NAMES, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]), ISSUING.certificate),
            key_pem(KEY),
            [f"{CERTIFICATE}must be for servers (the extended key usage serverAuth); have one issued for a server"],
        ),
        (
            pem(ISSUING.issue(SUBJECT, KEY, *NAMES, signing=False), ISSUING.certificate),
            key_pem(KEY),
            [f"{CERTIFICATE}must be for signing (the key usage digitalSignature); have one issued for a TLS server"],
        ),
        (
            pem(ISSUING.issue(SUBJECT, KEY, *NAMES, algorithm=hashes.SHA224()), ISSUING.certificate),
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must be signed with SHA-256, SHA-384 or SHA-512; "
                    "CN=mail.contoso.test is signed with SHA224; have it issued anew"
                )
            ],
        ),
        (
            pem(LEAF),
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must be complete up to a root that is known here, or to one in the file; "
                    "CN=mail.contoso.test is issued by CN=Issuing; add that certificate at the end"
                )
            ],
        ),
        (
            pem(LEAF, OTHER.certificate),
            key_pem(KEY),
            [
                (
                    f"{CERTIFICATE}must have behind each certificate the one that issued it; "
                    "CN=mail.contoso.test is issued by CN=Issuing, and CN=Other stands there"
                )
            ],
        ),
    ],
)
def test_what_is_wrong_is_said_word_for_word(certificate: str, key: str, expected: list[str]) -> None:
    assert said(certificate, key) == expected


def test_must_staple_is_refused() -> None:
    stapled = ISSUING.issue(SUBJECT, KEY, *NAMES, features=[x509.TLSFeatureType.status_request])
    assert said(pem(stapled, ISSUING.certificate), key_pem(KEY)) == [
        f"{CERTIFICATE}must not ask for stapling (must-staple), which no server here does; have one issued without it"
    ]


def test_what_vault_encrypted_is_looked_at_by_who_can_open_it() -> None:
    vault = "$ANSIBLE_VAULT;1.1;AES256\n6162\n"
    assert said(pem(LEAF, ISSUING.certificate), vault) == []
    assert said(vault, key_pem(KEY)) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    def read(name: str) -> str:
        raise UnreadableError("must be there", f"{name} is missing")

    site = replace(default_site(), certificates=(MAIL, replace(MAIL, name="second")))
    assert [str(each) for each in problems(site, read, [], NOW)] == [
        f"{place.replace('mail]', f'{name}]')}must be there; {file} is missing"
        for name in ("mail", "second")
        for place, file in ((CERTIFICATE, "a.pem"), (SECRET, "a.key"))
    ]
