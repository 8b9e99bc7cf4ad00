"""Outlook's Autodiscover in XML: [MS-OXDSCLI], section 2.2.4.1, and Microsoft's reference of the elements (POX).

Outlook's source can't be read, so this is what the specification says of it. A protocol that it does not know is passed
over. What it supplies by itself: SSL is on, and Encryption goes before it. Without DomainName it signs in with the
whole address (UPN) where a domain is required, and with what stands before the @ where none is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.readers import RefusedError, Server, is_name, parsed

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

_RESPONSE = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"
_OUTLOOK = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
_TYPES = {"POP3": "POP", "IMAP": "IMAP", "SMTP": "SMTP"}
_PORTS = {("POP3", "SSL"): 995, ("IMAP", "SSL"): 993, ("SMTP", "SSL"): 465}
_PLAIN_PORTS = {"POP3": 110, "IMAP": 143, "SMTP": 25}
_SWITCHES = {
    "SPA": True,
    "SSL": True,
    "AuthRequired": True,
    "DomainRequired": False,
    "UsePOPAuth": True,
    "SMTPLast": False,
}
_ENCRYPTIONS = {"None", "SSL", "TLS", "Auto"}


def read(body: bytes, address: str) -> list[Server]:
    """Servers in the order of the answer; raises RefusedError."""
    root = parsed(body)
    if root.tag != f"{_RESPONSE}Autodiscover":
        raise RefusedError("no Autodiscover of the response's namespace")
    account = root.find(f"{_OUTLOOK}Response/{_OUTLOOK}Account")
    if account is None:
        raise RefusedError("no Account of Outlook's namespace")
    for tag, value in (("AccountType", "email"), ("Action", "settings")):
        if (said := account.findtext(f"{_OUTLOOK}{tag}")) != value:
            raise RefusedError(f"{tag} is {said!r}, not {value!r}")
    return [_server(each, address) for each in account.findall(f"{_OUTLOOK}Protocol") if _type(each) in _TYPES]


def _type(protocol: ET.Element) -> str:
    return protocol.findtext(f"{_OUTLOOK}Type") or ""


def _server(protocol: ET.Element, address: str) -> Server:
    text: dict[str, str] = {}
    for each in protocol:
        tag = each.tag.removeprefix(_OUTLOOK)
        if tag in text:
            raise RefusedError(f"{tag} is there twice")
        text[tag] = each.text or ""
    switches = dict(_SWITCHES)
    for tag in _SWITCHES.keys() & text.keys():
        if text[tag] not in {"on", "off"}:
            raise RefusedError(f"{tag} is {text[tag]!r}, not on or off")
        switches[tag] = text[tag] == "on"
    encryption = text.get("Encryption", "SSL" if switches["SSL"] else "None")
    if encryption not in _ENCRYPTIONS:
        raise RefusedError(f"Encryption is {encryption!r}")
    if not is_name(text.get("Server")):
        raise RefusedError(f"Server is {text.get('Server')!r}")
    kind = text["Type"]
    port = text.get("Port", "0")
    if not port.isdecimal() or int(port) > 65535:
        raise RefusedError(f"Port is {port!r}")
    number = int(port) or _PORTS.get((kind, encryption), _PLAIN_PORTS[kind])
    told = (_TYPES[kind], text["Server"], number, encryption)
    return Server(told, _login(text, address, upn=switches["DomainRequired"]))


def _login(text: dict[str, str], address: str, *, upn: bool) -> str:
    name = address.rpartition("@")[0]
    if login := text.get("LoginName"):
        return login
    if upn:
        return f"{text['DomainName']}\\{name}" if text.get("DomainName") else address
    return name
