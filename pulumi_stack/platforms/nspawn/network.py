"""The stack's network: a bridge with an address in each family, and a way out for IPv4."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_stack.errors import Problem
from pulumi_stack.platforms.nspawn.names import StackNames

# What the kernel must allow for the machines; the key is a path below /proc/sys.
FORWARDING = "net/ipv4/ip_forward"
# A back end that announces new mail holds one inotify instance a session, all in the account of one user, and a
# machine can't raise the limit by itself: /proc/sys is read-only there.
INOTIFY = "fs/inotify/max_user_instances"
SYSCTLS: Mapping[str, int] = {FORWARDING: 1, INOTIFY: 8192}

LONGEST_PREFIX = 29  # room for a gateway and five machines


def subnet_problems(path: str, text: str) -> list[Problem]:
    """What is wrong with a subnet in text form."""
    try:
        subnet = ipaddress.IPv4Network(text)
    except ValueError:
        return [Problem(path, repr(text), "must be an IPv4 network without host bits, such as 10.213.0.0/24")]
    if not subnet.is_private:
        return [Problem(path, repr(text), "must be a private network", "take one from 10.0.0.0/8")]
    if subnet.prefixlen > LONGEST_PREFIX:
        return [Problem(path, repr(text), f"must be a /{LONGEST_PREFIX} or larger")]
    return []


def ula(subnet: ipaddress.IPv4Network) -> ipaddress.IPv6Network:
    """The IPv6 network (a /64 of unique local addresses, RFC 4193) that goes with an IPv4 subnet."""
    digest = hashlib.sha256(f"mailpair {subnet}".encode()).digest()
    return ipaddress.IPv6Network((b"\xfd" + digest[:5] + bytes(10), 64))


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A stack's network; ``owner`` says whose stack it is."""

    names: StackNames
    owner: str
    subnet: ipaddress.IPv4Network

    @property
    def subnet6(self) -> ipaddress.IPv6Network:
        """See :func:`ula`."""
        return ula(self.subnet)

    @property
    def gateway(self) -> ipaddress.IPv4Interface:
        """The bridge's own address, the first of the subnet."""
        return ipaddress.IPv4Interface((self.subnet[1], self.subnet.prefixlen))

    @property
    def gateway6(self) -> ipaddress.IPv6Interface:
        """The bridge's own IPv6 address, the first of the network."""
        return ipaddress.IPv6Interface((self.subnet6[1], self.subnet6.prefixlen))

    @property
    def mark(self) -> str:
        """What the bridge carries as its alias, so that its owner is known."""
        return mark(self.names.stack, self.owner)

    @property
    def hardware_address(self) -> str:
        """The bridge's own, locally administered. Without one the lowest of its ports' is taken.

        That would change as machines come and go, and sessions would stand still until all hosts have learned it.
        """
        return ":".join(["02", *(f"{byte:02x}" for byte in hashlib.sha256(self.mark.encode()).digest()[:5])])

    def ruleset(self) -> str:
        """The nftables text that replaces the stack's table in one transaction."""
        table, bridge = self.names.table, self.names.bridge
        return f"""\
table ip {table} {{
}}
delete table ip {table}
table ip {table} {{
    chain postrouting {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {self.subnet} oifname != "{bridge}" masquerade
    }}
}}
"""

    def up(self) -> str:
        """A shell script that makes the network, or what is missing or wrong of it."""
        bridge = self.names.bridge
        kernel = "\n".join(
            f'[ "$(cat /proc/sys/{path})" -ge {value} ] || echo {value} > /proc/sys/{path}'
            for path, value in SYSCTLS.items()
        )
        return f"""\
#!/bin/sh
set -eu
ip link show dev {bridge} > /dev/null 2>&1 || ip link add name {bridge} address {self.hardware_address} type bridge
ip link set dev {bridge} alias '{self.mark}'
for address in $(ip -o address show dev {bridge} scope global | awk '{{print $4}}'); do
    case $address in {self.gateway}|{self.gateway6}) ;; *) ip address delete "$address" dev {bridge} ;; esac
done
ip address replace {self.gateway} dev {bridge}
[ ! -d /proc/sys/net/ipv6 ] || ip address replace {self.gateway6} dev {bridge} nodad
ip link set dev {bridge} up
{kernel}
nft -f - << 'END'
{self.ruleset()}END
"""

    def unit(self) -> str:
        """The systemd unit that makes the network at boot, before the machines."""
        return f"""\
[Unit]
Description=Network of the mailpair stack {self.names.slug}
Wants=network.target
After=network.target nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={self.names.network}/up
ExecStop={self.names.network}/down

[Install]
WantedBy=machines.target
"""


