"""What the Postfix of a front end does: connectors that mail comes in by, the way to mailboxes, the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import (
    certificates,
    dkim,
    gate,
    inspection,
    listening,
    places,
    postfix,
    quota,
    recipients,
    send_connector,
    smtp_service,
)
from mailpair.plan.certificates import Shown
from mailpair.plan.listening import Doors
from mailpair.plan.recipients import Entry
from mailpair.plan.role import ConnectionLimit
from mailpair.plan.tls import TlsPlan
from mailpair.servers import Role, Server
from mailpair.settings.names import word
from mailpair.site.model import CertificateService, ReceiveConnector, Site

PACKAGES = (f"postfix>={postfix.VERSION}", "python3")
SIGN_IN_PACKAGES = ("libsasl2-modules",)  # the client's side of PLAIN and LOGIN, for smart hosts

_FILES_OF_OTHERS = (
    places.PEER_CERTIFICATE,
    places.PEER_KEY,
    postfix.SYSTEM_CA_FILE,
)

# What Postfix limits messages to where no connector is enabled.
_LEAST_SIZE_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class ReceiveConnectorPlan:
    """Values of the role receive_connector."""

    packages: tuple[str, ...]
    public_ports: tuple[int, ...]
    peer_ports: tuple[int, ...]
    fqdn: str
    domains: tuple[str, ...]
    message_size_limit: int  # the largest of all connectors
    header_size_limit: int  # of one field, in bytes
    services: tuple[postfix.Service, ...]  # one for each binding of an enabled connector
    inspection: inspection.InspectionPlan
    doors: Doors
    gate: gate.GatePlan
    milters: str  # whom every connector asks
    signer: str  # the milter that signs; empty where nothing is signed
    mailboxes: tuple[Entry, ...]
    aliases: tuple[Entry, ...]
    senders: tuple[Entry, ...]
    names: tuple[Entry, ...]  # that clients may ask for; none where there is one certificate
    outgoing: send_connector.Outgoing
    folder: str
    credentials: str  # the file that holds them
    watch: tuple[str, ...]  # files of others, read by each process as it starts
    system_ca: str
    sasl_socket: str
    ca: str
    peer_certificate: str
    peer_key: str
    tls: TlsPlan
    limits: tuple[ConnectionLimit, ...]


def plan(site: Site, servers: Sequence[Server], server: Server) -> ReceiveConnectorPlan:
    """Plan a front end of the site."""
    enabled = [connector for connector in site.receive_connectors if connector.enabled]
    outgoing = send_connector.outgoing(site, server)
    doors = listening.doors(enabled)
    seen = {each.name: certificates.shown(site, server, CertificateService.SMTP, each) for each in enabled}
    certificate_files = dict.fromkeys(path for each in seen.values() for path in each.paths)
    places_to_reach = [
        place
        for each in enabled
        for listener in doors.listeners[each.name]
        for place in (listener.binding, listener.at)
    ]
    return ReceiveConnectorPlan(
        packages=(*PACKAGES, *(SIGN_IN_PACKAGES if outgoing.credentials else ())),
        public_ports=tuple(sorted({place.port for place in places_to_reach if not place.address.is_loopback})),
        peer_ports=(),
        fqdn=server.fqdn,
        domains=site.accepted_domains,
        message_size_limit=max((each.max_message_size for each in enabled), default=_LEAST_SIZE_LIMIT),
        header_size_limit=postfix.HEADER_SIZE_LIMIT,
        services=tuple(service for each in enabled for service in services(each, doors, seen[each.name])),
        inspection=inspection.plan(site, servers, server, enabled, outgoing.sizes),
        doors=doors,
        gate=gate.plan(enabled),
        milters=quota.MILTER,
        signer=dkim.MILTER if dkim.plan(site, server).keys else "",
        mailboxes=recipients.mailboxes(site, {each.name: each.fqdn for each in servers if each.role is Role.MAILBOX}),
        aliases=recipients.aliases(site),
        senders=recipients.senders(site),
        names=_names(site, server),
        outgoing=outgoing,
        folder=postfix.FOLDER,
        credentials=postfix.CREDENTIALS,
        watch=(*_FILES_OF_OTHERS, *certificate_files, *((postfix.CREDENTIALS,) if outgoing.credentials else ())),
        system_ca=postfix.SYSTEM_CA_FILE,
        sasl_socket=places.SASL_SOCKET,
        ca=places.PEERS_FILE,
        peer_certificate=places.PEER_CERTIFICATE,
        peer_key=places.PEER_KEY,
        tls=TlsPlan(),
        limits=tuple(
            ConnectionLimit(
                f"smtp_{word(each.name).replace('-', '_')}",
                doors.ports(each.name),
                total=each.max_inbound_connection,
                per_address=None,
            )
            for each in enabled
        ),
    )


def services(connector: ReceiveConnector, doors: Doors, shown: Shown) -> tuple[postfix.Service, ...]:
    """Make the entries of master.cf of one connector, one a place where it listens."""
    milters = f"smtpd_milters = {gate.MILTER}, {quota.MILTER}"
    return tuple(
        postfix.Service(
            title=connector.name,
            name=str(listener.at),
            options=(
                *smtp_service.options(connector, ca=places.CA_FILE, ssl=listener.ssl),
                f"smtpd_tls_chain_files = {shown.unasked.chain}",
                *inspection.options(connector),
                milters,
                f"milter_macro_daemon_name = {connector.name}",
            ),
            comment=connector.comment or "",
            processes=connector.max_inbound_connection or 0,
        )
        for listener in doors.listeners[connector.name]
    )


def _names(site: Site, server: Server) -> tuple[Entry, ...]:
    """Map names that clients ask for (SNI) to what they are shown; one that begins with a dot is for those below it."""
    shown = certificates.shown(site, server, CertificateService.SMTP)
    return tuple(Entry(name.removeprefix("*"), each.chain) for name, each in shown.by_name.items())
