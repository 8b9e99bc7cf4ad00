"""What a host renews by itself, what may speak for it, and which ports must show it."""

from __future__ import annotations

from dataclasses import replace

from hostside.renewal.configuration import parse
from mailpair.plan import renewal
from mailpair.plan.role import plain
from mailpair.servers import Role, Server
from mailpair.site.model import ServicePair, Site
from tests.unit.plan.sites import NO_PROTOCOL, bindings, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
ON = ServicePair(front_end=True, back_end=True)
SITE = site(
    imap4=ON,
    imap_settings=replace(NO_PROTOCOL, x509_certificate_name="mail.contoso.test", ssl_bindings=bindings("0.0.0.0:993")),
    receive_connectors=(receive(fqdn="smtp.contoso.test"),),
)


def planned(server: Server, of: Site = SITE) -> renewal.RenewalPlan:
    return renewal.plan(of, (FRONT, BACK), server)


def test_a_back_end_speaks_for_itself_as_a_server() -> None:
    (own,) = planned(BACK).configuration.authorities
    assert (own.name, own.names, own.usage, own.signed_by) == ("peer-ca", ("back1.contoso.test",), "server", "itself")
    (peer,) = planned(BACK).configuration.certificates
    assert (peer.name, peer.usage, peer.services) == ("peer", "server", ("haproxy",))
    assert {(probe.port, probe.name) for probe in peer.probes} >= {(24, BACK.fqdn), (12340, BACK.fqdn)}
    assert planned(BACK).peers == ("front1",)
    assert planned(replace(BACK, addresses=("10.0.0.12", "fd00::1"))).addresses == ("10.0.0.12", "[fd00::1]")


def test_a_front_end_s_ca_for_clients_has_the_names_of_clients_alone() -> None:
    own, issuing = planned(FRONT).configuration.authorities
    assert (own.names, own.usage, own.signed_by) == (("front1.contoso.test",), "client", "itself")
    assert (issuing.usage, issuing.signed_by) == ("server", "site")
    assert set(issuing.names) == {"mail.contoso.test", "smtp.contoso.test", "front1.contoso.test"}
    peer, server = planned(FRONT).configuration.certificates
    assert (peer.usage, peer.probes) == ("client", ())
    assert server.name == "server"
    assert {(probe.port, probe.starttls) for probe in server.probes} == {(993, None), (587, "smtp")}


def test_the_program_takes_what_is_planned() -> None:
    for server in (FRONT, BACK):
        known = parse(plain(planned(server).configuration))
        assert {service for each in known.certificates for service in each.services} <= known.reloads.keys()


def test_the_program_that_watches_sessions_starts_anew_only_where_it_speaks_with_others() -> None:
    second = Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",))
    for servers, sharing in (((FRONT, BACK), False), ((FRONT, second, BACK), True)):
        configuration = renewal.plan(SITE, servers, FRONT).configuration
        peer, *_ = configuration.certificates
        assert ("mailpair-sessions" in peer.services, "mailpair-sessions" in configuration.reloads) == (
            sharing,
            sharing,
        )
