"""Notations of names: domains, hosts, mail addresses, and the names that administrators give to things."""

from __future__ import annotations

import re

from mailpair.settings.forms import matching
from mailpair.settings.notation import Notation, NotationError, expect_text
from mailpair.settings.values import AddressSpace

PRIVATE_CA = "mailpair private CA"
"""What the common name of a site's own CA begins with; a part of its key follows."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN_LENGTH = 253  # RFC 1035, without the root
_LOCAL_PART_LENGTH = 64  # RFC 5321, 4.5.3.1.1
# What Dovecot takes in a user's name without being told to, less than RFC 5321 allows: an address is a name to sign in
# with, a file's name and a folder's as well.
_LOCAL_PART = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_LABELS = 2


def _parse_domain(raw: object) -> str:
    text = expect_text(raw, "must be a full name, such as contoso.com").lower()
    if not text.isascii():
        raise NotationError("must be in ASCII", _ascii_remedy(text))
    labels = text.split(".")
    if (
        len(text) > _DOMAIN_LENGTH
        or len(labels) < _LABELS
        or labels[-1].isdigit()
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise NotationError("must be a full name of letters, digits and hyphens, such as mail.contoso.com")
    return text


def _ascii_remedy(text: str) -> str:
    try:
        return f"write {text.encode('idna').decode()!r}"
    except UnicodeError:
        return "write its IDNA form, which begins with xn--"


# For editors: domains, and the same behind a wildcard.
DOMAIN_FORM = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+"
_CERTIFICATE_NAME_FORM = rf"(\*\.)?{DOMAIN_FORM}"

DOMAIN = Notation("a full name such as contoso.com", _parse_domain, "contoso.com", matching(DOMAIN_FORM))
"""A domain or a host's full name; it means its lower-case form."""


def _parse_certificate_name(raw: object) -> str:
    text = expect_text(raw, "must be a full name, such as mail.contoso.com, or *.contoso.com")
    wildcard, rest = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    return wildcard + _parse_domain(rest)


CERTIFICATE_NAME = Notation(
    "a full name such as mail.contoso.com, or *.contoso.com",
    _parse_certificate_name,
    "mail.contoso.com",
    matching(_CERTIFICATE_NAME_FORM),
)
"""A name in a certificate; ``*.`` stands for one label."""


def covers(certificate_name: str, host: str) -> bool:
    """Whether a certificate's name speaks of a host (RFC 6125: ``*.`` stands for exactly one label)."""
    if certificate_name.startswith("*."):
        return host.partition(".")[2] == certificate_name[2:]
    return host == certificate_name


_COST = re.compile(r"[0-9]{1,3}")
_COSTS = range(1, 101)


def _parse_address_space(raw: object) -> AddressSpace:
    rule = "must be *, a domain, or *. and a domain, with a cost if it is not 1, such as SMTP:*.contoso.com;10"
    text = expect_text(raw, rule)
    kind, separator, rest = text.rpartition(":")
    if separator and kind.lower() != "smtp":
        raise NotationError(rule, "mail leaves by SMTP alone")
    pattern, separator, cost = rest.partition(";")
    if separator and not (_COST.fullmatch(cost.strip()) and int(cost) in _COSTS):
        raise NotationError(f"cost must be a whole number from {_COSTS[0]} to {_COSTS[-1]}")
    try:
        name = "*" if pattern == "*" else _parse_certificate_name(pattern)
    except NotationError as error:
        raise NotationError(rule if text.isascii() else error.rule, error.remedy) from error
    return AddressSpace(name, int(cost) if separator else 1)


ADDRESS_SPACE = Notation(
    "*, a domain, or *. and a domain, with a cost if it is not 1",
    _parse_address_space,
    '"SMTP:*;1"',
    matching(rf"([Ss][Mm][Tt][Pp]:)?(\*|{_CERTIFICATE_NAME_FORM})(; *[0-9]{{1,3}} *)?"),
)
"""Which recipients a send connector is for: all, a domain's, or those of all its subdomains."""


def _parse_address(raw: object) -> str:
    text = expect_text(raw, "must be an address, such as ada@contoso.com").lower()
    local, separator, domain = text.rpartition("@")
    if not separator or not local:
        raise NotationError("must be an address, such as ada@contoso.com")
    if len(local) > _LOCAL_PART_LENGTH or not _LOCAL_PART.fullmatch(local):
        raise NotationError(
            f"must have 1 to {_LOCAL_PART_LENGTH} letters, digits, hyphens and underscores before its @, "
            "with single dots between them"
        )
    try:
        return f"{local}@{_parse_domain(domain)}"
    except NotationError as error:
        raise NotationError(f"domain {error.rule}", error.remedy) from error


ADDRESS = Notation(
    "an address such as ada@contoso.com",
    _parse_address,
    "ada@contoso.com",
    matching(rf"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*@{DOMAIN_FORM}"),
)
"""A mail address; it means its lower-case form."""


def _named(said: str, pattern: str, example: str) -> Notation[str]:
    compiled = re.compile(pattern)

    def parse(raw: object) -> str:
        text = expect_text(raw, f"must be {said}")
        if not compiled.fullmatch(text):
            raise NotationError(f"must be {said}")
        return text

    return Notation(said, parse, example, matching(pattern))


SERVER = _named(
    "a server's name in the inventory, of 1 to 253 letters, digits and . _ -",
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?",
    "back1",
)
"""The name that an inventory or a stack gives to a server; upper and lower case differ, as they do there."""

TITLE = _named(
    "a name of 1 to 64 letters, digits, spaces and . _ - ( ), with a letter or digit first",
    r"[A-Za-z0-9](?:[A-Za-z0-9 ._()-]{0,62}[A-Za-z0-9._()-])?",
    "Client Frontend",
)
"""What an administrator calls a connector or a certificate."""


def word(title: str) -> str:
    """Make a title one word, as names of services are: ``Client Frontend`` is client-frontend."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


CREDENTIAL = _named(
    "a file's name of 1 to 64 letters, digits and . _ -, with a letter or digit first",
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "relay",
)
"""The name of a file under ``credentials`` in the site's private folder."""

KEYTAB = _named(
    "a file's name of 1 to 64 letters, digits and . _ -, with a letter or digit first",
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "krb5.keytab",
)
"""The name of a file under ``keytabs`` in the site's private folder."""

CERTIFICATE_FILE = _named(
    "a file's name of 1 to 64 letters, digits and . _ -, with a letter or digit first",
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "mail.pem",
)
"""The name of a file under ``certificates`` in the site's private folder."""

SELECTOR = _named(
    "a word of 1 to 30 lower-case letters, digits and hyphens, a letter or digit first and last",
    r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?",
    "s1",
)
"""What tells a domain's keys apart in DNS (RFC 6376); a server's name is added to it."""
