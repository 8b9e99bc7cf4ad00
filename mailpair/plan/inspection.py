"""What the inspection of messages is told: limits of connectors that Postfix lacks or has one of, and of the site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import dkim, postfix, send_connector
from mailpair.servers import Server
from mailpair.settings.names import word
from mailpair.site.model import ReceiveConnector, Site

SOCKET = "/run/mailpair-inspection.sock"
QUEUES = {False: "/var/spool/postfix/public/inspected", True: "/var/spool/postfix/public/inspected-signed"}


@dataclass(frozen=True, slots=True)
class Inspected:
    """A connector's limits in bytes and numbers, and where the server listens that queues its messages."""

    queue: str
    header_size: int
    hops: int
    local_hops: int  # 0: any number
    size: int


@dataclass(frozen=True, slots=True)
class Known:
    """All that the inspection knows: connectors by the names that Postfix has for them, names of this site's servers.

    ``host`` is this server, ``field_size`` the largest field of a header in bytes, ``outgoing`` how large messages may
    be that leave the site.
    """

    host: str
    field_size: int
    own_names: tuple[str, ...]
    domains: tuple[str, ...]
    outgoing: tuple[send_connector.SizeLimit, ...]
    connectors: dict[str, Inspected]


@dataclass(frozen=True, slots=True)
class InspectionPlan:
    """Values for the inspection and its units."""

    known: Known
    user: str = "mailpair-inspection"
    file: str = "/etc/mailpair/inspection.json"
    socket: str = SOCKET
    former: tuple[str, ...] = ("/etc/mailpair/inspection", "/usr/local/lib/mailpair/inspect-mail")


def plan(
    site: Site,
    servers: Sequence[Server],
    server: Server,
    connectors: Sequence[ReceiveConnector],
    sizes: tuple[send_connector.SizeLimit, ...],
) -> InspectionPlan:
    """Plan the inspection for connectors that are enabled."""
    return InspectionPlan(
        Known(
            host=server.fqdn,
            field_size=postfix.HEADER_SIZE_LIMIT,
            own_names=_own_names(connectors, servers),
            domains=site.accepted_domains,
            outgoing=sizes,
            connectors={
                word(each.name): Inspected(
                    queue=QUEUES[dkim.signs(site, each)],
                    header_size=each.max_header_size,
                    hops=each.max_hop_count,
                    local_hops=each.max_local_hop_count,
                    size=each.max_message_size,
                )
                for each in connectors
            },
        )
    )


def options(connector: ReceiveConnector) -> tuple[str, ...]:
    """Settings of Postfix by which a connector's messages are inspected; its name says whose they are."""
    return (f"smtpd_proxy_filter = unix:{SOCKET}", f"smtpd_proxy_ehlo = {word(connector.name)}")


def _own_names(connectors: Sequence[ReceiveConnector], servers: Sequence[Server]) -> tuple[str, ...]:
    """The names that servers of this site give themselves in trace fields."""
    names = [*(each.fqdn for each in servers), *(each.fqdn for each in connectors if each.fqdn)]
    return tuple(dict.fromkeys(name.lower() for name in names))
