"""Front ends and back ends as components: a server with all that is made for it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from mailpair.servers import Role, Server
from pulumi_stack.platforms.platform import Host, Platform


@dataclass(frozen=True, slots=True)
class ServerArgs:
    """A server, and the platform that its host comes from."""

    server: Server
    platform: Platform


class ServerComponent(pulumi.ComponentResource):
    """What front ends and back ends have in common: a host, and outputs that say how it is known."""

    host: Host

    def __init__(self, kind: str, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """``kind`` is the last part of the component's type."""
        super().__init__(f"mailpair:stack:{kind}", name, {}, opts)
        self.host = args.platform.host(args.server, pulumi.ResourceOptions(parent=self))
        self.register_outputs(
            {
                "fqdn": args.server.fqdn,
                "addresses": list(args.server.addresses),
                "instance": self.host.instance,
            }
        )


class FrontEnd(ServerComponent):
    """A Client Access server: what clients connect to."""

    def __init__(self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every component of Pulumi."""
        super().__init__("FrontEnd", name, args, opts)


class BackEnd(ServerComponent):
    """A Mailbox server: what holds mailboxes."""

    def __init__(self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every component of Pulumi."""
        super().__init__("BackEnd", name, args, opts)


COMPONENTS: dict[Role, type[FrontEnd | BackEnd]] = {Role.CLIENT_ACCESS: FrontEnd, Role.MAILBOX: BackEnd}
