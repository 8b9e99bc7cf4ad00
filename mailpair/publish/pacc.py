"""PACC, the configuration that the IETF's working group mailmaint prepares (draft-ietf-mailmaint-pacc).

It has servers by name alone: each protocol is spoken at its own port, with TLS from the first byte. Where the site has
a protocol in other ways alone, PACC can't tell of it. The digest in DNS has to change with the file.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence

from mailpair.publish.clients import ClientProtocol, client_settings
from mailpair.servers import Server
from mailpair.site.model import Encryption, Site

_PROTOCOLS = {
    ClientProtocol.IMAP: ("imap", 993),
    ClientProtocol.POP: ("pop3", 995),
    ClientProtocol.SMTP: ("submit", 465),
}
_NAME_LENGTH = 60


def pacc(site: Site, servers: Sequence[Server] = ()) -> str | None:
    """The file for all addresses; None where it would name no server."""
    protocols: dict[str, dict[str, str]] = {}
    for each in client_settings(site, servers):
        name, port = _PROTOCOLS[each.protocol]
        if each.encryption is Encryption.SSL and each.port == port:
            protocols.setdefault(name, {"host": each.server})
    if not protocols:
        return None
    document = {
        "protocols": protocols,
        "authentication": {"password": True},
        "info": {"provider": {"name": site.domain[:_NAME_LENGTH]}},
    }
    return json.dumps(document, sort_keys=True) + "\n"


def pacc_digest(body: str) -> str:
    """The text at _ua-auto-config in DNS, which vouches for the file's very bytes."""
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode("ascii")
    return f"v=UAAC1; a=sha256; d={digest}"
