"""Certificates of front ends: what New-ExchangeCertificate and Enable-ExchangeCertificate set."""

from __future__ import annotations

from mailpair.settings.acme import ACME
from mailpair.settings.certificate_values import CertificateService, CertificateSource, KeyAlgorithm
from mailpair.settings.names import CERTIFICATE_FILE, CERTIFICATE_NAME
from mailpair.settings.notation import BOOLEAN, ListOf, Notation, NotationError, nothing, only, word, words
from mailpair.settings.record import WORD_FOR_WORD, Answer, Group, Parameter
from mailpair.settings.strangers import OF_CERTIFICATES

_SEEN = "tests/e2e/test_certificates.py::test_each_service_shows_the_certificate_of_the_name_that_is_asked_for"
_ALGORITHMS = "tests/e2e/test_certificates.py::test_a_client_gets_a_certificate_of_an_algorithm_that_it_knows"
_PROVIDED = "tests/e2e/test_certificates.py::test_a_provided_certificate_is_served"
_NO_REQUEST = "front ends ask for certificates themselves, and no person carries a request"
_ON_ITS_HOST = "a key never leaves the host that it was made on"
_SIZES = (2048, 4096)


def _parse_key_size(raw: object) -> int:
    rule = "must be 2048 or 4096"
    if isinstance(raw, int) and not isinstance(raw, bool):
        if raw in _SIZES:
            return raw
        raise NotationError(rule, "1024 bits can be broken today" if raw == 1024 else "")
    raise NotationError(rule, "write it without quotes" if isinstance(raw, str) and raw.isdecimal() else "")


KEY_SIZE = Notation("2048 or 4096", _parse_key_size, "2048", {"enum": list(_SIZES)})
"""Bits of an RSA key."""


def _parse_key_file(raw: object) -> str:
    if isinstance(raw, str) and "-----BEGIN" in raw:
        raise NotationError(
            "must be the name of a file, since no document holds a private key",
            "put the key into a file under private/certificates, and write that file's name here",
        )
    return CERTIFICATE_FILE.parse(raw)


KEY_FILE = Notation(CERTIFICATE_FILE.said, _parse_key_file, "mail.key", CERTIFICATE_FILE.form)
"""The name of a key's file; a key itself is refused."""


def _not_given(name: str, parameter: str, accepts: str, reason: str) -> Parameter:
    return Parameter(
        name=name,
        notation=nothing(reason),
        unsaid="nothing",
        answer=Answer.REFUSED,
        source=f"New-ExchangeCertificate -{parameter}",
        exchange_accepts=accepts,
        text=f"Must not be given: {reason}.",
        test=WORD_FOR_WORD,
    )


def _file(name: str, notation: Notation[str], what: str) -> Parameter:
    return Parameter(
        name=name,
        notation=notation,
        unsaid="nothing; the source provided needs it",
        answer=Answer.NATIVE,
        source="Import-ExchangeCertificate -FileName",
        text=f"The file under private/certificates with {what}, in PEM. It may be encrypted by ansible-vault.",
        test=_PROVIDED,
        how="the files are checked on the controller and copied to front ends",
        confidential=True,  # a key may have been written in its place
    )


PROVIDED = Group(
    "provided",
    "For the source provided: files of yours, checked before anything is changed (Import-ExchangeCertificate).",
    (
        _file("certificate", CERTIFICATE_FILE, "the certificate and behind it those that it is issued by"),
        _file("key", KEY_FILE, "its private key, not encrypted by a passphrase"),
    ),
)


