"""Readers of what is published, by the rules of the programs that read it, and independent of what writes it."""

from __future__ import annotations

import http.client
import json
import plistlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab

Told = tuple[str, str, int, str]  # POP, IMAP or SMTP; the server; the port; SSL or TLS

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")
_OUTLOOK = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
_RESPONSE = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"


@dataclass(frozen=True)
class Reply:
    """What a front end answers."""

    status: int
    headers: dict[str, str]
    body: bytes


def fetch(
    lab: Lab, url: str, method: str = "GET", body: str | None = None, headers: dict[str, str] | None = None
) -> Reply:
    """One request, without following anything; the certificate has to be for the name."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    made: http.client.HTTPConnection
    if scheme == "https":
        made = http.client.HTTPSConnection(host, timeout=PATIENCE, context=lab.tls)
    else:
        made = http.client.HTTPConnection(host, timeout=PATIENCE)
    try:
        made.request(method, slash + path, body, headers or {})
        answer = made.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        made.close()


def parsed(body: bytes) -> ET.Element:
    """XML as a careful program reads it: no DTD, so no entities."""
    assert b"<!" not in body
    return ET.fromstring(body.decode("utf-8"))


def of_thunderbird(body: bytes, domain: str) -> list[Told]:
    """Thunderbird's rules (readFromXML): what it does not know it leaves out, and it wants both directions."""
    root = parsed(body)
    assert root.tag == "clientConfig"
    assert root.get("version") == "1.1"
    provider = root.find("emailProvider")
    assert provider is not None
    assert _HOST.fullmatch(provider.get("id", ""))
    assert domain in [each.text for each in provider.findall("domain")]
    told = [
        *_servers(provider, "incomingServer", {"pop3": "POP", "imap": "IMAP"}),
        *_servers(provider, "outgoingServer", {"smtp": "SMTP"}),
    ]
    directions = {protocol == "SMTP" for protocol, *_ in told}
    assert directions == {True, False}
    return told


def _servers(provider: ET.Element, tag: str, types: dict[str, str]) -> Iterator[Told]:
    for server in provider.findall(tag):
        text = {each.tag: (each.text or "") for each in server}
        port = int(text["port"])
        assert _HOST.fullmatch(text["hostname"])
        assert 1 <= port <= 65535
        assert text["username"] in {"%EMAILADDRESS%", "%EMAILLOCALPART%"}
        assert text["authentication"] in {"password-cleartext", "password-encrypted", "GSSAPI"}
        if server.get("type") == "pop3":
            assert server.findtext("pop3/leaveMessagesOnServer") == "true"
        yield (
            types[server.get("type", "")],
            text["hostname"],
            port,
            {"SSL": "SSL", "STARTTLS": "TLS"}[text["socketType"]],
        )


def of_outlook(body: bytes) -> list[Told]:
    """Outlook's rules ([MS-OXDSCLI] 2.2.4.1): the namespaces, the account's action, a protocol a server."""
    root = parsed(body)
    assert root.tag == f"{_RESPONSE}Autodiscover"
    account = root.find(f"{_OUTLOOK}Response/{_OUTLOOK}Account")
    assert account is not None
    assert account.findtext(f"{_OUTLOOK}AccountType") == "email"
    assert account.findtext(f"{_OUTLOOK}Action") == "settings"
    told = []
    for protocol in account.findall(f"{_OUTLOOK}Protocol"):
        text = {each.tag.removeprefix(_OUTLOOK): (each.text or "") for each in protocol}
        assert "LoginName" not in text
        assert (text["SPA"], text["AuthRequired"], text["DomainRequired"]) == ("off", "on", "on")
        assert text["Encryption"] in {"SSL", "TLS"}
        told.append(
            ({"POP3": "POP"}.get(text["Type"], text["Type"]), text["Server"], int(text["Port"]), text["Encryption"])
        )
    return told


def of_pacc(body: bytes) -> list[Told]:
    """Its protocols, at their own ports."""
    ports = {"imap": ("IMAP", 993), "pop3": ("POP", 995), "submit": ("SMTP", 465)}
    document = json.loads(body)
    assert document["authentication"] == {"password": True}
    return [(ports[name][0], each["host"], ports[name][1], "SSL") for name, each in document["protocols"].items()]


def of_dns(lines: str, domain: str) -> list[Told]:
    """What a program finds by RFC 6186 and 8314: all services that are not said to be missing, the best first."""
    kinds = {
        "_imaps": ("IMAP", "SSL"), "_imap": ("IMAP", "TLS"), "_pop3s": ("POP", "SSL"), "_pop3": ("POP", "TLS"),
        "_submissions": ("SMTP", "SSL"), "_submission": ("SMTP", "TLS"),
    }  # fmt: skip
    found = []
    for service, priority, port, target in re.findall(
        rf"^(_\w+)\._tcp\.{re.escape(domain)}\. IN SRV (\d+) \d+ (\d+) (\S*)\.$", lines, re.MULTILINE
    ):
        if service in kinds and target:
            protocol, encryption = kinds[service]
            found.append((int(priority), (protocol, target, int(port), encryption)))
    return [told for _, told in sorted(found)]


def of_apple(body: bytes) -> tuple[list[Told], dict[str, Any]]:
    """The servers of a profile, and its mail payload. It does not say how TLS begins: the port has to."""
    whole = plistlib.loads(body)
    assert whole["PayloadType"] == "Configuration"
    (mail,) = (each for each in whole["PayloadContent"] if each["PayloadType"] == "com.apple.mail.managed")
    begins = {993: "SSL", 995: "SSL", 465: "SSL", 143: "TLS", 110: "TLS", 587: "TLS"}
    incoming = {"EmailTypeIMAP": "IMAP", "EmailTypePOP": "POP"}[mail["EmailAccountType"]]
    told = []
    for side, protocol in (("Incoming", incoming), ("Outgoing", "SMTP")):
        assert mail[f"{side}MailServerUseSSL"] is True
        port = mail[f"{side}MailServerPortNumber"]
        told.append((protocol, mail[f"{side}MailServerHostName"], port, begins[port]))
    return told, mail
