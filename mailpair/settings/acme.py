"""Certificates that front ends fetch from a CA by ACME (RFC 8555)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from mailpair.settings.certificate_values import AcmeChallenge, TsigAlgorithm
from mailpair.settings.endpoints import PORT
from mailpair.settings.forms import matching
from mailpair.settings.names import ADDRESS, CERTIFICATE_FILE, CREDENTIAL, DOMAIN, DOMAIN_FORM
from mailpair.settings.notation import BOOLEAN, Notation, NotationError, expect_text, word
from mailpair.settings.quantities import time_span
from mailpair.settings.record import Answer, Group, Parameter
from mailpair.settings.texts import WEB_ADDRESS

_SEEN = "tests/unit/plan/test_certificates.py::test_what_is_fetched_is_planned_with_all_that_fetching_needs"

_HOUR = 3600


def _parse_directory(raw: object) -> str:
    rule = "must be the address of a directory, such as https://acme.contoso.com/directory"
    address = WEB_ADDRESS.parse(expect_text(raw, rule))
    if not address.startswith("https://"):
        raise NotationError(rule, "ACME is spoken over HTTPS alone")
    return address


DIRECTORY = Notation(
    "the https address of a directory",
    _parse_directory,
    "https://acme.contoso.com/directory",
    matching(rf"[hH][tT][tT][pP][sS]://{DOMAIN_FORM}(:[0-9]+)?(/[^?# ]*)?"),
)
"""Where a CA's ACME begins."""


def _parse_server(raw: object) -> str:
    text = expect_text(raw, "must be a server's name or address, such as ns1.contoso.com")
    try:
        return str(ip_address(text))
    except ValueError:
        return DOMAIN.parse(text)


DNS_SERVER = Notation(
    "a server's name or address",
    _parse_server,
    "ns1.contoso.com",
    matching(rf"([0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|{DOMAIN_FORM})"),
)
"""Who takes changes of a zone."""


def _ours(name: str, notation: Notation[Any], text: str, unsaid: str, *, confidential: bool = False) -> Parameter:
    return Parameter(
        name=name,
        notation=notation,
        unsaid=unsaid,
        answer=Answer.OURS,
        source="none; Exchange has no ACME",
        text=text,
        test=_SEEN,
        confidential=confidential,
    )


DNS = Group(
    "dns",
    "For DNS-01: who takes changes of the zone that the names are in (RFC 2136), and with which key.",
    (
        _ours("server", DNS_SERVER, "The name server that takes changes.", "nothing; DNS-01 needs it"),
        _ours("port", PORT, "Its port, over TCP.", "53"),
        _ours(
            "tsig_key",
            CREDENTIAL,
            "The file under private/credentials with the key's name, a colon and the key in base64.",
            "nothing; DNS-01 needs it",
            confidential=True,
        ),
        _ours("tsig_algorithm", word(TsigAlgorithm), "What changes are signed with.", "hmac-sha256"),
        _ours(
            "propagation_time",
            time_span(0, _HOUR),
            "How long it takes until every name server of the zone has a change; the CA is told after that.",
            "00:01:00",
        ),
    ),
)

ACME = Group(
    "acme",
    "For the source acme: which CA, and how it is shown that names are the site's.",
    (
        _ours("directory", DIRECTORY, "Where the CA's ACME begins (RFC 8555).", "nothing; the source acme needs it"),
        _ours("email", ADDRESS, "Whom the CA may write to.", "nobody"),
        _ours(
            "challenge",
            word(AcmeChallenge),
            "How names are proven: by a file that the CA fetches from port 80 of every front end (HTTP-01), or by a "
            "record in the zone (DNS-01), which wildcards need.",
            "HTTP-01",
        ),
        _ours(
            "terms_of_service_agreed",
            BOOLEAN,
            "That you agree to the CA's terms of service; nothing is fetched before that.",
            "false; the source acme needs true",
        ),
        _ours(
            "external_account",
            CREDENTIAL,
            "The file under private/credentials with the account that the CA gave you: its key's name, a colon and "
            "the key in base64url (RFC 8555, section 7.3.4).",
            "none",
            confidential=True,
        ),
        _ours(
            "ca_file",
            CERTIFICATE_FILE,
            "The file under private/certificates with the CA that the directory's own certificate is of, where that "
            "is none that Debian trusts.",
            "those that Debian trusts",
        ),
        DNS,
    ),
)
