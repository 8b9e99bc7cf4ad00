"""What mail programs make of a publication, by their own rules and independent of what writes it.

Each module is one program: what it demands, what it passes over, what it supplies by itself, and how it refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

Told = tuple[str, str, int, str]  # POP, IMAP or SMTP; the server; the port; SSL or TLS

# A name's labels (RFC 1123, section 2.1), as Mozilla's hostnameUtils has them too.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_LONGEST_NAME = 253


class RefusedError(Exception):
    """The program makes no account of it, for the reason that it gives."""


@dataclass(frozen=True)
class Server:
    """A server as a program would use it."""

    told: Told
    username: str
    leaves_copy: bool | None = None  # POP: whether messages stay on the server; None: not said, or not POP


def told_by(servers: list[Server], address: str) -> list[Told]:
    """What servers are told; the name to sign in with is the address, and no POP server is to lose its copies."""
    for each in servers:
        assert each.username == address
        assert each.leaves_copy is not False
    return [each.told for each in servers]


def parsed(body: bytes) -> ET.Element:
    """XML as a careful program reads it: no DTD, so no entities."""
    if b"<!" in body:
        raise RefusedError("a document type or a comment")
    try:
        return ET.fromstring(body.decode("utf-8"))
    except (ET.ParseError, UnicodeDecodeError) as error:
        raise RefusedError(f"not XML: {error}") from None


def is_name(text: str | None) -> bool:
    """Whether text is a host's name."""
    return text is not None and len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def filled_in(text: str, address: str) -> str:
    """The variables of the ISPDB's format, of an address (draft-ietf-mailmaint-autoconfig)."""
    name, _, domain = address.rpartition("@")
    for variable, value in (("EMAILADDRESS", address), ("EMAILLOCALPART", name), ("EMAILDOMAIN", domain)):
        text = text.replace(f"%{variable}%", value)
    return text
