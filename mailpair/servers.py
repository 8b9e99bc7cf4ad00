"""The servers that a site runs on, as an inventory or a Pulumi stack names them, and the inventory made of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
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

    @property
    def ipv4(self) -> str | None:
        """The first IPv4 address; an inventory may have names alone, or IPv6."""
        return next((each for each in self.addresses if _is_ipv4(each)), None)


def _is_ipv4(address: str) -> bool:
    try:
        IPv4Address(address)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Connection:
    """How a server is reached over SSH to be configured.

    ``private_key`` and ``known_hosts`` are paths on the controller, None where SSH's own configuration decides.
    ``instance`` identifies this making of the machine, so that a machine made anew is told from its predecessor.
    """

    host: str
    user: str = "root"
    port: int = 22
    private_key: Path | None = None
    known_hosts: Path | None = None
    instance: str | None = None


def inventory(servers: Iterable[Server], connections: Mapping[str, Connection], site_dir: Path) -> dict[str, Any]:
    """Renders the one inventory of a site in the form of Ansible's YAML inventory.

    ``connections`` are by server name, one for each server; ``site_dir`` is the folder of the site document. The
    result is plain JSON data with hosts in the order of ``servers``. Raises KeyError for a server with no connection.
    """
    groups: dict[str, dict[str, Any]] = {role.value: {"hosts": {}} for role in Role}
    for server in servers:
        groups[server.role.value]["hosts"][server.name] = _variables(server, connections[server.name])
    return {"all": {"children": groups, "vars": {"mailpair_site_dir": str(site_dir)}}}


def _variables(server: Server, connection: Connection) -> dict[str, Any]:
    """The variables of one host; those that are not known are left out."""
    variables: dict[str, Any] = {
        "ansible_host": connection.host,
        "ansible_user": connection.user,
        "ansible_port": connection.port,
        "mailpair_fqdn": server.fqdn,
        "mailpair_addresses": list(server.addresses),
    }
    if connection.private_key is not None:
        variables["ansible_ssh_private_key_file"] = str(connection.private_key)
    if connection.known_hosts is not None:
        # OpenSSH takes this option for a list of files, and a file with a space in its name only within quotes.
        option = f'UserKnownHostsFile="{connection.known_hosts}"'
        variables["ansible_ssh_common_args"] = f"-o {shlex.quote(option)} -o StrictHostKeyChecking=yes"
    if connection.instance is not None:
        variables["mailpair_instance"] = connection.instance
    return variables
