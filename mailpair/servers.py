"""The servers that a site runs on, as an inventory or a Pulumi stack names them, and the one inventory made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Role(Enum):
    """What a server is for; the value is the name of its inventory group."""

    CLIENT_ACCESS = "client_access"  # a front end
    MAILBOX = "mailbox"  # a back end


@dataclass(frozen=True, slots=True)
class Server:
    """A host that a role is run on.

    ``fqdn`` is the name in its certificates and in client settings; ``addresses`` are those that other servers reach
    it at (IPv4 first, then IPv6 where there is one).
    """

    name: str
    role: Role
    fqdn: str
    addresses: tuple[str, ...]
