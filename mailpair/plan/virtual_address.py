"""How front ends share the site's virtual address: between whom, and by what each of them knows that it is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailpair.plan import places
from mailpair.plan.role import ConnectionLimit
from mailpair.publish.clients import ClientProtocol
from mailpair.publish.endpoints import endpoints_open_to
from mailpair.servers import Role, Server
from mailpair.settings.ports import WEB
from mailpair.site.model import Encryption, Site
from mailpair.site.rules.protocols import all_bound

# The program that looks whether services answer is Python.
PACKAGES = ("keepalived", "python3")
UNIT = "mailpair-virtual-address"


@dataclass(frozen=True, slots=True)
class VirtualAddressPlan:
    """Values of the role virtual_address; times are in seconds.

    ``listening`` are ports that must be bound, ``answering`` those that must answer as well, in the words of
    hostside/answering.
    """

    enabled: bool
    packages: tuple[str, ...]
    address: str  # empty where there is none
    own: str  # this front end's, from which it speaks to the others
    peers: tuple[str, ...]
    listening: tuple[int, ...]
    answering: tuple[str, ...]
    # Peers are known by their addresses, and a front end is of one site, so there is nothing to tell apart by numbers.
    router_id: int = 51
    unit: str = UNIT
    file: str = "/etc/mailpair/keepalived.conf"
    programs: str = places.PROGRAMS_DIRECTORY
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[ConnectionLimit, ...] = ()


def plan(site: Site, servers: Sequence[Server], server: Server) -> VirtualAddressPlan:
    """Plan what a front end does for the virtual address; nothing where the site has none."""
    if site.virtual_address is None:
        return VirtualAddressPlan(enabled=False, packages=(), address="", own="", peers=(), listening=(), answering=())
    others = (each.ipv4 for each in servers if each.role is Role.CLIENT_ACCESS and each is not server)
    return VirtualAddressPlan(
        enabled=True,
        packages=PACKAGES,
        address=str(site.virtual_address),
        own=server.ipv4 or "",
        peers=tuple(each for each in others if each),
        listening=_listening(site, server),
        answering=_answering(site, server),
    )


def _listening(site: Site, server: Server) -> tuple[int, ...]:
    bindings = (each.binding for each in all_bound(site, server.name))
    return tuple(sorted({each.port for each in bindings if each.address.version == 4 and each.address.is_unspecified}))


def _answering(site: Site, server: Server) -> tuple[str, ...]:
    """One port for each protocol that users sign in to, since services log each look; and the web site over TLS.

    Not of connectors that don't take the front end itself, which would never answer, whatever is well.
    """
    found: dict[ClientProtocol, str] = {}
    asker = replace(server, addresses=(server.ipv4,) if server.ipv4 else ())
    for each in endpoints_open_to(site, server, asker):
        found.setdefault(each.protocol, f"{each.port}/tls" if each.encryption is Encryption.SSL else str(each.port))
    return (*found.values(), *([f"{max(WEB)}/https"] if site.web_site.enabled else []))
