"""What every host of a site has: packages, names of its peers, a firewall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from mailpair.plan import places
from mailpair.plan.metrics import MetricsPlan
from mailpair.plan.role import ConnectionLimit, RolePlan, addresses_of
from mailpair.servers import Role, Server

# openssl makes keys and requests on the host itself; nftables is the firewall; iproute2 tells where SSH is reached.
PACKAGES = ("ca-certificates", "iproute2", "nftables", "openssl")

LOAD_FIREWALL = "/usr/local/lib/mailpair/load-firewall"
NOTED = "/etc/mailpair/firewall-noted.nft"
ADDRESSES = 65535  # how many addresses are counted at a time, each family for itself


@dataclass(frozen=True, slots=True)
class HostsEntry:
    """A line of /etc/hosts."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class AllowedSet:
    """A set of nftables' that the rules let in: ports, or addresses."""

    name: str
    type: str  # of the set's elements
    elements: tuple[int | str, ...]
    interval: bool = False  # whether elements may be ranges


@dataclass(frozen=True, slots=True)
class Count:
    """A set of nftables' that counts connections, and what is counted.

    The number is part of the set's name: a set keeps its counts over a reload, and an element the number it began with.
    """

    name: str
    type: str  # of the set's elements
    size: int
    key: str  # the expression that says which element a connection counts for
    ports: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class BasePlan:
    """Values of the role base."""

    packages: tuple[str, ...]
    hosts: tuple[HostsEntry, ...]
    lab_ports: tuple[int, ...]  # open to anyone where a lab measures the direct login
    sets: tuple[AllowedSet, ...]
    counts: tuple[Count, ...]
    load_firewall: str  # where the script that loads the rules is
    proxied_ports: tuple[int, ...]  # of loopback, where only the proxy before Dovecot may come
    noted: str  # where it notes what was open before and may still be in use


def plan(
    servers: Sequence[Server],
    roles: Sequence[RolePlan],
    proxied_ports: tuple[int, ...] = (),
    metrics: MetricsPlan | None = None,
    vrrp_peers: tuple[str, ...] = (),
) -> BasePlan:
    """Plan the base of a host that has the given roles, in a site of the given servers.

    ``proxied_ports`` are those of loopback where only the proxy before Dovecot may come; ``metrics`` says who reads
    figures; ``vrrp_peers`` are the front ends with which this one shares a virtual address.
    """
    readers = metrics.readers if metrics else ()
    front_ends = addresses_of(servers, Role.CLIENT_ACCESS)
    ipv4 = tuple(address for address in front_ends if isinstance(ip_address(address), IPv4Address))
    public_ports = tuple(sorted({port for role in roles for port in role.public_ports}))
    peer_ports = tuple(sorted({port for role in roles for port in role.peer_ports}))
    return BasePlan(
        packages=tuple(sorted({*PACKAGES, *(package for role in roles for package in role.packages)})),
        hosts=tuple(HostsEntry(address, server.fqdn) for server in servers for address in server.addresses),
        lab_ports=(places.DIRECT_IMAP_PORT, places.DIRECT_POP_PORT),
        sets=(
            AllowedSet("public_ports", "inet_service", public_ports),
            AllowedSet("peer_ports", "inet_service", peer_ports),
            AllowedSet("front_ends_ipv4", "ipv4_addr", ipv4),
            AllowedSet("front_ends_ipv6", "ipv6_addr", tuple(each for each in front_ends if each not in ipv4)),
            AllowedSet("metrics_ports", "inet_service", metrics.ports if metrics and readers else ()),
            AllowedSet("readers_ipv4", "ipv4_addr", tuple(each for each in readers if ":" not in each), interval=True),
            AllowedSet("readers_ipv6", "ipv6_addr", tuple(each for each in readers if ":" in each), interval=True),
            AllowedSet("vrrp_peers", "ipv4_addr", vrrp_peers),
        ),
        counts=tuple(count for role in roles for limit in role.limits if limit.ports for count in _counts(limit)),
        load_firewall=LOAD_FIREWALL,
        proxied_ports=proxied_ports,
        noted=NOTED,
    )


def _counts(limit: ConnectionLimit) -> tuple[Count, ...]:
    counts: list[Count] = []
    if limit.per_address is not None:
        for version, type_, key in ((4, "ipv4_addr", "ip saddr"), (6, "ipv6_addr", "ip6 saddr")):
            name = f"{limit.name}_address{version}_{limit.per_address}"
            counts.append(Count(name, type_, ADDRESSES, key, limit.ports, limit.per_address))
    if limit.total is not None:
        name = f"{limit.name}_total_{limit.total}"
        counts.append(Count(name, "inet_proto", 1, "meta l4proto", limit.ports, limit.total))
    return tuple(counts)