CERTIFICATE = Group(
    "certificates",
    "A certificate of the front ends (New-ExchangeCertificate, Enable-ExchangeCertificate).",
    (
        Parameter(
            name="source",
            notation=word(CertificateSource),
            default="private",
            answer=Answer.OURS,
            source="none; New-ExchangeCertificate makes a self-signed one or a request",
            text=(
                "Where it comes from: private is the site's own CA, whose certificate users' devices have to be given; "
                "acme is a CA that front ends fetch it from (see acme); provided is a file of yours (see provided)."
            ),
            test=_PROVIDED,
            how="keys are made on each front end; those of provided ones are copied there",
        ),
        Parameter(
            name="domain_name",
            notation=ListOf(CERTIFICATE_NAME, at_least=1),
            answer=Answer.NATIVE,
            source="New-ExchangeCertificate -DomainName",
            text=(
                "The names in it; the first is its subject. What clients of its services are told, and a front end's "
                "own name, is added by itself to the private certificate that a service shows unasked."
            ),
            test=_SEEN,
            required=True,
            how="the names in the certificate of each front end, by which clients are shown the right one (SNI)",
        ),
        Parameter(
            name="services",
            notation=words(
                CertificateService,
                unknown={
                    "UM": "there is no Unified Messaging here",
                    "UMCallRouter": "there is no Unified Messaging here",
                    "Federation": "there is no federation here",
                    "None": "a certificate that serves nothing is left out",
                },
            ),
            default=["POP", "IMAP", "SMTP"],
            answer=Answer.NATIVE,
            source="Enable-ExchangeCertificate -Services",
            text=(
                "What it is used for; IIS is web pages. A service may have several certificates, and shows the one of "
                "the name that a client asks for. What is no more listed is no more served."
            ),
            test=_SEEN,
            how="the certificates that Dovecot, Postfix and nginx serve",
            exchange_accepts="UM, UMCallRouter, Federation and None as well",
        ),
        Parameter(
            name="key_algorithms",
            notation=words(KeyAlgorithm),
            unsaid="ECDSA, or RSA where key_size is given",
            answer=Answer.OURS,
            source="none; keys of New-ExchangeCertificate are RSA",
            text=(
                "What keys are made for. With [ECDSA, RSA] there is a certificate of each, and clients that know no "
                "ECDSA get the other one. ECDSA keys are P-256, as strong as 3072 bits of RSA. Not for provided."
            ),
            test=_ALGORITHMS,
            how="Dovecot's ssl_server_alt_cert_file, Postfix's smtpd_tls_chain_files",
        ),
        Parameter(
            name="key_size",
            notation=KEY_SIZE,
            unsaid="2048, where there is an RSA key",
            answer=Answer.NATIVE,
            source="New-ExchangeCertificate -KeySize",
            text="Bits of the RSA key. Where key_algorithms is not given, the key is then RSA, as in Exchange.",
            test=_ALGORITHMS,
            how="OpenSSL's rsa_keygen_bits",
            exchange_accepts="1024 as well",
        ),
        ACME,
        PROVIDED,
        Parameter(
            name="thumbprint",
            notation=nothing("a certificate has a name, and a new thumbprint each time it is renewed"),
            unsaid="nothing",
            answer=Answer.REFUSED,
            source="Enable-ExchangeCertificate -Thumbprint",
            text="Must not be given: a certificate has a name, and a new thumbprint each time it is renewed.",
            test=WORD_FOR_WORD,
        ),
        _not_given("subject_name", "SubjectName", "a distinguished name", "the first of domain_name is the subject"),
        Parameter(
            name="private_key_exportable",
            notation=only(BOOLEAN, value=False, reason=_ON_ITS_HOST),
            default=False,
            answer=Answer.FIXED,
            source="New-ExchangeCertificate -PrivateKeyExportable",
            text=f"Only false is taken: {_ON_ITS_HOST}.",
            test=WORD_FOR_WORD,
            how="mode 0600, and nothing that fetches it",
            exchange_accepts="true or false",
        ),
        Parameter(
            name="generate_request",
            notation=only(BOOLEAN, value=False, reason=_NO_REQUEST),
            default=False,
            answer=Answer.REFUSED,
            source="New-ExchangeCertificate -GenerateRequest",
            text=f"Only false is taken: {_NO_REQUEST}.",
            test=WORD_FOR_WORD,
            exchange_accepts="true or false",
        ),
    ),
    OF_CERTIFICATES,
)
