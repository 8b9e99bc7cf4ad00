"""How a host renews its certificates: its own CAs, what is renewed, what loads it, and which ports must show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mailpair.plan import acme, certificates, places, served, sessions
from mailpair.plan.served import Port
from mailpair.servers import Role, Server
from mailpair.site.model import CertificateService, CertificateSource, Site

# A run of the playbook signs a host's CAs anew with a third of this left; what they issue, the host renews by itself.
AUTHORITY_DAYS = 730

PEER = "peer"

ISSUING = "issuing"  # of what clients see; the site's root signed it
PEER_CA = "peer-ca"  # of what peers see; it signed itself

_SESSIONS = "mailpair-sessions"  # has certificates only where there are other front ends to speak with

# Reloads alone, but for a program that a socket stands for, so that nobody is turned away. Lists of whom to trust are
# loaded in the same way.
_RELOADS = {
    Role.CLIENT_ACCESS: {
        "dovecot": (("systemctl", "reload", "dovecot"),),
        "postfix": (("systemctl", "reload", "postfix"),),
        "nginx": (("systemctl", "reload", "nginx"),),
        "mailpair-quota": (("systemctl", "try-restart", "mailpair-quota.service"),),
        _SESSIONS: (("systemctl", "try-restart", "mailpair-sessions.service"),),
    },
    Role.MAILBOX: {
        "haproxy": (("systemctl", "reload", "haproxy"),),
        "mailpair-direct-login": (("systemctl", "reload", "mailpair-direct-login"),),
    },
}
_SERVICES = {
    CertificateService.POP: "dovecot",
    CertificateService.IMAP: "dovecot",
    CertificateService.SMTP: "postfix",
    CertificateService.IIS: "nginx",
}
_PEER_SERVICES = {
    Role.CLIENT_ACCESS: ("dovecot", "postfix", "mailpair-quota"),
    Role.MAILBOX: ("haproxy",),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA whose key is on the host; ``signed_by`` is ``site`` or ``itself``."""

    name: str
    certificate: str
    key: str
    names: tuple[str, ...]
    usage: str
    days: int
    signed_by: str


@dataclass(frozen=True, slots=True)
class Probe:
    """A port that must show a certificate; ``starttls`` is openssl's word for the protocol, None: TLS at once."""

    address: str
    port: int
    name: str
    starttls: str | None


@dataclass(frozen=True, slots=True)
class Renewed:
    """A certificate that the host renews. What ``options`` say, its source alone understands."""

    name: str
    source: str
    certificate: str
    key: str
    names: tuple[str, ...]
    usage: str
    algorithm: str
    days: int
    services: tuple[str, ...]
    probes: tuple[Probe, ...]
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The program's configuration, as hostside/renewal/configuration.py reads it."""

    directory: str
    roots: str
    peers: str
    metrics: str
    lock: str
    authorities: tuple[Authority, ...]
    certificates: tuple[Renewed, ...]
    reloads: Mapping[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True)
class RenewalPlan:
    """Values of the role renewal."""

    configuration: Configuration
    file: str
    programs: str
    server: str
    fqdn: str
    usage: str  # what this host's CA for peers may make
    peers: tuple[str, ...]  # the servers that it speaks with
    addresses: tuple[str, ...]  # at which they reach it, as ss(8) writes them
    acme_state: str = acme.STATE
    acme_logs: str = acme.LOGS


def plan(site: Site, servers: Sequence[Server], server: Server) -> RenewalPlan:
    """Plan how a server of the site renews its certificates."""
    front_end = server.role is Role.CLIENT_ACCESS
    sharing = front_end and sessions.sharing(servers) is not None
    renewed = tuple(_renewed(site, server, sharing=sharing))
    ours = [each for each in renewed if each.source != CertificateSource.PROVIDED.value]
    public = tuple(name for each in ours if each.name != PEER for name in each.names)
    usage = "client" if front_end else "server"
    own = _authority(PEER_CA, (server.fqdn,), usage, "itself")
    issuing = _authority(ISSUING, tuple(dict.fromkeys(public)), "server", "site")
    return RenewalPlan(
        configuration=Configuration(
            directory=places.TLS_DIRECTORY,
            roots=places.CA_FILE,
            peers=places.PEERS_FILE,
            metrics=places.METRICS,
            lock="/run/mailpair-renewal/lock",
            authorities=(own, issuing) if public else (own,),
            certificates=renewed,
            reloads={name: each for name, each in _RELOADS[server.role].items() if sharing or name != _SESSIONS},
        ),
        file="/etc/mailpair/renewal.json",
        programs=places.PROGRAMS_DIRECTORY,
        server=server.name,
        fqdn=server.fqdn,
        usage=usage,
        peers=tuple(each.name for each in servers if each.role is not server.role),
        addresses=tuple(f"[{each}]" if ":" in each else each for each in server.addresses),
    )


def _authority(name: str, names: tuple[str, ...], usage: str, signed_by: str) -> Authority:
    certificate, key = (f"{places.TLS_DIRECTORY}/{name}.{kind}" for kind in ("pem", "key"))
    # A constraint holds for all that is below a name, so that a wildcard's is its parent.
    permitted = tuple(dict.fromkeys(each.removeprefix("*.").lower() for each in names))
    return Authority(name, certificate, key, permitted, usage, AUTHORITY_DAYS, signed_by)


def _renewed(site: Site, server: Server, *, sharing: bool) -> Iterator[Renewed]:
    planned = certificates.plan(site, server)
    ports = served.served(site, server).ports
    peer = next(each for each in planned.certificates if each.certificate == places.PEER_CERTIFICATE)
    yield Renewed(
        name=PEER,
        source=CertificateSource.PRIVATE.value,
        certificate=peer.certificate,
        key=peer.key,
        names=peer.names,
        usage=peer.usage,
        algorithm=peer.algorithm,
        days=peer.days,
        services=(*_PEER_SERVICES[server.role], *([_SESSIONS] if sharing else [])),
        probes=tuple(_probe(port) for port in ports if port.file == peer.certificate),
        options=_issued_by(PEER_CA),
    )
    for one in planned.served:
        for files in one.files:
            yield Renewed(
                name=PurePosixPath(files.certificate).stem,
                source=one.source.value,
                certificate=files.certificate,
                key=files.key,
                names=one.names,
                usage="server",
                algorithm=files.algorithm or certificates.ECDSA,
                days=certificates.SERVER_DAYS,
                services=tuple(dict.fromkeys(_SERVICES[each] for each in one.services)),
                # Ports show all certificates of a name, each to those who take its kind of key.
                probes=tuple(_probe(port) for port in ports if port.file == one.files[0].certificate),
                options=_options(one),
            )


def _options(one: certificates.Served) -> dict[str, object]:
    """What the source of a certificate is told; this host's own CA stands in for a CA of others."""
    own = _issued_by(ISSUING)
    if one.source is CertificateSource.ACME and one.acme:
        return {"ca": acme.options(one.acme), "stand_in": own}
    return {**own} if one.source is CertificateSource.PRIVATE else {}


def _issued_by(ca: str) -> dict[str, str]:
    return {"ca_certificate": f"{places.TLS_DIRECTORY}/{ca}.pem", "ca_key": f"{places.TLS_DIRECTORY}/{ca}.key"}


def _probe(port: Port) -> Probe:
    return Probe(port.address, port.port, port.name, port.starttls or None)
