"""Where receive connectors listen, and which of several on one binding a client gets.

Postfix can't choose by the client's address. So each connector has a port of its own, and nftables takes clients there:
the connector for the most addresses has the binding's port itself, the others an inner port each. Inner ports are made
from names, so that none moves when a connector comes or goes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailpair.settings.ports import CONNECTORS
from mailpair.settings.values import Binding, IpRange
from mailpair.site.model import ReceiveConnector

_FAMILY_BITS = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a connector really listens for the clients of one binding, and whether TLS begins with the first byte."""

    binding: Binding
    at: Binding
    ssl: bool

    @property
    def redirected(self) -> bool:
        """Whether clients are taken here from the binding."""
        return self.at != self.binding


@dataclass(frozen=True, slots=True)
class Target:
    """Clients, as nftables writes addresses, and the inner port that they get."""

    clients: str
    port: int


@dataclass(frozen=True, slots=True)
class Share:
    """A binding that is not simply one connector's, in nftables' words.

    ``targets`` are redirected; clients that are in none of ``served`` are refused, where that is not None.
    """

    name: str  # letters, digits and underscores
    family: str  # ipv4 or ipv6
    keyword: str  # ip or ip6
    type: str  # of addresses
    address: str | None  # None: any of the host's
    port: int
    targets: tuple[Target, ...]
    served: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Inner:
    """An inner port, and the binding's port that leads to it: nobody reaches it by itself."""

    port: int
    public: int


@dataclass(frozen=True, slots=True)
class Doors:
    """Where all connectors of a front end listen."""

    listeners: Mapping[str, tuple[Listener, ...]]  # by connector
    shares: tuple[Share, ...]  # those of one address before those of all
    inner: tuple[Inner, ...]

    def ports(self, connector: str) -> tuple[int, ...]:
        """The ports that are a connector's alone."""
        return tuple(sorted({each.at.port for each in self.listeners[connector]}))


def doors(connectors: Sequence[ReceiveConnector]) -> Doors:
    """Plan where connectors listen; they must be enabled, and their ranges tell clients apart."""
    owners = _owners(connectors)
    inner = _inner_ports(connectors, owners)
    listeners = {
        each.name: tuple(
            Listener(binding, _at(each, binding, inner), ssl)
            for bindings, ssl in ((each.bindings, False), (each.ssl_bindings, True))
            for binding in bindings
        )
        for each in connectors
    }
    return Doors(
        listeners={name: _once(each) for name, each in listeners.items()},
        shares=tuple(_shares(connectors, inner)),
        inner=tuple(Inner(port, public) for (_, public), port in sorted(inner.items(), key=lambda item: item[1])),
    )


def _once(listeners: Iterable[Listener]) -> tuple[Listener, ...]:
    """Several bindings may lead to one inner place."""
    return tuple({(each.at, each.ssl): each for each in listeners}.values())


def _all_bindings(connector: ReceiveConnector) -> tuple[Binding, ...]:
    return (*connector.bindings, *connector.ssl_bindings)


def _owners(connectors: Sequence[ReceiveConnector]) -> dict[int, str]:
    """The connector that has each port itself: the one for the most addresses, at all of the host's if need be."""
    owners: dict[int, tuple[int, int, str]] = {}
    for each in connectors:
        for binding in _all_bindings(each):
            if binding.address.is_loopback:
                continue
            weight = (
                sum(_count(of) for of in each.remote_ip_ranges if of.first.version == binding.address.version),
                int(binding.address.is_unspecified),
                each.name,
            )
            owners[binding.port] = max(weight, owners.get(binding.port, weight), key=lambda found: found[:2])
    return {port: name for port, (_, _, name) in owners.items()}


def _count(addresses: IpRange) -> int:
    return int(addresses.last) - int(addresses.first) + 1


