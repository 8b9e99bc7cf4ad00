"""All records of a site, and the lines that a zone file has for them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, ip_address

import pytest

from mailpair.publish.dns import Record, records, zone
from mailpair.publish.spf import spf
from mailpair.servers import Role, Server
from mailpair.site.model import SendConnector, Site, WebSite
from tests.e2e.support import publications
from tests.unit.plan.sites import send
from tests.unit.publish.test_clients import DEFAULT, PUBLISHED, SERVERS
from tests.unit.sites import default_site

ON = WebSite(enabled=True, host_name="mail.contoso.test")
WITH_IPV6 = (Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11")), *SERVERS[1:])
SERVICES = ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission")


def lines(site: Site, kind: str = "", name: str = "") -> list[str]:
    return [
        f"{each.name} {each.type} {each.data}"
        for each in records(site, WITH_IPV6)
        if kind in {"", each.type} and name in each.name
    ]


def test_services_are_found_in_the_document_s_order_with_imap_first() -> None:
    assert publications.of_dns(zone(records(PUBLISHED, SERVERS)), "contoso.test") == [
        ("IMAP", "mail.contoso.test", 143, "TLS"),
        ("SMTP", "mail.contoso.test", 587, "TLS"),
        ("IMAP", "mail.contoso.test", 993, "SSL"),
        ("POP", "mail.contoso.test", 995, "SSL"),
    ]


def test_what_is_not_offered_is_said_not_to_be_there() -> None:
    assert lines(DEFAULT, "SRV") == [f"{each}._tcp.contoso.test. SRV 0 0 0 ." for each in SERVICES]
    assert "_submissions._tcp.contoso.test. SRV 0 0 0 ." in lines(PUBLISHED, "SRV")


def test_names_have_the_addresses_of_front_ends_and_each_once() -> None:
    assert lines(PUBLISHED, "A", "mail.") == ["mail.contoso.test. A 10.0.0.11", "mail.contoso.test. A 10.0.0.13"]
    assert lines(PUBLISHED, "AAAA") == ["front1.contoso.test. AAAA fd00::11", "mail.contoso.test. AAAA fd00::11"]
    assert not [line for line in lines(PUBLISHED) if line.startswith("back1.")]


def test_a_virtual_address_stands_for_those_of_the_front_ends() -> None:
    shared = replace(PUBLISHED, virtual_address=IPv4Address("10.0.0.100"))
    assert lines(shared, "A") == [
        "front1.contoso.test. A 10.0.0.11",
        "front2.contoso.test. A 10.0.0.13",
        "mail.contoso.test. A 10.0.0.100",
    ]
    assert lines(shared, "AAAA", "mail.") == ["mail.contoso.test. AAAA fd00::11"]


def test_a_virtual_address_stands_for_all_addresses_of_a_front_end_s_own() -> None:
    shared = replace(PUBLISHED, virtual_address=IPv4Address("10.0.0.100"))
    several = [replace(each, addresses=(*each.addresses, "10.0.0.211")) for each in SERVERS]
    names = [each.data for each in records(shared, several) if (each.name, each.type) == ("mail.contoso.test.", "A")]
    assert names == ["10.0.0.100"]


def test_names_of_mail_programs_are_there_with_the_web_site() -> None:
    assert not lines(PUBLISHED, name="autoconfig") + lines(PUBLISHED, name="autodiscover")
    site = replace(PUBLISHED, web_site=ON, accepted_domains=("contoso.test", "fabrikam.test"))
    for domain in site.accepted_domains:
        for label in ("autoconfig", "autodiscover", "ua-auto-config"):
            assert f"{label}.{domain}. A 10.0.0.11" in lines(site)
        assert f"_autodiscover._tcp.{domain}. SRV 0 1 443 autodiscover.{domain}." in lines(site)
        assert [line for line in lines(site, "TXT", f"_ua-auto-config.{domain}") if "v=UAAC1; a=sha256; d=" in line]
        assert not lines(site, "A", f"^{domain}")


def test_mail_comes_to_connectors_for_anyone() -> None:
    everyone = replace(PUBLISHED, receive_connectors=default_site().receive_connectors)
    assert lines(everyone, "MX") == [
        "contoso.test. MX 10 front1.contoso.test.",
        "contoso.test. MX 10 front2.contoso.test.",
    ]
    named = tuple(replace(each, fqdn="mx.contoso.test") for each in everyone.receive_connectors)
    assert lines(replace(everyone, receive_connectors=named), "MX") == ["contoso.test. MX 10 mx.contoso.test."]
    assert "mx.contoso.test. A 10.0.0.11" in lines(replace(everyone, receive_connectors=named))
    assert lines(PUBLISHED, "MX") == []


@pytest.mark.parametrize(
    ("connectors", "text"),
    [
        ((), "v=spf1 -all"),
        ((send(),), "v=spf1 ip4:10.0.0.11 ip6:fd00::11 ip4:10.0.0.13 -all"),
        ((send(enabled=False),), "v=spf1 -all"),
        ((send(source_transport_servers=("front2",)),), "v=spf1 ip4:10.0.0.13 -all"),
        ((send(source_ip_address=ip_address("10.0.0.99")),), "v=spf1 ip4:10.0.0.99 -all"),
        ((send("Out", "relay.test:25", "[fd00::5]:25"),), "v=spf1 a:relay.test ip6:fd00::5 ~all"),
    ],
)
def test_whose_mail_it_is(connectors: tuple[SendConnector, ...], text: str) -> None:
    assert spf(replace(DEFAULT, send_connectors=connectors), WITH_IPV6) == text


def test_a_long_text_is_several_strings() -> None:
    key = "x" * 300
    (record,) = (
        each for each in records(DEFAULT, (), {"s._domainkey.contoso.test.": key}) if "_domainkey" in each.name
    )
    assert zone([record]) == f's._domainkey.contoso.test. IN TXT "{"x" * 255}" "{"x" * 45}"\n'
    assert zone([Record("a.test.", "MX", "10 b.test.")]) == "a.test. IN MX 10 b.test.\n"
