"""The platform nspawn: one image, one network, a machine for each server."""

from __future__ import annotations

import ipaddress
import os
import shutil
from collections.abc import Callable

import pulumi

from mailpair.servers import Connection, Server
from mailpair.state import SiteState
from pulumi_stack.config import StackConfig
from pulumi_stack.errors import Problem
from pulumi_stack.places import CHECKOUT
from pulumi_stack.platforms.nspawn import leaving
from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.platforms.nspawn.network import ula
from pulumi_stack.platforms.platform import Host, Platform
from pulumi_stack.resources import Image, ImageArgs, Machine, MachineArgs, Network, NetworkArgs

# A program that is needed, and the package of Debian that has it.
_PROGRAMS = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
}


def requirements(
    user: Callable[[], int] = os.geteuid, which: Callable[[str], str | None] = shutil.which
) -> list[Problem]:
    """What this machine lacks to run machines of its own."""
    problems = []
    if user() != 0:
        problems.append(
            Problem("platform", "'nspawn'", "making machines needs the rights of root", "run it with sudo or as root")
        )
    problems += [
        Problem("platform", "'nspawn'", f"needs the program {program}", f"install the package {package}")
        for program, package in _PROGRAMS.items()
        if which(program) is None
    ]
    return problems


class NspawnPlatform(Platform):
    """Machines on this very machine."""

    def __init__(self, config: StackConfig, domain: str, stack: str) -> None:
        """``domain`` completes the names of servers that have no ``fqdn``; ``stack`` is the stack's name."""
        self._config, self._domain, self._stack = config, domain, stack
        self._site = SiteState(config.site_dir)
        self._base: tuple[Image, Network] | None = None

    @property
    def servers(self) -> tuple[Server, ...]:
        """See :class:`Platform`."""
        return tuple(
            Server(
                each.name,
                each.role,
                each.fqdn or f"{each.name}.{self._domain}",
                (str(each.address), str(self._address6(ipaddress.IPv4Address(each.address)))),
            )
            for each in self._config.servers
        )

    def leaving_problems(self) -> list[Problem]:
        """See :class:`Platform`."""
        staying = {*(each.name for each in self._config.servers), *self._config.bare_machines}
        return leaving.problems(StackNames(self._stack), staying)

    def host(self, server: Server, opts: pulumi.ResourceOptions) -> Host:
        """See :class:`Platform`."""
        return self._machine(server.name, server.fqdn, ipaddress.IPv4Address(server.addresses[0]), opts)

    def bare(self, name: str, opts: pulumi.ResourceOptions) -> Host:
        """Makes one of the bare machines of the configuration."""
        return self._machine(name, f"{name}.{self._domain}", self._config.bare_machines[name], opts)

    def _machine(self, name: str, fqdn: str, address: ipaddress.IPv4Address, opts: pulumi.ResourceOptions) -> Host:
        image, network = self._shared()
        subnet = self._config.subnet
        machine = Machine(
            name,
            MachineArgs(
                stack=self._stack,
                owner=str(CHECKOUT),
                name=name,
                fqdn=fqdn,
                bridge=network.bridge,
                address=f"{address}/{subnet.prefixlen}",
                address6=f"{self._address6(address)}/{ula(subnet).prefixlen}",
                gateway=network.gateway,
                image=image.path,
                site_dir=str(self._config.site_dir),
            ),
            opts,
        )
        connection = Connection(host=str(address), private_key=self._site.ssh_key, known_hosts=self._site.known_hosts)
        return Host(connection, machine.instance.apply(lambda instance: instance))

    def _shared(self) -> tuple[Image, Network]:
        """The image and the network, made with the first machine."""
        if self._base is None:
            subnet = str(self._config.subnet)
            self._base = (
                Image("image", ImageArgs(packages=self._config.image_packages)),
                Network("network", NetworkArgs(stack=self._stack, owner=str(CHECKOUT), subnet=subnet)),
            )
        return self._base

    def _address6(self, address: ipaddress.IPv4Address) -> ipaddress.IPv6Address:
        """The IPv6 address with the same number in its network."""
        subnet = self._config.subnet
        return ula(subnet)[int(address) - int(subnet.network_address)]
