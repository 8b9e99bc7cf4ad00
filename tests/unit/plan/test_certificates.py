from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mailpair.plan import certificates
from mailpair.plan.certificates import Shown
from mailpair.servers import Role, Server
from mailpair.settings.values import Encryption
from mailpair.site.model import (
    Acme,
    AcmeChallenge,
    AcmeDns,
    Certificate,
    CertificateService,
    CertificateSource,
    ConnectionSetting,
    KeyAlgorithm,
    Provided,
    ServerSettings,
    TlsCertificateName,
    TsigAlgorithm,
)
from tests.unit.plan.sites import NO_PROTOCOL, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
POP, IMAP, SMTP, IIS = CertificateService
MAIL = (POP, IMAP, SMTP)


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


def private(name: str, *names: str, services: Iterable[CertificateService] = MAIL, **given: Any) -> Certificate:
    return Certificate(name, CertificateSource.PRIVATE, names, frozenset(services), **given)


def test_clients_find_every_name_that_they_may_know() -> None:
    pop = replace(
        NO_PROTOCOL,
        x509_certificate_name="pop.contoso.test",
        external_connection_settings=(connection("Mail.contoso.test"),),
        internal_connection_settings=(connection("inside.contoso.test"),),
    )
    planned = site(
        certificates=(private("mail", "mail.contoso.test", "*.contoso.test"),),
        pop_settings=pop,
        receive_connectors=(receive(fqdn="smtp.contoso.test"),),
    )
    mail, fallback = certificates.served(planned, FRONT)
    assert mail.names == (
        "mail.contoso.test",
        "*.contoso.test",
        "pop.contoso.test",
        "inside.contoso.test",
        "front1.contoso.test",
        "smtp.contoso.test",
    )
    assert (fallback.name, fallback.services, fallback.names) == ("server", (IIS,), ("front1.contoso.test",))


def test_without_a_certificate_there_is_one_with_all_names() -> None:
    planned = site(
        pop_settings=replace(NO_PROTOCOL, external_connection_settings=(connection("pop.contoso.test"),)),
        receive_connectors=(receive(fqdn="smtp.contoso.test"),),
    )
    (server,) = certificates.served(planned, FRONT)
    assert server.names == ("pop.contoso.test", "smtp.contoso.test", "front1.contoso.test")
    assert server.paths == ("/etc/mailpair/tls/server.pem", "/etc/mailpair/tls/server.key")
    for service in CertificateService:
        assert certificates.shown(planned, FRONT, service) == Shown(server, {})


def test_a_service_shows_the_certificate_of_the_name_that_is_asked_for() -> None:
    one = private("one", "mail.contoso.test", services=[POP, IMAP, SMTP])
    two = private("two", "*.fabrikam.test", "imap.contoso.test", services=[IMAP])
    three = private("three", "mail.fabrikam.test", services=[IMAP, SMTP])
    planned = site(
        certificates=(one, three, two),
        imap_settings=replace(NO_PROTOCOL, x509_certificate_name="imap.contoso.test"),
        receive_connectors=(receive(fqdn="mail.fabrikam.test"), receive("Other")),
    )
    imap = certificates.shown(planned, FRONT, IMAP)
    assert {name: each.name for name, each in imap.by_name.items()} == {
        "mail.contoso.test": "one",
        "front1.contoso.test": "two",
        "mail.fabrikam.test": "three",
        "*.fabrikam.test": "two",
        "imap.contoso.test": "two",
    }
    assert imap.unasked.name == "two"
    # With one to show, nobody need be asked.
    pop = certificates.shown(planned, FRONT, POP)
    assert (pop.unasked.name, pop.by_name) == ("one", {})
    shown = [certificates.shown(planned, FRONT, SMTP, each) for each in planned.receive_connectors]
    assert [each.unasked.name for each in shown] == ["three", "one"]
    assert [{name: by.name for name, by in each.by_name.items()} for each in shown] == [
        {"mail.fabrikam.test": "three", "mail.contoso.test": "one", "front1.contoso.test": "three"},
        {"mail.fabrikam.test": "three", "mail.contoso.test": "one", "front1.contoso.test": "one"},
    ]


