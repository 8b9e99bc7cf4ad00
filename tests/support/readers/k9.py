"""K-9 Mail and Thunderbird for Android: ``RealAutoconfigParser.kt`` of thunderbird-android (commit 0404b33d).

It takes the first server for IMAP and the first for SMTP, and passes over servers of other types. A fault in any server
of those two types, or an element that is missing there, ends it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.readers import RefusedError, Server, filled_in, is_name, parsed

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

_TYPES = {"imap": "IMAP", "smtp": "SMTP"}
_SOCKETS = {"SSL": "SSL", "STARTTLS": "TLS"}
_TEXTS = {"hostname", "port", "username", "socketType", "authentication"}
_WAYS = {"OAuth2", "password-cleartext", "password-encrypted"}


def read(body: bytes, address: str) -> list[Server]:
    """Its two servers, the one for reading first; raises RefusedError with its words."""
    root = parsed(body)
    if root.tag != "clientConfig":
        raise RefusedError("Missing 'clientConfig' element")
    provider = root.find("emailProvider")
    if provider is None:
        raise RefusedError("Missing 'emailProvider' element")
    if provider.get("id") is None:
        raise RefusedError("Missing 'emailProvider.id' attribute")
    if not is_name(provider.get("id")):
        raise RefusedError("Invalid 'emailProvider.id' attribute")
    found = {
        tag: [_server(each, address) for each in provider.findall(tag) if each.get("type") == kind]
        for tag, kind in (("incomingServer", "imap"), ("outgoingServer", "smtp"))
    }
    if not any(is_name(filled_in(each.text or "", address)) for each in provider.findall("domain")):
        raise RefusedError("Valid 'domain' element required")
    for tag, servers in found.items():
        if not servers:
            raise RefusedError(f"Missing '{tag}' element")
    return [servers[0] for servers in found.values()]


def _server(element: ET.Element, address: str) -> Server:
    for tag in ("hostname", "port", "username", "socketType"):
        if element.find(tag) is None:
            raise RefusedError(f"Missing '{tag}' element")
    if any(len(each) for each in element if each.tag in _TEXTS):
        raise RefusedError("Expected text, but got START_TAG")
    host, port = filled_in(element.findtext("hostname", ""), address), element.findtext("port", "")
    if not is_name(host):
        raise RefusedError(f"Invalid 'hostname' value: '{host}'")
    if not port.isdecimal() or int(port) > 65535:
        raise RefusedError(f"Invalid 'port' value: '{port}'")
    if not _WAYS & {each.text for each in element.findall("authentication")}:
        raise RefusedError("No usable 'authentication' element found")
    socket = element.findtext("socketType", "")
    if socket not in _SOCKETS:
        raise RefusedError(f"Unknown 'socketType' value: '{socket}'")
    told = (_TYPES[element.get("type", "")], host, int(port), _SOCKETS[socket])
    return Server(told, filled_in(element.findtext("username", ""), address))
