from __future__ import annotations

from dataclasses import dataclass

import pytest

from mailpair.plan import base
from mailpair.plan.base import Count
from mailpair.plan.role import ConnectionLimit
from mailpair.servers import Role, Server

SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11")),
    Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",)),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",)),
)


@dataclass(frozen=True)
class Job:
    packages: tuple[str, ...] = ()
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[ConnectionLimit, ...] = ()


def test_packages_of_all_roles_are_installed_together() -> None:
    planned = base.plan(SERVERS, (Job(packages=("postfix", "openssl")), Job(packages=("dovecot-imapd",))))
    assert planned.packages == ("ca-certificates", "dovecot-imapd", "iproute2", "nftables", "openssl", "postfix")


def test_ports_of_all_roles_are_open_each_once() -> None:
    planned = base.plan(SERVERS, (Job(public_ports=(993, 25), peer_ports=(24,)), Job(public_ports=(25, 587))))
    allowed = {each.name: each.elements for each in planned.sets}
    assert (allowed["public_ports"], allowed["peer_ports"]) == ((25, 587, 993), (24,))


def test_peers_are_the_front_ends_by_family() -> None:
    planned = base.plan(SERVERS, ())
    allowed = {each.name: each.elements for each in planned.sets}
    assert allowed["front_ends_ipv4"] == ("10.0.0.11", "10.0.0.13")
    assert allowed["front_ends_ipv6"] == ("fd00::11",)


def test_vrrp_comes_from_those_who_share_the_address_alone() -> None:
    planned = {each.name: each.elements for each in base.plan(SERVERS, (), vrrp_peers=("10.0.0.13",)).sets}
    assert planned["vrrp_peers"] == ("10.0.0.13",)
    assert {each.name: each.elements for each in base.plan(SERVERS, ()).sets}["vrrp_peers"] == ()


def test_every_server_is_known_by_name_at_each_address() -> None:
    assert [(entry.address, entry.name) for entry in base.plan(SERVERS, ()).hosts] == [
        ("10.0.0.11", "front1.contoso.test"),
        ("fd00::11", "front1.contoso.test"),
        ("10.0.0.13", "front2.contoso.test"),
        ("10.0.0.12", "back1.contoso.test"),
    ]


def test_connections_are_counted_by_family_and_in_all() -> None:
    job = Job(limits=(ConnectionLimit("imap", (143, 993), total=5, per_address=3),))
    assert base.plan(SERVERS, (job,)).counts == (
        Count("imap_address4_3", "ipv4_addr", base.ADDRESSES, "ip saddr", (143, 993), 3),
        Count("imap_address6_3", "ipv6_addr", base.ADDRESSES, "ip6 saddr", (143, 993), 3),
        Count("imap_total_5", "inet_proto", 1, "meta l4proto", (143, 993), 5),
    )


@pytest.mark.parametrize("limit", [ConnectionLimit("imap", (143,), None, None), ConnectionLimit("imap", (), 1, 1)])
def test_what_has_no_limit_or_no_port_is_not_counted(limit: ConnectionLimit) -> None:
    assert base.plan(SERVERS, (Job(limits=(limit,)),)).counts == ()
