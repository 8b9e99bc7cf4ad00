from __future__ import annotations

from dataclasses import replace

from mailpair.plan import certificates
from mailpair.servers import Role, Server
from mailpair.settings.values import Encryption
from mailpair.site.model import Certificate, CertificateService, CertificateSource, ConnectionSetting, ServerSettings
from tests.unit.plan.sites import NO_PROTOCOL, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))


def connection(host: str) -> ConnectionSetting:
    return ConnectionSetting(host, 995, Encryption.SSL)


def test_a_back_end_proves_a_server_and_nothing_else() -> None:
    (peer,) = certificates.plan(site(), BACK).certificates
    assert (peer.certificate, peer.names, peer.usage) == (
        "/etc/mailpair/tls/peer.pem",
        ("back1.contoso.test",),
        "server",
    )


def test_a_front_end_proves_a_client_to_back_ends_and_a_server_to_clients() -> None:
    peer, public = certificates.plan(site(), FRONT).certificates
    assert (peer.certificate, peer.names, peer.usage) == (
        "/etc/mailpair/tls/peer.pem",
        ("front1.contoso.test",),
        "client",
    )
    assert (public.certificate, public.usage) == ("/etc/mailpair/tls/server.pem", "server")


def test_clients_find_every_name_that_they_may_know() -> None:
    pop = replace(
        NO_PROTOCOL,
        x509_certificate_name="pop.contoso.test",
        external_connection_settings=(connection("Mail.contoso.test"),),
        internal_connection_settings=(connection("inside.contoso.test"),),
    )
    everywhere = Certificate(
        "mail", CertificateSource.PRIVATE, ("mail.contoso.test", "*.contoso.test"), frozenset(CertificateService)
    )
    planned = site(
        certificates=(everywhere,), pop_settings=pop, receive_connectors=(receive(fqdn="smtp.contoso.test"),)
    )
    assert certificates.public_names(planned, FRONT) == (
        "mail.contoso.test",
        "*.contoso.test",
        "pop.contoso.test",
        "inside.contoso.test",
        "smtp.contoso.test",
        "front1.contoso.test",
    )


def test_a_protocol_has_a_certificate_of_its_own_for_a_name_of_its_own() -> None:
    mail = Certificate(
        "mail", CertificateSource.PRIVATE, ("mail.contoso.test", "*.contoso.test"), frozenset(CertificateService)
    )
    planned = site(
        certificates=(mail,),
        pop_settings=replace(NO_PROTOCOL, x509_certificate_name="pop.contoso.test"),
        imap_settings=replace(NO_PROTOCOL, x509_certificate_name="mail.contoso.test"),
    )
    _, public, pop = certificates.plan(planned, FRONT).certificates
    assert (pop.certificate, pop.key) == ("/etc/mailpair/tls/pop3.pem", "/etc/mailpair/tls/pop3.key")
    assert (public.names[0], pop.names[0]) == ("mail.contoso.test", "pop.contoso.test")
    assert set(pop.names) == set(public.names)


def test_a_server_s_own_settings_go_before_the_site_s() -> None:
    own = replace(NO_PROTOCOL, external_connection_settings=(connection("far.contoso.test"),))
    planned = site(servers=(ServerSettings("front1", NO_PROTOCOL, own),))
    assert certificates.public_names(planned, FRONT) == ("far.contoso.test", "front1.contoso.test")
    assert certificates.public_names(planned, replace(FRONT, name="front2")) == ("front1.contoso.test",)
