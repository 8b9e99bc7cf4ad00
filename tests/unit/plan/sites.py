"""Sites to plan from, with what a test does not care about filled in."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from mailpair.settings.values import Binding
from mailpair.site.model import (
    AuthMechanism,
    Kind,
    Mailbox,
    PermissionGroup,
    ProtocolSettings,
    ReceiveConnector,
    SendConnector,
    ServicePair,
    Site,
    SmartHost,
    SmartHostAuth,
)

NO_PROTOCOL = ProtocolSettings((), None, (), (), 1995, None, "ready")


def site(**given: Any) -> Site:
    """A site with the domain contoso.test and nothing in it."""
    empty = Site(("contoso.test",), ServicePair(), ServicePair(), NO_PROTOCOL, NO_PROTOCOL, (), (), (), ())
    return replace(empty, **given)


def mailbox(address: str, *further: str, kind: Kind = Kind.USER, server: str = "back1") -> Mailbox:
    """A mailbox and its further addresses."""
    user = kind is Kind.USER
    return Mailbox(address, server, kind, user, user, further)


def bindings(*texts: str) -> tuple[Binding, ...]:
    """Bindings as Exchange writes them."""
    pairs = (text.rpartition(":") for text in texts)
    return tuple(Binding(ip_address(host.strip("[]")), int(port)) for host, _, port in pairs)


def receive(name: str = "Client Frontend", **given: Any) -> ReceiveConnector:
    """A connector for users, on 587."""
    connector = ReceiveConnector(
        name=name,
        enabled=True,
        fqdn=None,
        bindings=bindings("0.0.0.0:587"),
        ssl_bindings=(),
        auth_mechanism=frozenset({AuthMechanism.TLS, AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS}),
        permission_groups=frozenset({PermissionGroup.EXCHANGE_USERS}),
        advertise_client_settings=False,
        max_message_size=37748736,
        max_recipients_per_message=200,
    )
    return replace(connector, **given)


def send(name: str = "Internet", *smart_hosts: str, spaces: tuple[str, ...] = ("*",), **given: Any) -> SendConnector:
    """A connector for everything; ``smart_hosts`` are ``host:port``."""
    pairs = (text.rpartition(":") for text in smart_hosts)
    connector = SendConnector(
        name=name,
        enabled=True,
        address_spaces=spaces,
        smart_hosts=tuple(SmartHost(host.strip("[]"), int(port)) for host, _, port in pairs),
        smart_host_auth_mechanism=SmartHostAuth.NONE,
        authentication_credential=None,
        require_tls=False,
        fqdn=None,
    )
    return replace(connector, **given)
