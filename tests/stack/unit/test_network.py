"""What a network is made of, what of it is missing, and what stands in its way."""

from __future__ import annotations

import re
import shutil
import subprocess
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest

from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.platforms.nspawn.network import NetworkSpec, Seen, conflicts, down, drift, obstacles, ula

SPEC = NetworkSpec(StackNames("lab"), "/srv/mail", IPv4Network("10.213.0.0/24"))


def link(name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    split = [address.split("/") for address in addresses]
    info = [
        {"family": "inet6" if ":" in local else "inet", "local": local, "prefixlen": int(prefix)}
        for local, prefix in split
    ]
    return {"ifname": name, "flags": ["BROADCAST", "UP"], "addr_info": info, **more}


BRIDGE = link("mp-lab", "10.213.0.1/24", ifalias=SPEC.mark)
ETHERNET = link("eth0", "192.0.2.2/24", "2001:db8::2/64")
DEFAULT = {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"}


def seen(*links: dict[str, Any], routes: tuple[dict[str, Any], ...] = (DEFAULT,), tables: tuple[str, ...] = ()) -> Seen:
    return Seen((ETHERNET, *links), routes, frozenset(tables))


def test_the_ipv6_network_is_local_and_follows_from_the_subnet() -> None:
    first, second = ula(IPv4Network("10.213.0.0/24")), ula(IPv4Network("10.214.0.0/24"))
    assert first.prefixlen == 64
    assert first.subnet_of(IPv6Network("fd00::/8"))
    assert first != second


@pytest.mark.parametrize("script", [SPEC.up(), down(SPEC.names)])
def test_scripts_are_whole_shell(script: str) -> None:
    shell = shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_the_bridge_has_an_address_that_no_port_changes() -> None:
    address = SPEC.hardware_address
    assert re.fullmatch(r"02(:[0-9a-f]{2}){5}", address)
    assert f"ip link add name mp-lab address {address} type bridge" in SPEC.up()


def test_the_table_is_replaced_in_one_transaction() -> None:
    assert re.sub(r"\s+", " ", SPEC.ruleset()) == (
        "table ip mailpair-lab { } delete table ip mailpair-lab table ip mailpair-lab { chain postrouting { "
        "type nat hook postrouting priority srcnat; policy accept; "
        'ip saddr 10.213.0.0/24 oifname != "mp-lab" masquerade } } '
    )


def test_the_unit_makes_the_network_before_the_machines() -> None:
    unit = SPEC.unit()
    assert "ExecStart=/var/lib/mailpair/lab/network/up\n" in unit
    assert "ExecStop=/var/lib/mailpair/lab/network/down\n" in unit
    assert "WantedBy=machines.target\n" in unit


def test_an_alias_fits_the_kernel_whoever_owns_it() -> None:
    spec = NetworkSpec(StackNames("s" * 100), f"/srv/it's/{'x' * 400}", SPEC.subnet)
    assert len(spec.mark) < 256 + 100
    assert "'" not in spec.mark


@pytest.mark.parametrize(
    ("world", "missing"),
    [
        (seen(BRIDGE, tables=("mailpair-lab",)), []),
        (seen(BRIDGE), ["table"]),
        (seen(link("mp-lab"), tables=("mailpair-lab",)), ["address"]),
        (seen({**BRIDGE, "flags": []}, tables=("mailpair-lab",)), ["address"]),
        (seen(tables=("mailpair-lab",)), ["bridge"]),
        (seen(), ["bridge", "table"]),
    ],
)
def test_what_is_missing_is_named(world: Seen, missing: list[str]) -> None:
    assert drift(SPEC, world) == missing


def said(world: Seen, *, ours: bool = False) -> list[str]:
    return [str(problem) for problem in conflicts(SPEC, world, ours=ours)]


def test_nothing_is_in_the_way_of_the_first_stack() -> None:
    assert said(seen()) == []


def test_our_own_is_not_in_our_way() -> None:
    world = seen(BRIDGE, routes=({"dst": "10.213.0.0/24", "dev": "mp-lab"},), tables=("mailpair-lab",))
    assert said(world) == []
    assert said(seen(link("mp-lab"), tables=("mailpair-lab",)), ours=True) == []


def test_what_others_made_is_refused() -> None:
    assert said(seen(link("mp-lab", ifalias="somebody's"), tables=("mailpair-lab",))) == [
        (
            "network.bridge: 'mp-lab': this interface exists and was not made by this stack; "
            "delete the interface or name the stack otherwise"
        ),
        (
            "network.table: 'ip mailpair-lab': this nftables table exists and was not made by this stack; "
            "delete the table or name the stack otherwise"
        ),
    ]


@pytest.mark.parametrize(
    "world",
    [
        seen(link("docker0", "10.213.0.0/16")),
        seen(routes=(DEFAULT, {"dst": "10.213.0.0/16", "dev": "docker0"})),
    ],
)
def test_addresses_in_use_are_refused(world: Seen) -> None:
    assert said(world) == [
        (
            "network.subnet: '10.213.0.0/24': overlaps with 10.213.0.0/16 of the interface docker0; "
            "choose another subnet (pulumi config set subnet ...)"
        )
    ]


def test_an_address_in_use_is_found_behind_others_of_its_interface() -> None:
    assert said(seen(link("eth1", "192.0.2.9/24", "10.213.0.9/24"))) != []


def test_a_firewall_in_the_way_is_told() -> None:
    assert obstacles(seen()) == []
    world = Seen((), (), frozenset(), dropping=("ip filter FORWARD",))
    assert obstacles(world) == [
        (
            "nftables: ip filter FORWARD: drops what it forwards unless a rule accepts it, so the machines may reach "
            "neither each other nor Debian's mirrors; accept there what comes from the bridge and what goes to it"
        )
    ]
