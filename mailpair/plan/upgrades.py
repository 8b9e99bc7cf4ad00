"""When a host takes security updates by itself, and who must be well before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailpair.plan import places
from mailpair.plan.role import ConnectionLimit
from mailpair.publish.endpoints import endpoints_open_to
from mailpair.servers import Role, Server
from mailpair.settings.quantities import format_span
from mailpair.site.model import Encryption, Site

# dpkg-repack makes a package of what is installed, so that there is a way back; needrestart restarts
# services that have the former version of a library in memory, which packages of libraries leave running.
PACKAGES = ("dpkg-repack", "needrestart", "unattended-upgrades")

_APART = 30 * 60  # seconds from one server's turn to the next one's
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Greeter:
    """A port of another front end, which greets at one of its addresses at least when it is well.

    ``tls`` says that TLS begins with the first byte.
    """

    server: str
    addresses: tuple[str, ...]
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class UpgradesPlan:
    """Values of the role upgrades."""

    enabled: bool
    packages: tuple[str, ...]
    time: str  # of day, hh:mm:ss, when this host's turn comes
    greeters: tuple[Greeter, ...]
    programs: str = places.PROGRAMS_DIRECTORY
    file: str = "/etc/mailpair/upgrade-turn.json"
    waits: str = "/var/lib/mailpair/updates-wait"
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[ConnectionLimit, ...] = ()


def plan(site: Site, servers: Sequence[Server], server: Server) -> UpgradesPlan:
    """Plan the turn of a server.

    Front ends come first: what is wrong with a new package shows where another server stands in, before it comes to a
    server that holds mail. Servers of a kind take their turns in the order in which they are listed.
    """
    settings = site.security_upgrades
    if not settings.enabled:
        return UpgradesPlan(enabled=False, packages=PACKAGES, time="", greeters=())
    fronts = [each for each in servers if each.role is Role.CLIENT_ACCESS]
    turns = [*fronts, *(each for each in servers if each.role is not Role.CLIENT_ACCESS)]
    apart = min(_APART, _DAY // len(turns))
    time = (settings.begin + apart * turns.index(server)) % _DAY
    greeters = tuple(one for each in fronts if each is not server for one in _greeters(site, server, each))
    return UpgradesPlan(enabled=True, packages=PACKAGES, time=format_span(time), greeters=greeters)


def _greeters(site: Site, asker: Server, front: Server) -> Iterator[Greeter]:
    """What a server can ask of a front end: at addresses of its own families, and where it may connect."""
    found: dict[tuple[int, bool], list[str]] = {}
    for at in endpoints_open_to(site, front, asker):
        found.setdefault((at.port, at.encryption is Encryption.SSL), []).append(at.address)
    for (port, tls), addresses in found.items():
        yield Greeter(front.name, tuple(dict.fromkeys(addresses)), port, tls)
