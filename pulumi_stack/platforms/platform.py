"""What every platform gives a program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import pulumi

from mailpair.servers import Connection, Server
from pulumi_stack.errors import Problem


@dataclass(frozen=True, slots=True)
class Host:
    """A server's host: how it is reached, and which making of it this is (an output of None where nobody knows)."""

    connection: Connection  # without its instance
    instance: pulumi.Output[str | None]


class Platform(ABC):
    """A place where hosts come from."""

    @property
    @abstractmethod
    def servers(self) -> tuple[Server, ...]:
        """The servers of the stack, in the order of the configuration."""

    @abstractmethod
    def leaving_problems(self) -> list[Problem]:
        """What is in the way of hosts that are there and no more in the configuration; nothing is touched."""

    @abstractmethod
    def host(self, server: Server, opts: pulumi.ResourceOptions) -> Host:
        """Makes the host of a server, or takes the one that is there; ``opts`` are for the resource that it makes."""
