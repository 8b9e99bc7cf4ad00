"""A mailbox's client settings, for a person at a terminal and for a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mailpair.publish.clients import ClientProtocol, View, client_settings
from mailpair.servers import Server
from mailpair.site.model import Encryption, Mailbox, Site

ENCRYPTION = {Encryption.SSL: "TLS from the first byte (SSL)", Encryption.TLS: "STARTTLS (TLS)"}
_NOTHING = "not offered"


def settings_text(site: Site, servers: Sequence[Server], mailbox: Mailbox) -> str:
    """Outside and inside, a line a setting."""
    parts = [f"Settings of {mailbox.address}, who signs in with this address\n"]
    for view in View:
        parts.append(f"\n{view.value.capitalize()}\n")
        parts += [f"  {line}\n" for line in _lines(site, servers, mailbox, view)]
    return "".join(parts)


def _lines(site: Site, servers: Sequence[Server], mailbox: Mailbox, view: View) -> Iterator[str]:
    told = client_settings(site, servers, mailbox, view)
    width = max((len(each.server) for each in told), default=0)
    for protocol in ClientProtocol:
        offers = [each for each in told if each.protocol is protocol]
        for each in offers:
            yield f"{protocol.value:<4}  {each.server:<{width}}  port {each.port:<5}  {ENCRYPTION[each.encryption]}"
        if not offers:
            yield f"{protocol.value:<4}  {_NOTHING}"


def settings_json(site: Site, servers: Sequence[Server], mailbox: Mailbox) -> dict[str, Any]:
    """The same as plain data: ``{"address": ..., "outside": {"pop": [...], "imap": [...], "smtp": [...]}, ...}``."""
    document: dict[str, Any] = {"address": mailbox.address}
    for view in View:
        told = client_settings(site, servers, mailbox, view)
        document[view.value] = {
            protocol.value.lower(): [
                {"server": each.server, "port": each.port, "encryption": each.encryption.value}
                for each in told
                if each.protocol is protocol
            ]
            for protocol in ClientProtocol
        }
    return document
