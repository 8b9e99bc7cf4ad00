"""What there is to see of certificates on a server."""

from __future__ import annotations

from dataclasses import replace

from mailpair.plan.served import File, Port, served
from mailpair.servers import Role, Server
from mailpair.site.model import (
    AuthMechanism,
    Certificate,
    CertificateService,
    CertificateSource,
    KeyAlgorithm,
    ServicePair,
    WebSite,
)
from tests.unit.plan.sites import NO_PROTOCOL, bindings, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("192.0.2.1", "2001:db8::1"))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("192.0.2.2",))
ON = ServicePair(front_end=True, back_end=True)
SERVER, PEER = "/etc/mailpair/tls/server.pem", "/etc/mailpair/tls/peer.pem"
IMAP = replace(
    NO_PROTOCOL,
    x509_certificate_name="mail.contoso.test",
    ssl_bindings=bindings("0.0.0.0:993", "[::]:993"),
    unencrypted_or_tls_bindings=bindings("127.0.0.1:143"),
)


def test_nothing_is_asked_where_nothing_listens() -> None:
    assert served(site(imap_settings=IMAP), FRONT).ports == ()


def test_files_of_a_front_end() -> None:
    assert {file.path for file in served(site(), FRONT).files} >= {SERVER, PEER, "/etc/mailpair/tls/ca.pem"}


def test_a_front_end_is_asked_once_a_binding_for_the_name_that_clients_ask_for() -> None:
    assert served(site(imap4=ON, imap_settings=IMAP), FRONT).ports == (
        Port("IMAP", "192.0.2.1", 993, "", "mail.contoso.test", SERVER),
        Port("IMAP", "2001:db8::1", 993, "", "mail.contoso.test", SERVER),
        Port("IMAP", "127.0.0.1", 143, "imap", "mail.contoso.test", SERVER),
    )


def test_the_web_site_is_asked_for_the_page_s_name_once_it_is_on() -> None:
    on = site(web_site=WebSite(enabled=True, host_name="mail.contoso.test"))
    assert served(on, FRONT).ports == (
        Port("IIS", "192.0.2.1", 443, "", "mail.contoso.test", SERVER),
        Port("IIS", "2001:db8::1", 443, "", "mail.contoso.test", SERVER),
    )
    assert not [port for port in served(on, BACK).ports if port.service == "IIS"]


def test_each_certificate_is_asked_for_by_a_name_and_by_its_kind_of_key() -> None:
    mail = Certificate("mail", CertificateSource.PRIVATE, ("mail.contoso.test",), frozenset({CertificateService.IMAP}))
    both = replace(mail, key_algorithms=frozenset(KeyAlgorithm))
    other = replace(mail, name="other", source=CertificateSource.PROVIDED, domain_name=("*.example.test",))
    seen = served(site(imap4=ON, imap_settings=IMAP, certificates=(both, other)), FRONT)
    tls = "/etc/mailpair/tls"
    assert [each for each in seen.ports if each.address == "192.0.2.1"] == [
        Port("IMAP", "192.0.2.1", 993, "", "mail.contoso.test", f"{tls}/mail.pem", "ECDSA"),
        Port("IMAP", "192.0.2.1", 993, "", "mail.contoso.test", f"{tls}/mail-rsa.pem", "RSA"),
        Port("IMAP", "192.0.2.1", 993, "", "any.example.test", f"{tls}/other.pem"),
    ]
    assert {File(f"{tls}/mail-rsa.pem", "private"), File(f"{tls}/other.pem", "provided")} <= {*seen.files}


def test_connectors_with_tls_are_asked() -> None:
    connectors = (
        receive(fqdn="smtp.contoso.test", ssl_bindings=bindings("192.0.2.1:465")),
        receive("Plain", bindings=bindings("0.0.0.0:2525"), auth_mechanism=frozenset({AuthMechanism.BASIC_AUTH})),
        receive("Off", bindings=bindings("0.0.0.0:2526"), enabled=False),
    )
    assert served(site(receive_connectors=connectors), FRONT).ports == (
        Port("SMTP", "192.0.2.1", 587, "smtp", "smtp.contoso.test", SERVER),
        Port("SMTP", "192.0.2.1", 465, "", "smtp.contoso.test", SERVER),
    )


def test_a_back_end_shows_its_own_name_to_front_ends() -> None:
    seen = served(site(pop3=ON), BACK)
    assert File(PEER, "private") in seen.files
    assert seen.ports == tuple(
        Port(service, "192.0.2.2", port, "", "back1.contoso.test", PEER)
        for service, port in (("POP", 1995), ("LMTP", 24), ("quota", 12340))
    )
