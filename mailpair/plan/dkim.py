"""Signatures of what users send (DKIM, RFC 6376): whose keys a front end has, and where opendkim finds them."""

from __future__ import annotations

from dataclasses import dataclass

from mailpair.servers import Server
from mailpair.site.model import PermissionGroup, ReceiveConnector, Site

PACKAGE = "opendkim"

FOLDER = "/etc/opendkim"
SOCKET_FOLDER = "/var/spool/postfix/opendkim"
SOCKET = f"{SOCKET_FOLDER}/opendkim.sock"
# A message that should be signed waits with its sender while nobody can sign.
MILTER = f"{{ unix:{SOCKET}, connect_timeout=5s, command_timeout=10s, default_action=tempfail }}"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of this server's alone: the domain that it signs for, its selector, the file that holds it."""

    domain: str
    selector: str
    path: str


@dataclass(frozen=True, slots=True)
class DkimPlan:
    """Values of the role dkim."""

    packages: tuple[str, ...]
    keys: tuple[Key, ...]
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[()] = ()
    folder: str = FOLDER
    socket_folder: str = SOCKET_FOLDER
    socket: str = SOCKET
    size: int = 2048  # bits


def plan(site: Site, server: Server) -> DkimPlan:
    """Plan the signatures of a front end. Each has keys of its own, since no key leaves the host that made it."""
    keys = tuple(
        Key(
            domain=config.domain,
            selector=f"{config.selector}-{server.name}",
            path=f"{FOLDER}/keys/{config.domain}/{config.selector}-{server.name}.private",
        )
        for config in site.dkim_signing_configs
        if config.enabled
    )
    return DkimPlan(packages=(PACKAGE,) if keys else (), keys=keys)


def signs(site: Site, connector: ReceiveConnector) -> bool:
    """Whether what comes in by a connector is signed: where users alone can send, and any domain has a key.

    Where strangers send too, one of them could put a user's name into a message and have it signed.
    """
    groups = connector.permission_groups
    users = PermissionGroup.EXCHANGE_USERS in groups and PermissionGroup.ANONYMOUS_USERS not in groups
    return users and any(config.enabled for config in site.dkim_signing_configs)
