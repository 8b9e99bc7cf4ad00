from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailpair.publish.endpoints import endpoints
from mailpair.servers import Role, Server
from mailpair.site.model import PermissionGroup, ServicePair
from tests.unit.plan.sites import NO_PROTOCOL, bindings, receive, site

if TYPE_CHECKING:
    from mailpair.site.model import ProtocolSettings

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("192.0.2.1", "2001:db8::1"))
ON = ServicePair(front_end=True, back_end=True)


def settings(**given: Any) -> ProtocolSettings:
    return replace(NO_PROTOCOL, **given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"imap4": ServicePair(front_end=True), "imap_settings": settings(ssl_bindings=bindings("0.0.0.0:993"))}, []),
        (
            {"imap4": ON, "imap_settings": settings(ssl_bindings=bindings("0.0.0.0:993", "[::]:993"))},
            ["IMAP SSL 192.0.2.1:993", "IMAP SSL [2001:db8::1]:993"],
        ),
        (
            {
                "pop3": ON,
                "pop_settings": settings(unencrypted_or_tls_bindings=bindings("192.0.2.9:110", "127.0.0.1:110")),
            },
            ["POP TLS 192.0.2.9:110"],
        ),
        (
            {"receive_connectors": (receive(ssl_bindings=bindings("0.0.0.0:465")),)},
            ["SMTP SSL 192.0.2.1:465", "SMTP TLS 192.0.2.1:587"],
        ),
        ({"receive_connectors": (receive(enabled=False),)}, []),
        ({"receive_connectors": (receive(permission_groups=frozenset({PermissionGroup.ANONYMOUS_USERS})),)}, []),
    ],
)
def test_where_users_get_in(given: dict[str, Any], expected: list[str]) -> None:
    assert [str(each) for each in endpoints(site(**given), FRONT)] == expected


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"imap4": ON, "imap_settings": settings(ssl_bindings=bindings("192.0.2.1:993"))}, FRONT.fqdn),
        (
            {
                "imap4": ON,
                "imap_settings": settings(
                    ssl_bindings=bindings("192.0.2.1:993"), x509_certificate_name="mail.contoso.test"
                ),
            },
            "mail.contoso.test",
        ),
        ({"receive_connectors": (receive(fqdn="smtp.contoso.test"),)}, "smtp.contoso.test"),
        ({"receive_connectors": (receive(),)}, FRONT.fqdn),
    ],
)
def test_the_name_that_a_certificate_must_have(given: dict[str, Any], name: str) -> None:
    assert {each.certificate_name for each in endpoints(site(**given), FRONT)} == {name}