def test_a_connector_shows_the_certificate_that_it_names() -> None:
    planned = site(
        certificates=(private("a", "a.contoso.test"), private("b", "b.contoso.test")),
        receive_connectors=(
            receive(
                fqdn="a.contoso.test",
                tls_certificate_name=TlsCertificateName("CN=mailpair private CA 1", "CN=B.contoso.test"),
            ),
        ),
    )
    assert certificates.shown(planned, FRONT, SMTP, planned.receive_connectors[0]).unasked.name == "b"


def test_a_key_of_each_algorithm_has_files_of_its_own() -> None:
    both = private("Contoso mail", "mail.contoso.test", key_algorithms=frozenset(KeyAlgorithm), key_size=4096)
    sized = private("sized", "a.contoso.test", key_size=2048, services=[IIS])
    planned = site(certificates=(both, sized))
    first, second = certificates.served(planned, FRONT)
    assert [(each.certificate, each.key, each.algorithm) for each in (*first.files, *second.files)] == [
        ("/etc/mailpair/tls/Contoso-mail.pem", "/etc/mailpair/tls/Contoso-mail.key", "ecdsa"),
        ("/etc/mailpair/tls/Contoso-mail-rsa.pem", "/etc/mailpair/tls/Contoso-mail-rsa.key", "rsa-4096"),
        ("/etc/mailpair/tls/sized.pem", "/etc/mailpair/tls/sized.key", "rsa-2048"),
    ]
    _, *issued = certificates.plan(planned, FRONT).certificates
    assert [(each.certificate, each.algorithm) for each in issued] == [
        ("/etc/mailpair/tls/Contoso-mail.pem", "ecdsa"),
        ("/etc/mailpair/tls/Contoso-mail-rsa.pem", "rsa-4096"),
        ("/etc/mailpair/tls/sized.pem", "rsa-2048"),
    ]


def test_what_is_provided_has_the_names_that_it_has() -> None:
    given = Provided("mail.pem", "mail.key")
    mail = replace(
        private("mail", "mail.contoso.test", services=CertificateService),
        source=CertificateSource.PROVIDED,
        provided=given,
    )
    planned = site(certificates=(mail,), receive_connectors=(receive(fqdn="mail.contoso.test"),))
    (served,) = certificates.served(planned, FRONT)
    assert (served.names, served.provided, served.files[0].algorithm) == (("mail.contoso.test",), given, "")
    assert [each.usage for each in certificates.plan(planned, FRONT).certificates] == ["client"]


def test_what_is_fetched_is_planned_with_all_that_fetching_needs() -> None:
    dns = AcmeDns("ns1.contoso.test", 53, "dns", TsigAlgorithm.HMAC_SHA256, 60)
    acme = Acme("https://acme.contoso.test/directory", None, AcmeChallenge.DNS_01, True, "account", "ca.pem", dns)
    mail = replace(
        private("mail", "*.contoso.test", services=CertificateService), source=CertificateSource.ACME, acme=acme
    )
    (served,) = certificates.plan(site(certificates=(mail,)), FRONT).served
    assert (served.acme, served.names, served.files[0].algorithm) == (acme, ("*.contoso.test",), "ecdsa")


def test_a_server_s_own_settings_go_before_the_site_s() -> None:
    own = replace(NO_PROTOCOL, external_connection_settings=(connection("far.contoso.test"),))
    planned = site(servers=(ServerSettings("front1", NO_PROTOCOL, own),))
    (here,) = certificates.served(planned, FRONT)
    (there,) = certificates.served(planned, replace(FRONT, name="front2"))
    assert (here.names, there.names) == (("far.contoso.test", "front1.contoso.test"), ("front1.contoso.test",))
