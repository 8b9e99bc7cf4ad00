"""Notations of text that is passed on: greetings, comments, folders, web addresses, certificates' names."""

from __future__ import annotations

import re

from mailpair.settings.forms import in_any_case, matching
from mailpair.settings.names import DOMAIN, DOMAIN_FORM
from mailpair.settings.notation import Notation, NotationError, expect_text
from mailpair.settings.values import TlsCertificateName

# Printable ASCII without # $ % < > [ ] { } ` " and the backslash.
_GREETING = re.compile(r"[A-Za-z0-9](?:[ !&-;=?@A-Z^_a-z|~]*[!&-;=?@A-Z^_a-z|~])?")
_GREETING_REMEDY = "write letters, digits, spaces and ! & ' ( ) * + , - . / : ; = ? @ ^ _ | ~ only"
_READY = "220 "  # the code that SMTP greets with

LOGS = "/var/log/mailpair"
RECEIVE_LOG = f"{LOGS}/smtp-receive"
"""Where receive connectors log."""
_LOG_FOLDER = re.compile(rf"{LOGS}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{{0,63}}){{1,8}}")
# Without users, queries and fragments, so that a link can be made by adding a query.
_WEB = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/:?#@\[\]]+)(?P<port>:[0-9]{1,5})?(?P<path>(?:/[A-Za-z0-9._~!&'()*+,;=:@-]*)*)",
    re.IGNORECASE,
)
_WEB_LENGTH = 255
_PORTS = range(1, 65536)

_CERTIFICATE = re.compile(r"<I>(?P<issuer>[^<>]+)<S>(?P<subject>[^<>]+)", re.IGNORECASE)


def greeting(most: int) -> Notation[str]:
    """A line of plain ASCII text that a server says first.

    A client takes ``<...>`` in a POP3 greeting for a challenge and ``[...]`` in an IMAP4 greeting for a code; the other
    characters that are refused mean something in servers' configurations.
    """
    said = f"a line of 1 to {most} plain characters"

    def parse(raw: object) -> str:
        text = expect_text(raw, f"must be {said}", "put it in quotes")
        if len(text) > most or not _GREETING.fullmatch(text):
            raise NotationError(f"must be {said}, a letter or digit first", _GREETING_REMEDY)
        return text

    return Notation(said, parse, "Ready.", {**matching(_GREETING.pattern), "maxLength": most})


def smtp_greeting(most: int) -> Notation[str]:
    """A greeting with SMTP's code before it, as Exchange has it; the value is what follows the code."""
    rest = greeting(most)
    said = f"220, a blank and {rest.said}"

    def parse(raw: object) -> str:
        text = expect_text(raw, f"must be {said}", "put it in quotes")
        if not text.startswith(_READY):
            raise NotationError(f"must be {said}", "begin it with 220 and a blank")
        return rest.parse(text.removeprefix(_READY))

    return Notation(said, parse, '"220 Ready."', matching(_READY + _GREETING.pattern), lambda text: _READY + text)


def line(most: int) -> Notation[str]:
    """One line of text for people."""
    said = f"a line of 1 to {most} characters"

    def parse(raw: object) -> str:
        text = expect_text(raw, f"must be {said}", "put it in quotes")
        if not 1 <= len(text) <= most or not text.isprintable():
            raise NotationError(f"must be {said}")
        return text

    return Notation(said, parse, "For the branch office", {**matching(".+"), "maxLength": most})


def _parse_log_folder(raw: object) -> str:
    rule = f"must be a folder below {LOGS}"
    text = expect_text(raw, rule).removesuffix("/")
    if not _LOG_FOLDER.fullmatch(text):
        other = re.fullmatch(r"/var/log/[A-Za-z0-9._/-]*[A-Za-z0-9_-]", text) and ".." not in text
        remedy = f"write it as {LOGS}/pop3, of letters, digits and . _ -"
        raise NotationError(rule, "other folders of /var/log may be another service's" if other else remedy)
    if f"{text}/".startswith(f"{RECEIVE_LOG}/"):
        raise NotationError(f"must not be in {RECEIVE_LOG}", "receive connectors log there")
    return text


LOG_FOLDER = Notation(
    f"a folder below {LOGS}",
    _parse_log_folder,
    f"{LOGS}/pop3",
    matching(rf"{LOGS}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+/?"),
)
"""Where logs may be written: other services have the rest of /var/log, with owners and rights of their own."""


def _parse_web_address(raw: object) -> str:
    rule = "must be a web address, such as https://mail.contoso.com/owa"
    text = expect_text(raw, rule)
    match = _WEB.fullmatch(text)
    if not match or len(text) > _WEB_LENGTH or int((match["port"] or ":1")[1:]) not in _PORTS:
        raise NotationError(rule, "leave out users, queries and fragments" if "://" in text else "")
    try:
        host = DOMAIN.parse(match["host"])
    except NotationError as error:
        raise NotationError(f"server's name {error.rule}", error.remedy) from error
    return f"{match['scheme'].lower()}://{host}{match['port'] or ''}{match['path']}"


WEB_ADDRESS = Notation(
    "a web address such as https://mail.contoso.com/owa",
    _parse_web_address,
    "https://mail.contoso.com/owa",
    matching(rf"{in_any_case('http')}[sS]?://{DOMAIN_FORM}(:[0-9]+)?(/[^?# ]*)?"),
)
"""An address to which links are made."""


def _parse_certificate(raw: object) -> TlsCertificateName:
    rule = "must be <I>, the issuer, <S> and the subject, such as <I>CN=Contoso CA<S>CN=mail.contoso.com"
    match = _CERTIFICATE.fullmatch(expect_text(raw, rule, "put it in quotes"))
    if not match:
        raise NotationError(rule)
    issuer, subject = (_distinguished(match[name]) for name in ("issuer", "subject"))
    if not issuer or not subject:
        raise NotationError(rule)
    return TlsCertificateName(issuer, subject)


def _distinguished(text: str) -> str:
    """A distinguished name without blanks around its commas; empty where it is none."""
    parts = [part.strip() for part in text.split(",")]
    return ",".join(parts) if all(re.fullmatch(r"[A-Za-z]{1,8}=[ -~]+", part) for part in parts) else ""


TLS_CERTIFICATE_NAME = Notation(
    "<I>, a certificate's issuer, <S> and its subject",
    _parse_certificate,
    '"<I>CN=Contoso CA<S>CN=mail.contoso.com"',
    matching("<[Ii]>[^<>]+<[Ss]>[^<>]+"),
)
"""A certificate as Set-ReceiveConnector -TlsCertificateName names it."""
