"""Thunderbird's autoconfig, as many other programs read it too: the format of Mozilla's ISPDB, version 1.1.

https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat, and draft-ietf-mailmaint-autoconfig.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from mailpair.publish.clients import ClientProtocol, ClientSetting, client_settings
from mailpair.servers import Server
from mailpair.site.model import Encryption, Site

_TYPES = {ClientProtocol.POP: "pop3", ClientProtocol.IMAP: "imap", ClientProtocol.SMTP: "smtp"}
_SOCKETS = {Encryption.SSL: "SSL", Encryption.TLS: "STARTTLS"}


def autoconfig(site: Site, servers: Sequence[Server] = ()) -> str | None:
    """The file for all addresses of the site; None where a program could not set up an account with it.

    Programs take the first server that they can use, so IMAP stands before POP; within a protocol the order is the
    document's. With POP a copy of each message stays on the server.
    """
    told = client_settings(site, servers)
    incoming = [
        each for wanted in (ClientProtocol.IMAP, ClientProtocol.POP) for each in told if each.protocol is wanted
    ]
    outgoing = [each for each in told if each.protocol is ClientProtocol.SMTP]
    if not (incoming and outgoing):
        return None
    root = ET.Element("clientConfig", version="1.1")
    provider = ET.SubElement(root, "emailProvider", id=site.domain)
    for domain in site.accepted_domains:
        _text(provider, "domain", domain)
    _text(provider, "displayName", f"Mail of {site.domain}")
    _text(provider, "displayShortName", site.domain)
    for each in incoming:
        server = _server(provider, "incomingServer", each)
        if each.protocol is ClientProtocol.POP:
            _text(ET.SubElement(server, "pop3"), "leaveMessagesOnServer", "true")
    for each in outgoing:
        _server(provider, "outgoingServer", each)
    if site.web_site.enabled:
        documentation = ET.SubElement(provider, "documentation", url=f"https://{site.web_site.host_name}/")
        _text(documentation, "descr", "Settings for mail programs").set("lang", "en")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _server(provider: ET.Element, kind: str, setting: ClientSetting) -> ET.Element:
    server = ET.SubElement(provider, kind, type=_TYPES[setting.protocol])
    _text(server, "hostname", setting.server)
    _text(server, "port", str(setting.port))
    _text(server, "socketType", _SOCKETS[setting.encryption])
    _text(server, "username", "%EMAILADDRESS%")
    _text(server, "authentication", "password-cleartext")  # within TLS
    return server


def _text(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = text
    return element
