"""The settings that a user enters in a mail program: server, port and encryption for POP, IMAP and SMTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from mailpair.servers import Role, Server
from mailpair.site.model import (
    Binding,
    ConnectionSetting,
    Encryption,
    Kind,
    Mailbox,
    Protocol,
    ProtocolSettings,
    ReceiveConnector,
    Site,
)


class ClientProtocol(Enum):
    """What a mail program asks settings for, in the order in which users are shown them."""

    POP = "POP"
    IMAP = "IMAP"
    SMTP = "SMTP"


class View(Enum):
    """Where the client is: on the Internet, or in the organisation's own network."""

    OUTSIDE = "outside"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class ClientSetting:
    """One way for a mail program to connect; the first of a protocol is the one to recommend."""

    protocol: ClientProtocol
    server: str
    port: int
    encryption: Encryption


def client_settings(
    site: Site, servers: Sequence[Server] = (), mailbox: Mailbox | None = None, view: View = View.OUTSIDE
) -> tuple[ClientSetting, ...]:
    """The settings to show, ordered by protocol and then as the document lists them, each once.

    ``servers`` are the site's servers: without them only names that the document itself gives are known. ``mailbox``
    limits the settings to what its owner may use; None stands for an owner who may use everything.

    By default there are none, as in Exchange: POP and IMAP appear while both of their services run and the document
    has connection settings for them, SMTP while a connector has ``advertise_client_settings``. Inside, a protocol
    whose internal settings the document does not give is offered under each front end's own name, at the ports that
    it listens on; a connector whose settings it does not give, under the connector's name.
    """
    if mailbox is not None and (mailbox.kind is not Kind.USER or mailbox.account_disabled):
        return ()
    fronts = [server for server in servers if server.role is Role.CLIENT_ACCESS]
    settings: list[ClientSetting] = []
    if mailbox is None or mailbox.pop_enabled:
        settings += _mailbox_access(site, fronts, Protocol.POP3, ClientProtocol.POP, view)
    if mailbox is None or mailbox.imap_enabled:
        settings += _mailbox_access(site, fronts, Protocol.IMAP4, ClientProtocol.IMAP, view)
    settings += _submission(site, fronts, view)
    return tuple(dict.fromkeys(settings))


def client_settings_json(site: Site, servers: Sequence[Server] = ()) -> dict[str, dict[str, list[dict[str, object]]]]:
    """Both views as plain data: ``{"outside": {"pop": [{"server": ..., "port": ..., "encryption": ...}], ...}}``.

    Each view has the keys ``pop``, ``imap`` and ``smtp``; their lists are empty where nothing is offered.
    """
    document: dict[str, dict[str, list[dict[str, object]]]] = {}
    for view in View:
        offers: dict[str, list[dict[str, object]]] = {protocol.value.lower(): [] for protocol in ClientProtocol}
        for each in client_settings(site, servers, view=view):
            offers[each.protocol.value.lower()].append(
                {"server": each.server, "port": each.port, "encryption": each.encryption.value}
            )
        document[view.value] = offers
    return document


def _mailbox_access(
    site: Site, fronts: Sequence[Server], protocol: Protocol, shown_as: ClientProtocol, view: View
) -> Iterator[ClientSetting]:
    if not site.pair(protocol).enabled:
        return
    places: list[Server | None] = [*fronts] or [None]
    for front in places:
        settings = site.protocol_settings(protocol, front.name if front else None)
        for each in _connections(settings, front, view):
            yield ClientSetting(shown_as, each.host, each.port, each.encryption)


def _connections(settings: ProtocolSettings, front: Server | None, view: View) -> Iterable[ConnectionSetting]:
    if view is View.OUTSIDE:
        return settings.external_connection_settings
    if settings.internal_connection_settings is not None:
        return settings.internal_connection_settings
    if front is None or not settings.external_connection_settings:
        return ()
    return _own_connections(front.fqdn, ssl=settings.ssl_bindings, start_tls=settings.unencrypted_or_tls_bindings)


def _submission(site: Site, fronts: Sequence[Server], view: View) -> Iterator[ClientSetting]:
    for connector in site.receive_connectors:
        if connector.enabled and connector.advertise_client_settings:
            outside = view is View.OUTSIDE
            given = connector.external_connection_settings if outside else connector.internal_connection_settings
            for each in _unsaid(connector, fronts) if given is None else given:
                yield ClientSetting(ClientProtocol.SMTP, each.host, each.port, each.encryption)


def _unsaid(connector: ReceiveConnector, fronts: Sequence[Server]) -> Iterator[ConnectionSetting]:
    """What is told of a connector where the document does not say: its name, and where it listens."""
    for host in _names(connector, fronts):
        yield from _own_connections(host, ssl=connector.ssl_bindings, start_tls=connector.bindings)


def _names(connector: ReceiveConnector, fronts: Sequence[Server]) -> Sequence[str]:
    return [connector.fqdn] if connector.fqdn else [front.fqdn for front in fronts]


def _own_connections(host: str, *, ssl: Iterable[Binding], start_tls: Iterable[Binding]) -> Iterator[ConnectionSetting]:
    """What a host offers to others at its bindings; TLS from the first byte comes first (RFC 8314 prefers it)."""
    for encryption, bindings in ((Encryption.SSL, ssl), (Encryption.TLS, start_tls)):
        for binding in bindings:
            if not binding.address.is_loopback:
                yield ConnectionSetting(host, binding.port, encryption)
