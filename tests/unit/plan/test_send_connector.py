from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from mailpair.plan.send_connector import outgoing
from mailpair.servers import Role, Server
from mailpair.settings.names import PRIVATE_CA
from mailpair.site.model import (
    Certificate,
    CertificateService,
    CertificateSource,
    SmartHostAuth,
    TlsAuthLevel,
    TlsCertificateName,
)
from tests.unit.plan.sites import send, site

if TYPE_CHECKING:
    from mailpair.site.model import SendConnector

SIGN_IN: dict[str, Any] = {
    "smart_host_auth_mechanism": SmartHostAuth.BASIC_AUTH_REQUIRE_TLS,
    "authentication_credential": "relay",
}
FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))


def options(connector: SendConnector) -> list[str]:
    certificates = tuple(
        Certificate(name, CertificateSource.PRIVATE, (f"{name}.contoso.test",), frozenset({CertificateService.SMTP}))
        for name in ("a", "b")
    )
    (service,) = outgoing(site(send_connectors=(connector,), certificates=certificates), FRONT).services
    return list(service.options)


@pytest.mark.parametrize(
    ("connector", "expected"),
    [
        (send(), ["syslog_name = postfix/internet", "smtp_tcp_port = 25", "smtp_tls_security_level = may"]),
        (send(port=2525), ["smtp_tcp_port = 2525"]),
        (send(fqdn="mail.contoso.test"), ["smtp_helo_name = mail.contoso.test"]),
        (send(force_helo=True), ["smtp_never_send_ehlo = yes", "smtp_tls_security_level = none"]),
        (send(ignore_starttls=True), ["smtp_tls_security_level = none"]),
        (send(require_tls=True), ["smtp_tls_security_level = encrypt"]),
        (
            send(require_tls=True, tls_auth_level=TlsAuthLevel.CERTIFICATE_VALIDATION),
            ["smtp_tls_security_level = verify"],
        ),
        (
            send(require_tls=True, tls_auth_level=TlsAuthLevel.DOMAIN_VALIDATION),
            ["smtp_tls_security_level = secure"],
        ),
        (
            send(require_tls=True, tls_auth_level=TlsAuthLevel.DOMAIN_VALIDATION, tls_domain="*.fabrikam.test"),
            ["smtp_tls_security_level = secure", "smtp_tls_secure_cert_match = .fabrikam.test"],
        ),
        (
            send(tls_certificate_name=TlsCertificateName(f"CN={PRIVATE_CA} 1", "CN=b.contoso.test")),
            [
                "smtp_tls_security_level = encrypt",
                "smtp_tls_chain_files = /etc/mailpair/tls/b.key, /etc/mailpair/tls/b.pem",
            ],
        ),
        (
            send("Internet", "relay.test:25", smart_host_auth_mechanism=SmartHostAuth.EXCHANGE_SERVER),
            [
                "smtp_tls_security_level = encrypt",
                "smtp_tls_chain_files = /etc/mailpair/tls/peer.key, /etc/mailpair/tls/peer.pem",
            ],
        ),
        (
            send("Internet", "relay.test:587", **SIGN_IN),
            ["smtp_tls_security_level = secure", "smtp_sasl_auth_enable = yes"],
        ),
        (send("Internet", "relay.test:465"), ["smtp_tls_wrappermode = yes", "smtp_tls_security_level = encrypt"]),
        (
            send(connection_inactivity_time_out=20),
            ["smtp_connect_timeout = 20s", "smtp_helo_timeout = 20s", "smtp_data_done_timeout = 20s"],
        ),
        (send(connection_inactivity_time_out=600), ["smtp_connect_timeout = 30s", "smtp_helo_timeout = 600s"]),
        (send(smtp_max_messages_per_connection=3), ["smtp_connection_reuse_count_limit = 2"]),
        (send(smtp_max_messages_per_connection=1), ["smtp_connection_cache_on_demand = no"]),
        (
            send(source_ip_address=ip_address("10.0.0.9")),
            ["smtp_bind_address = 10.0.0.9", "inet_protocols = ipv4", "smtp_bind_address_enforce = yes"],
        ),
        (send(source_ip_address=ip_address("fd00::9")), ["smtp_bind_address6 = fd00::9", "inet_protocols = ipv6"]),
    ],
)
def test_how_a_connector_sends(connector: SendConnector, expected: list[str]) -> None:
    assert {*expected} <= {*options(connector)}


def test_a_connector_is_on_the_front_ends_that_it_names() -> None:
    connectors = (send(source_transport_servers=("front2",)),)
    assert outgoing(site(send_connectors=connectors), FRONT).services == ()
    assert outgoing(site(send_connectors=connectors), replace(FRONT, name="front2")).default_route == "send-internet:"


def test_how_large_messages_may_leave() -> None:
    connectors = (send(max_message_size=1000), send("Branch", spaces=("*.litware.test",), max_message_size=None))
    sizes = outgoing(site(send_connectors=connectors), FRONT).sizes
    assert [(each.space, each.size) for each in sizes] == [("*", 1000), ("*.litware.test", 0)]


@pytest.mark.parametrize(
    ("connectors", "routes", "default"),
    [
        ((), [], "error:5.4.4 no send connector of this site covers this address"),
        ((send(enabled=False),), [], "error:5.4.4 no send connector of this site covers this address"),
        ((send(),), [], "send-internet:"),
        ((send("A", "relay.test:587"),), [], "send-a:[relay.test]:587"),
        ((send("A", "a.test:25", "[2001:db8::1]:25"),), [], "send-a:[a.test]:25, [2001:db8::1]:25"),
        (
            (send("A", "a.test:25", spaces=("fabrikam.test", "*.fabrikam.test")), send("B")),
            [("fabrikam.test", "send-a:[a.test]:25"), (".fabrikam.test", "send-a:[a.test]:25")],
            "send-b:",
        ),
        (
            (send("A", spaces=("fabrikam.test",), enabled=False), send("B", spaces=("litware.test",))),
            [("litware.test", "send-b:")],
            "error:5.4.4 no send connector of this site covers this address",
        ),
    ],
)
def test_which_way_mail_goes(
    connectors: tuple[SendConnector, ...], routes: list[tuple[str, str]], default: str
) -> None:
    planned = outgoing(site(send_connectors=connectors), FRONT)
    assert [(entry.key, entry.value) for entry in planned.routes] == routes
    assert planned.default_route == default


def test_logins_are_named_and_not_held() -> None:
    planned = outgoing(site(send_connectors=(send("Internet", "a.test:587", "b.test:587", **SIGN_IN),)), FRONT)
    (credential,) = planned.credentials
    assert (credential.name, credential.hosts) == ("relay", ("[a.test]:587", "[b.test]:587"))