def down(names: StackNames) -> str:
    """A shell script that takes a network away, or what is there of it."""
    bridge, table = names.bridge, names.table
    return f"""\
#!/bin/sh
set -eu
! ip link show dev {bridge} > /dev/null 2>&1 || ip link delete dev {bridge}
! nft list table ip {table} > /dev/null 2>&1 || nft delete table ip {table}
"""


def mark(stack: str, owner: str) -> str:
    """The ownership mark of a bridge; an interface's alias has 255 bytes, so a long owner is told by its end."""
    return f"mailpair stack {stack} of {owner.replace(chr(39), '')[-180:]}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the machine below has: bridges and all other interfaces (as ``ip -j`` says), and nftables' tables."""

    links: tuple[Mapping[str, Any], ...]  # ip -j address show
    routes: tuple[Mapping[str, Any], ...]  # ip -j -4 route show table all
    tables: frozenset[str]  # of family ip
    dropping: tuple[str, ...] = ()  # chains, as "family table chain", that forward nothing unless a rule says so

    def bridge(self, name: str) -> Mapping[str, Any] | None:
        """The interface of this name."""
        return next((link for link in self.links if link["ifname"] == name), None)


def drift(spec: NetworkSpec, seen: Seen) -> list[str]:
    """What of the network is not there: any of ``bridge``, ``address``, ``table``, in this order."""
    missing = []
    bridge = seen.bridge(spec.names.bridge)
    if bridge is None:
        missing.append("bridge")
    else:
        addresses = {f"{each['local']}/{each['prefixlen']}" for each in bridge.get("addr_info", ())}
        if str(spec.gateway) not in addresses or "UP" not in bridge.get("flags", ()):
            missing.append("address")
    if spec.names.table not in seen.tables:
        missing.append("table")
    return missing


def obstacles(seen: Seen) -> list[str]:
    """Warnings about what others' rules do to the machines; they are not ours to change."""
    return [
        f"nftables: {chain}: drops what it forwards unless a rule accepts it, so the machines may reach neither each "
        "other nor Debian's mirrors; accept there what comes from the bridge and what goes to it"
        for chain in seen.dropping
    ]


def conflicts(spec: NetworkSpec, seen: Seen, *, ours: bool) -> list[Problem]:
    """What stands in the network's way and was not made by this stack.

    ``ours`` tells that the stack's folder says that the network was made by it.
    """
    names, problems = spec.names, []
    bridge = seen.bridge(names.bridge)
    if bridge is not None and not ours and bridge.get("ifalias") != spec.mark:
        problems.append(
            Problem(
                "network.bridge",
                repr(names.bridge),
                "this interface exists and was not made by this stack",
                "delete the interface or name the stack otherwise",
            )
        )
    if names.table in seen.tables and not ours and (bridge is None or bridge.get("ifalias") != spec.mark):
        problems.append(
            Problem(
                "network.table",
                repr(f"ip {names.table}"),
                "this nftables table exists and was not made by this stack",
                "delete the table or name the stack otherwise",
            )
        )
    problems += _overlaps(spec, seen)
    return problems


def _overlaps(spec: NetworkSpec, seen: Seen) -> Iterator[Problem]:
    """The interfaces and routes that use addresses of the subnet, other than the stack's bridge."""
    users = [
        (link["ifname"], ipaddress.IPv4Interface(f"{each['local']}/{each['prefixlen']}").network)
        for link in seen.links
        for each in link.get("addr_info", ())
        if each["family"] == "inet"
    ]
    users += [
        (route["dev"], ipaddress.IPv4Network(route["dst"], strict=False))
        for route in seen.routes
        if route["dst"] != "default" and route.get("type", "unicast") == "unicast" and "dev" in route
    ]
    for device, used in dict.fromkeys(users):
        if device != spec.names.bridge and used.overlaps(spec.subnet):
            yield Problem(
                "network.subnet",
                f"'{spec.subnet}'",
                f"overlaps with {used} of the interface {device}",
                "choose another subnet (pulumi config set subnet ...)",
            )
