"""Thunderbird on a desktop: ``readFromXML`` of comm-central's accountcreation modules, the one for ES modules.

A server that it can't use is passed over, and the next one is looked at. Without one of each direction there is no
account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.readers import RefusedError, Server, filled_in, is_name, parsed

if TYPE_CHECKING:
    from collections.abc import Container
    from xml.etree import ElementTree as ET

_TYPES = {"imap": "IMAP", "pop3": "POP", "smtp": "SMTP"}
_SOCKETS = {"SSL": "SSL", "STARTTLS": "TLS", "plain": "plain"}
_PASSWORD = ("password-cleartext", "plain", "password-encrypted", "secure")
_INCOMING = (*_PASSWORD, "GSSAPI", "NTLM")
_OUTGOING = (*_INCOMING, "none", "client-IP-address", "smtp-after-pop")


def read(body: bytes, address: str) -> list[Server]:
    """Servers in the order in which it tries them, those for reading first; raises RefusedError."""
    provider = _one(parsed(body), "clientConfig").find("emailProvider")
    if provider is None:
        raise RefusedError("no emailProvider")
    if not is_name(provider.get("id")):
        raise RefusedError("emailProvider has no id that is a host's name")
    if not any(is_name(each.text) for each in provider.findall("domain")):
        raise RefusedError("no proper domain")
    servers: list[Server] = []
    for tag, types, ways in (
        ("incomingServer", ("imap", "pop3"), _INCOMING),
        ("outgoingServer", ("smtp",), _OUTGOING),
    ):
        usable, reason = _usable(provider.findall(tag), address, types, ways)
        if not usable:
            raise RefusedError(reason or f"no proper {tag}")
        servers += usable
    return servers


def _one(root: ET.Element, tag: str) -> ET.Element:
    if root.tag != tag:
        raise RefusedError(f"no {tag}")
    return root


def _usable(
    elements: list[ET.Element], address: str, types: Container[str], ways: Container[str]
) -> tuple[list[Server], str]:
    """Those that it can use, and why it can't use the last of the others."""
    usable, reason = [], ""
    for each in elements:
        try:
            usable.append(_server(each, address, types, ways))
        except RefusedError as error:
            reason = str(error)
    return usable, reason


def _server(element: ET.Element, address: str, types: Container[str], ways: Container[str]) -> Server:
    kind, host, port = element.get("type", ""), element.findtext("hostname"), element.findtext("port", "")
    if kind not in types:
        raise RefusedError(f"type {kind!r} is not supported")
    if host is None or not is_name(host):
        raise RefusedError(f"hostname {host!r} is not one")
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise RefusedError(f"port {port!r} is not from 1 to 65535")
    socket = next(
        (_SOCKETS[text] for each in element.findall("socketType") if (text := each.text or "") in _SOCKETS), ""
    )
    if not socket:
        raise RefusedError("no socketType that it knows")
    way = next((text for each in element.findall("authentication") if (text := each.text or "") in ways), "")
    if not way:
        raise RefusedError("no authentication that it knows")
    username = element.findtext("username") or ""
    if not username and (kind != "smtp" or way in _PASSWORD):
        raise RefusedError("no username")
    copy = {"true": True, "false": False}.get(element.findtext("pop3/leaveMessagesOnServer") or "")
    told = (_TYPES[kind], host.lower(), int(port), socket)
    return Server(told, filled_in(username, address), copy if kind == "pop3" else None)
