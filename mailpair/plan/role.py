"""What every role's plan tells the base role about the host it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Protocol

from mailpair.servers import Role, Server


class RolePlan(Protocol):
    """The part of a role's plan that other roles act on."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Debian packages that the role needs; the base role installs all of a host's in one go."""

    @property
    def public_ports(self) -> tuple[int, ...]:
        """TCP ports that anyone may reach."""

    @property
    def peer_ports(self) -> tuple[int, ...]:
        """TCP ports that only the site's front ends may reach."""

    @property
    def limits(self) -> tuple[ConnectionLimit, ...]:
        """How many connections there may be to ports of the host."""


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """How many connections ``ports`` take, all together and from one address; None: as many as come.

    ``name`` is letters, digits and underscores, and each limit of a host has its own. While it and a number stay the
    same, connections that were open before a reload go on to count.
    """

    name: str
    ports: tuple[int, ...]
    total: int | None
    per_address: int | None


def plain(value: Any) -> Any:
    """Turn a plan into data that JSON can carry: dataclasses to dictionaries, tuples to lists, the rest to text.

    Raises TypeError for a type that no plan should hold, so that a slip shows in a unit test and not on a host.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, IPv4Address | IPv6Address):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    raise TypeError(f"{type(value).__name__} has no plain form")


def addresses_of(servers: Sequence[Server], role: Role) -> tuple[str, ...]:
    """List the addresses of all servers with a role, in the order the servers are listed."""
    return tuple(address for server in servers if server.role is role for address in server.addresses)
