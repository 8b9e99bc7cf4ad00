"""Sites to plan from, with what a test does not care about filled in."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from mailpair.settings.values import Binding
from mailpair.site.model import AddressSpace, Kind, Mailbox, ReceiveConnector, SendConnector, Site, SmartHost
from tests.unit.sites import default_mailbox, default_send_connector, default_site

# A protocol that listens nowhere.
NO_PROTOCOL = replace(default_site().pop_settings, ssl_bindings=(), unencrypted_or_tls_bindings=(), banner="ready")


def site(**given: Any) -> Site:
    """A site with the domain contoso.test and nothing in it."""
    empty = replace(default_site(), pop_settings=NO_PROTOCOL, imap_settings=NO_PROTOCOL, receive_connectors=())
    return replace(empty, **given)


def mailbox(address: str, *further: str, kind: Kind = Kind.USER, server: str = "back1") -> Mailbox:
    """A mailbox and its further addresses."""
    user = kind is Kind.USER
    return replace(
        default_mailbox(),
        address=address,
        server=server,
        kind=kind,
        pop_enabled=user,
        imap_enabled=user,
        email_addresses=further,
    )


def bindings(*texts: str) -> tuple[Binding, ...]:
    """Bindings as Exchange writes them."""
    pairs = (text.rpartition(":") for text in texts)
    return tuple(Binding(ip_address(host.strip("[]")), int(port)) for host, _, port in pairs)


def receive(name: str = "Client Frontend", **given: Any) -> ReceiveConnector:
    """A connector for users, on 587."""
    connector = default_site().receive_connectors[0]
    return replace(connector, **{"name": name, "bindings": bindings("0.0.0.0:587"), **given})


def send(name: str = "Internet", *smart_hosts: str, spaces: tuple[str, ...] = ("*",), **given: Any) -> SendConnector:
    """A connector for everything; ``smart_hosts`` are ``host:port``."""
    pairs = (text.rpartition(":") for text in smart_hosts)
    connector = replace(
        default_send_connector(),
        name=name,
        address_spaces=tuple(AddressSpace(space) for space in spaces),
        smart_hosts=tuple(SmartHost(host.strip("[]"), int(port)) for host, _, port in pairs),
    )
    return replace(connector, **given)
