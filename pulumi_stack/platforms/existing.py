"""Hosts that exist already; nothing is made."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from mailpair.servers import Connection, Server
from pulumi_stack.config import ServerConfig
from pulumi_stack.errors import Problem
from pulumi_stack.platforms.platform import Host, Platform


class ExistingPlatform(Platform):
    """Servers that somebody else made; which keys their SSH servers have is in the administrator's known_hosts."""

    def __init__(self, servers: Sequence[ServerConfig], domain: str) -> None:
        """``domain`` completes the names of servers that have no ``fqdn``."""
        self._configs = {each.name: each for each in servers}
        self._domain = domain

    @property
    def servers(self) -> tuple[Server, ...]:
        """See :class:`Platform`."""
        return tuple(
            Server(
                each.name,
                each.role,
                each.fqdn or f"{each.name}.{self._domain}",
                tuple(str(address) for address in (each.address, each.address6) if address is not None),
            )
            for each in self._configs.values()
        )

    def leaving_problems(self) -> list[Problem]:
        """None: a server that is no more in the configuration stays as it is."""
        return []

    def host(self, server: Server, opts: pulumi.ResourceOptions) -> Host:
        """See :class:`Platform`."""
        del opts
        config = self._configs[server.name]
        connection = Connection(host=config.host, user=config.user, port=config.port, private_key=config.key)
        return Host(connection, pulumi.Output.from_input(None))
