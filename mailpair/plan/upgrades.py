"""When a host takes security updates by itself, and who must be well before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import places
from mailpair.plan.role import ConnectionLimit
from mailpair.publish.endpoints import endpoints
from mailpair.servers import Role, Server
from mailpair.settings.quantities import format_span
from mailpair.site.model import Encryption, Site

# dpkg-repack makes a package of what is installed, so that there is a way back from a newer version.
PACKAGES = ("dpkg-repack", "unattended-upgrades")

_APART = 30 * 60  # seconds from one server's turn to the next one's
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Greeter:
    """A port of another front end, which greets when it is well; ``tls`` says that TLS begins with the first byte."""

    server: str
    address: str
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
    greeters = (
        Greeter(each.name, at.address, at.port, at.encryption is Encryption.SSL)
        for each in fronts
        if each is not server
        for at in endpoints(site, each)
    )
    return UpgradesPlan(enabled=True, packages=PACKAGES, time=format_span(time), greeters=tuple(greeters))
