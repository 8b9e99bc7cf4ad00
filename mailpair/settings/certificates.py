"""Certificates of front ends: what New-ExchangeCertificate and Enable-ExchangeCertificate set."""

from __future__ import annotations

from mailpair.settings.names import CERTIFICATE_NAME
from mailpair.settings.notation import BOOLEAN, ListOf, nothing, only, word, words
from mailpair.settings.record import WORD_FOR_WORD, Answer, Group, Parameter
from mailpair.settings.strangers import OF_CERTIFICATES
from mailpair.settings.values import CertificateService, CertificateSource

_SEEN = "tests/e2e/test_settings.py::test_clients_get_in_with_the_names_ports_and_encryption_that_they_are_told"
_NO_REQUEST = "the site's own CA issues certificates, and no request leaves a front end"
_ON_ITS_HOST = "a key never leaves the host that it was made on"


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
            text="Who issues it: private is the site's own CA, and users' devices have to be given its certificate.",
            test=_SEEN,
            how="keys and requests are made on each front end, and signed on the controller",
        ),
        Parameter(
            name="domain_name",
            notation=ListOf(CERTIFICATE_NAME, at_least=1),
            answer=Answer.NATIVE,
            source="New-ExchangeCertificate -DomainName",
            text=(
                "The names in it; the first is its subject. Each server's own name and the names that clients are told "
                "are added by themselves."
            ),
            test=_SEEN,
            required=True,
            how="the names in the certificate of each front end",
        ),
        Parameter(
            name="services",
            notation=words(
                CertificateService,
                unknown={
                    "IIS": "there is no web server here",
                    "UM": "there is no Unified Messaging here",
                    "UMCallRouter": "there is no Unified Messaging here",
                    "Federation": "there is no federation here",
                    "None": "a certificate that serves nothing is left out",
                },
            ),
            default=["POP", "IMAP", "SMTP"],
            answer=Answer.NATIVE,
            source="Enable-ExchangeCertificate -Services",
            text="What it is used for. One certificate serves all three, so no other value is taken.",
            test=_SEEN,
            how="the certificate that Dovecot and Postfix serve",
            exchange_accepts="IIS, UM, UMCallRouter, Federation and None as well",
        ),
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
        _not_given("key_size", "KeySize", "1024, 2048 or 4096", "keys are P-256, as strong as 3072 bits of RSA"),
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
