from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, ip_address

from mailpair.plan import plan as plan_all
from mailpair.plan import virtual_address
from mailpair.plan.virtual_address import VirtualAddressPlan
from mailpair.servers import Role, Server
from mailpair.settings.values import IpRange
from mailpair.site.model import ServicePair, Site, WebSite
from tests.unit.plan.sites import bindings
from tests.unit.sites import default_site

ON = ServicePair(front_end=True, back_end=True)
SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11")),
    Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("fd00::12", "10.0.0.12")),
    Server("front3", Role.CLIENT_ACCESS, "front3.contoso.test", ("10.0.0.13", "10.0.0.23")),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.14",)),
)
SITE = replace(default_site(), imap4=ON, virtual_address=IPv4Address("10.0.0.100"))


def planned(site: Site = SITE) -> VirtualAddressPlan:
    """The second front end's."""
    return virtual_address.plan(site, SERVERS, SERVERS[1])


def test_a_front_end_speaks_to_all_others_from_its_own_address() -> None:
    found = planned()
    assert (found.enabled, found.address, found.own) == (True, "10.0.0.100", "10.0.0.12")
    assert found.peers == ("10.0.0.11", "10.0.0.13")
    assert found.packages == ("keepalived", "python3")


def test_every_port_must_be_bound_and_one_of_each_protocol_must_answer() -> None:
    assert planned().listening == (25, 143, 587, 993)
    assert planned().answering == ("993/tls", "587")
    both = replace(SITE, pop3=ON, web_site=WebSite(enabled=True, host_name="mail.contoso.test"))
    assert planned(both).listening == (25, 80, 110, 143, 443, 587, 993, 995)
    assert planned(both).answering == ("993/tls", "995/tls", "587", "443/https")


def test_what_is_for_the_host_itself_or_for_ipv6_is_not_looked_at() -> None:
    inner = replace(
        SITE.imap_settings,
        ssl_bindings=bindings("127.0.0.1:1993", "[::]:993"),
        unencrypted_or_tls_bindings=bindings("0.0.0.0:143"),
    )
    found = planned(replace(SITE, imap_settings=inner, receive_connectors=()))
    assert (found.listening, found.answering) == ((143,), ("143",))


def test_a_connector_that_does_not_take_the_host_itself_is_not_asked() -> None:
    elsewhere = (IpRange(ip_address("192.0.2.0"), ip_address("192.0.2.255")),)
    narrow = tuple(replace(each, remote_ip_ranges=elsewhere) for each in SITE.receive_connectors)
    found = planned(replace(SITE, receive_connectors=narrow))
    assert (found.listening, found.answering) == ((25, 143, 587, 993), ("993/tls",))


def test_the_firewall_lets_in_those_with_whom_it_is_shared() -> None:
    def peers(site: Site, server: Server) -> object:
        return {each["name"]: each["elements"] for each in plan_all(site, SERVERS, server)["base"]["sets"]}[
            "vrrp_peers"
        ]

    assert peers(SITE, SERVERS[0]) == ["10.0.0.12", "10.0.0.13"]
    assert peers(SITE, SERVERS[3]) == []
    assert peers(replace(SITE, virtual_address=None), SERVERS[0]) == []


def test_nothing_is_there_without_an_address() -> None:
    found = planned(replace(SITE, virtual_address=None))
    assert not found.enabled
    assert (found.packages, found.peers, found.listening, found.answering) == ((), (), (), ())