def _inner_ports(connectors: Sequence[ReceiveConnector], owners: Mapping[int, str]) -> dict[tuple[str, int], int]:
    """The inner port of each connector for each port that is another's."""
    taken = set(owners)
    found: dict[tuple[str, int], int] = {}
    pairs = {
        (each.name, binding.port)
        for each in connectors
        for binding in _all_bindings(each)
        if not binding.address.is_loopback and owners[binding.port] != each.name
    }
    for name, public in sorted(pairs):
        number = zlib.crc32(f"{name}:{public}".encode())
        port = next(
            port
            for step in range(len(CONNECTORS))
            if (port := CONNECTORS[(number + step) % len(CONNECTORS)]) not in taken
        )
        taken.add(port)
        found[name, public] = port
    return found


def _at(connector: ReceiveConnector, binding: Binding, inner: Mapping[tuple[str, int], int]) -> Binding:
    port = inner.get((connector.name, binding.port))
    if port is None or binding.address.is_loopback:
        return binding
    # A redirected connection arrives at whichever of the host's addresses the kernel finds.
    return Binding(ip_address("::" if binding.address.version == 6 else "0.0.0.0"), port)  # noqa: S104


def _shares(connectors: Sequence[ReceiveConnector], inner: Mapping[tuple[str, int], int]) -> Iterable[Share]:
    groups: dict[Binding, list[ReceiveConnector]] = {}
    for each in connectors:
        for binding in _all_bindings(each):
            if not binding.address.is_loopback:
                groups.setdefault(binding, []).append(each)
    for binding in sorted(groups, key=lambda each: (each.address.is_unspecified, each.port, str(each.address))):
        yield from _share(binding, groups[binding], inner)


def _share(
    binding: Binding, connectors: Sequence[ReceiveConnector], inner: Mapping[tuple[str, int], int]
) -> Iterable[Share]:
    version = binding.address.version
    pieces = _pieces(
        [
            (addresses, inner.get((each.name, binding.port)))
            for each in connectors
            for addresses in each.remote_ip_ranges
            if addresses.first.version == version
        ]
    )
    targets = tuple(Target(str(addresses), port) for addresses, port in pieces if port is not None)
    everyone = sum(_count(addresses) for addresses, _ in pieces) == 1 << _FAMILY_BITS[version]
    if everyone and not targets:
        return
    whole = binding.address.is_unspecified
    place = "any" if whole else f"{int(binding.address):x}"
    yield Share(
        name=f"share{version}_{place}_{binding.port}",
        family=f"ipv{version}",
        keyword="ip" if version == 4 else "ip6",
        type=f"ipv{version}_addr",
        address=None if whole else str(binding.address),
        port=binding.port,
        targets=targets,
        served=None if everyone else tuple(str(addresses) for addresses, _ in pieces),
    )


def _pieces(ranges: Iterable[tuple[IpRange, int | None]]) -> list[tuple[IpRange, int | None]]:
    """Cut ranges until none overlaps another; where some did, the smallest has the piece."""
    found: list[tuple[IpRange, int | None]] = []
    for addresses, port in sorted(ranges, key=lambda each: (_count(each[0]), int(each[0].first))):
        found += [(rest, port) for rest in _without(addresses, [each for each, _ in found])]
    return sorted(found, key=lambda each: int(each[0].first))


def _without(addresses: IpRange, others: Iterable[IpRange]) -> Iterable[IpRange]:
    """What is left of a range without other ones."""
    next_first = int(addresses.first)
    last = int(addresses.last)
    make = type(addresses.first)
    for other in sorted(others, key=lambda each: int(each.first)):
        if int(other.last) < next_first or int(other.first) > last:
            continue
        if int(other.first) > next_first:
            yield _range(make, next_first, int(other.first) - 1)
        next_first = int(other.last) + 1
    if next_first <= last:
        yield _range(make, next_first, last)


def _range(make: type[IPv4Address] | type[IPv6Address], first: int, last: int) -> IpRange:
    return IpRange(make(first), make(last))
