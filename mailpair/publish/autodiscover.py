"""Outlook's Autodiscover: the answer in XML ("POX", [MS-OXDSCLI]), and where the JSON of version 2 leads to it.

The answer is a file, the same for every address. So it has no LoginName, and DomainRequired says that the whole address
is the name to sign in with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from mailpair.publish.clients import ClientProtocol, ClientSetting, client_settings
from mailpair.servers import Server
from mailpair.site.model import Site
from mailpair.site.web_names import AUTODISCOVER

RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
PATH = "/autodiscover/autodiscover.xml"
# Outlook tries the protocols in this order.
_ORDER = (ClientProtocol.IMAP, ClientProtocol.POP, ClientProtocol.SMTP)


def autodiscover(site: Site, servers: Sequence[Server] = ()) -> str | None:
    """The answer for all addresses; None where there is nothing to tell."""
    told = client_settings(site, servers)
    if not told:
        return None
    root = ET.Element("Autodiscover", xmlns=RESPONSE)
    response = ET.SubElement(root, "Response", xmlns=OUTLOOK)
    account = ET.SubElement(response, "Account")
    _text(account, "AccountType", "email")
    _text(account, "Action", "settings")
    for protocol in _ORDER:
        for each in told:
            if each.protocol is protocol:
                _protocol(account, each)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def autodiscover_json(site: Site, domain: str, servers: Sequence[Server] = ()) -> str | None:
    """The answer of version 2 about the protocol AutodiscoverV1: the address of the XML.

    Version 2 knows no POP and no IMAP: it says at which address a protocol of Exchange's is spoken, and Autodiscover's
    own XML is the only one of them that there is here.
    """
    if autodiscover(site, servers) is None:
        return None
    return json.dumps({"Protocol": "AutodiscoverV1", "Url": f"https://{AUTODISCOVER}.{domain}{PATH}"}) + "\n"


def _protocol(account: ET.Element, setting: ClientSetting) -> None:
    protocol = ET.SubElement(account, "Protocol")
    _text(protocol, "Type", setting.protocol.value.replace("POP", "POP3"))
    _text(protocol, "Server", setting.server)
    _text(protocol, "Port", str(setting.port))
    _text(protocol, "DomainRequired", "on")
    _text(protocol, "SPA", "off")
    _text(protocol, "SSL", "on")
    _text(protocol, "AuthRequired", "on")
    _text(protocol, "Encryption", setting.encryption.value)  # goes before SSL; its words are Exchange's


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text
