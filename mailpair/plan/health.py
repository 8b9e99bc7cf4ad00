"""What there is to try and to look at on a server, by Exchange's health sets, and what mends each.

IMAP and POP are what clients reach on a front end; IMAP.Proxy and POP.Proxy are its way to each back end; IMAP.Protocol
and POP.Protocol are what back ends serve by themselves (Get-HealthReport, Get-ServerHealth). Nobody's password is
needed: a back end trusts front ends, and itself, by certificate and address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from mailpair.plan import places
from mailpair.plan.mailbox import LMTP_SOCKET
from mailpair.plan.served import served
from mailpair.plan.sessions import BOARD_UNIT, sharing
from mailpair.plan.virtual_address import UNIT as VIRTUAL_ADDRESS_UNIT
from mailpair.servers import Role, Server
from mailpair.settings import ports
from mailpair.settings.values import Kind
from mailpair.site.model import Protocol, Site

FRONT_END, TRANSPORT, DELIVERY = "FrontendTransport", "HubTransport", "MailboxTransport"
CERTIFICATES, DISK, SERVICES = "Certificates", "Disk", "Services"  # where Exchange has none that fits

_WORDS = {Protocol.IMAP4: ("IMAP", "imap"), Protocol.POP3: ("POP", "pop3")}
_CLIENT_PORTS = {"IMAP": ("IMAP", "imap"), "POP": ("POP", "pop3"), "SMTP": (FRONT_END, "smtp")}
_FOLDERS = {Role.CLIENT_ACCESS: ("/", "/var/spool/postfix", "/var/log"), Role.MAILBOX: ("/", places.MAIL, "/var/log")}
# What nothing notices at once when it is away.
_UNITS = ("mailpair-firewall.service", "mailpair-renewal.timer")


@dataclass(frozen=True, slots=True)
class Probe:
    """A conversation that must go well.

    ``tls`` is "first" (from the first byte), "ask" (STARTTLS) or empty. ``name`` is what the certificate must be for;
    empty: any certificate will do, since what clients are shown is judged by itself. ``port`` 0: ``address`` is a Unix
    socket. ``mailbox`` is opened; empty: the conversation ends before the sign-in.
    """

    health_set: str
    place: str
    protocol: str  # imap, pop3, smtp or lmtp
    address: str
    port: int
    tls: str
    name: str
    proxied: bool  # whether to begin as haproxy does
    mailbox: str
    rule: str
    remedy: str


@dataclass(frozen=True, slots=True)
class HealthPlan:
    """All that is tried and looked at on a server; ``sets`` are in the order in which they are reported."""

    sets: tuple[str, ...]
    probes: tuple[Probe, ...]
    folders: tuple[str, ...]
    units: tuple[str, ...]
    queue: bool
    ca: str = places.PEERS_FILE
    certificate: str = places.PEER_CERTIFICATE
    key: str = places.PEER_KEY


def plan(site: Site, servers: Sequence[Server], server: Server) -> HealthPlan:
    """Plan a look at a server of the site; only what is on is tried."""
    front = server.role is Role.CLIENT_ACCESS
    probes = tuple(_front_end(site, servers, server) if front else _back_end(site, server))
    transport = [TRANSPORT] if front else []
    named = [each.health_set for each in probes]
    return HealthPlan(
        sets=tuple(dict.fromkeys([*named, *transport, CERTIFICATES, DISK, SERVICES])),
        probes=probes,
        folders=_FOLDERS[server.role],
        units=(*_UNITS, *_units(site, front=front), *([BOARD_UNIT] if not front and sharing(servers) else [])),
        queue=front,
    )


def _units(site: Site, *, front: bool) -> Iterator[str]:
    """What runs where a setting is on."""
    if site.backup.enabled and not front:
        yield "mailpair-backup.timer"
    if site.virtual_address and front:
        yield f"{VIRTUAL_ADDRESS_UNIT}.service"


def _front_end(site: Site, servers: Sequence[Server], server: Server) -> Iterator[Probe]:
    backs = [each for each in servers if each.role is Role.MAILBOX]
    shown = [each for each in served(site, server).ports if each.service in _CLIENT_PORTS]
    where = attrgetter("service", "address", "port", "starttls")
    for (service, address, port, starttls), _ in groupby(sorted(shown, key=where), key=where):
        health_set, spoken = _CLIENT_PORTS[service]
        unit = "postfix" if service == "SMTP" else "dovecot"
        place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        tls = "ask" if starttls else "first"
        yield Probe(
            health_set, place, spoken, address, port, tls, "", False, "", "must greet clients", _start(unit, server)
        )
    for protocol, (name, word) in _WORDS.items():
        if site.pair(protocol).enabled:
            for back in backs:
                remedy = f"mend {name}.Protocol of {back.name}; if that is healthy, {_look('haproxy', back)}"
                port = site.protocol_settings(protocol).proxy_target_port
                yield _to_back_end(f"{name}.Proxy", word, back, port, _somebody(site, back), remedy)
    for back in backs:
        remedy = f"mend {DELIVERY} of {back.name}; if that is healthy, {_look('haproxy', back)}"
        yield _to_back_end(TRANSPORT, "lmtp", back, places.LMTP_PORT, "", remedy)


def _to_back_end(health_set: str, protocol: str, back: Server, port: int, mailbox: str, remedy: str) -> Probe:
    place = f"{back.fqdn}:{port}"
    return Probe(
        health_set, place, protocol, back.addresses[0], port, "first", back.fqdn, False, mailbox, _rule(mailbox), remedy
    )


def _back_end(site: Site, server: Server) -> Iterator[Probe]:
    mailbox = _somebody(site, server)
    remedy = _start("dovecot", server)
    for protocol, port in ((Protocol.IMAP4, ports.PROXIED_IMAP), (Protocol.POP3, ports.PROXIED_POP)):
        if site.pair(protocol).back_end:
            name, word = _WORDS[protocol]
            place = f"127.0.0.1:{port}"
            yield Probe(
                f"{name}.Protocol", place, word, "127.0.0.1", port, "", "", True, mailbox, _rule(mailbox), remedy
            )
    yield Probe(DELIVERY, LMTP_SOCKET, "lmtp", LMTP_SOCKET, 0, "", "", False, "", _rule(""), remedy)


def _somebody(site: Site, back: Server) -> str:
    """The first mailbox of a user there; a back end without one is greeted only."""
    held = (each.address for each in site.mailboxes if each.server == back.name and each.kind is Kind.USER)
    return next(held, "")


def _rule(mailbox: str) -> str:
    return "must open a mailbox" if mailbox else "must greet front ends"


def _look(unit: str, server: Server) -> str:
    return f"see systemctl status {unit} on {server.name}"


def _start(unit: str, server: Server) -> str:
    return f"{_look(unit, server)}, and run systemctl restart {unit} there"
