"""Our resources as a program uses them; provider/ makes them. Their inputs and outputs are described there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pulumi


@dataclass(frozen=True, slots=True)
class ImageArgs:
    """See pulumi_stack.provider.image."""

    packages: Sequence[str]


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    """See pulumi_stack.provider.network."""

    stack: str
    owner: str
    subnet: str


@dataclass(frozen=True, slots=True)
class MachineArgs:
    """See pulumi_stack.provider.machine."""

    stack: str
    owner: str
    name: str
    fqdn: str
    bridge: pulumi.Input[str]
    address: str
    address6: str
    gateway: pulumi.Input[str]
    image: pulumi.Input[str]
    site_dir: str


@dataclass(frozen=True, slots=True)
class PlaybookArgs:
    """See pulumi_stack.provider.playbook."""

    inventory: pulumi.Input[Mapping[str, Any]]
    site_dir: str
    playbook: str
    digest: str


@dataclass(frozen=True, slots=True)
class RecordSetArgs:
    """See pulumi_stack.provider.record_set."""

    server: str
    port: int
    zone: str
    key_name: str
    algorithm: str
    key: pulumi.Input[str]
    name: str
    type: str
    ttl: int
    data: Sequence[str]


class Image(pulumi.CustomResource):
    """The base image of all machines, in this machine's cache."""

    path: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every resource of Pulumi."""
        super().__init__("mailpair:index:Image", name, _properties(args, "path", "key", "drift"), opts)


class Network(pulumi.CustomResource):
    """The bridge that a stack's machines hang on."""

    bridge: pulumi.Output[str]
    table: pulumi.Output[str]
    gateway: pulumi.Output[str]
    subnet6: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every resource of Pulumi."""
        properties = _properties(args, "bridge", "table", "gateway", "subnet6", "drift")
        super().__init__("mailpair:index:Network", name, properties, opts)


class Machine(pulumi.CustomResource):
    """A systemd-nspawn machine."""

    instance: pulumi.Output[str]

    def __init__(self, name: str, args: MachineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every resource of Pulumi."""
        properties = _properties(args, "instance", "made_from", "drift")
        super().__init__("mailpair:index:Machine", name, properties, opts)


class Playbook(pulumi.CustomResource):
    """The configuration of all hosts of a stack."""

    def __init__(self, name: str, args: PlaybookArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every resource of Pulumi."""
        properties = _properties(args, "stamp", "private", "drift")
        super().__init__("mailpair:index:Playbook", name, properties, opts)


class RecordSet(pulumi.CustomResource):
    """The records of one type at one name in DNS."""

    def __init__(self, name: str, args: RecordSetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """As every resource of Pulumi."""
        super().__init__("mailpair:index:RecordSet", name, _properties(args, "drift"), opts)


def _properties(args: Any, *outputs: str) -> dict[str, Any]:
    """The inputs as they are, and the outputs still open."""
    return {**{each.name: getattr(args, each.name) for each in fields(args)}, **dict.fromkeys(outputs)}
