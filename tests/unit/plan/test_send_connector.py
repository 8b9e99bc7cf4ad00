from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailpair.plan.send_connector import outgoing
from mailpair.site.model import SmartHostAuth
from tests.unit.plan.sites import send, site

if TYPE_CHECKING:
    from mailpair.site.model import SendConnector

SIGN_IN: dict[str, Any] = {
    "smart_host_auth_mechanism": SmartHostAuth.BASIC_AUTH_REQUIRE_TLS,
    "authentication_credential": "relay",
}
LOG = "syslog_name = postfix/internet"


@pytest.mark.parametrize(
    ("connector", "options"),
    [
        (send(), [LOG]),
        (send(fqdn="mail.contoso.test"), [LOG, "smtp_helo_name = mail.contoso.test"]),
        (send(require_tls=True), [LOG, "smtp_tls_security_level = encrypt"]),
        (send("Internet", "relay.test:25"), [LOG]),
        (
            send("Internet", "relay.test:587", **SIGN_IN),
            [LOG, "smtp_tls_security_level = secure", "smtp_sasl_auth_enable = yes"],
        ),
        (
            send("Internet", "relay.test:587", require_tls=True, **SIGN_IN),
            [LOG, "smtp_tls_security_level = secure", "smtp_sasl_auth_enable = yes"],
        ),
        (
            send("Internet", "relay.test:465"),
            [LOG, "smtp_tls_wrappermode = yes", "smtp_tls_security_level = encrypt"],
        ),
        (
            send("Internet", "relay.test:465", **SIGN_IN),
            [LOG, "smtp_tls_security_level = secure", "smtp_sasl_auth_enable = yes", "smtp_tls_wrappermode = yes"],
        ),
    ],
)
def test_how_a_connector_sends(connector: SendConnector, options: list[str]) -> None:
    (service,) = outgoing(site(send_connectors=(connector,))).services
    assert (service.name, list(service.options)) == ("send-1", options)


@pytest.mark.parametrize(
    ("connectors", "routes", "default"),
    [
        ((), [], "error:5.4.4 no send connector of this site covers this address"),
        ((send(enabled=False),), [], "error:5.4.4 no send connector of this site covers this address"),
        ((send(),), [], "send-1:"),
        ((send("A", "relay.test:587"),), [], "send-1:[relay.test]:587"),
        ((send("A", "a.test:25", "[2001:db8::1]:25"),), [], "send-1:[a.test]:25, [2001:db8::1]:25"),
        (
            (send("A", "a.test:25", spaces=("fabrikam.test", "*.fabrikam.test")), send("B")),
            [("fabrikam.test", "send-1:[a.test]:25"), (".fabrikam.test", "send-1:[a.test]:25")],
            "send-2:",
        ),
        (
            (send("A", spaces=("fabrikam.test",), enabled=False), send("B", spaces=("litware.test",))),
            [("litware.test", "send-1:")],
            "error:5.4.4 no send connector of this site covers this address",
        ),
    ],
)
def test_which_way_mail_goes(
    connectors: tuple[SendConnector, ...], routes: list[tuple[str, str]], default: str
) -> None:
    planned = outgoing(site(send_connectors=connectors))
    assert [(entry.key, entry.value) for entry in planned.routes] == routes
    assert planned.default_route == default


def test_logins_are_named_and_not_held() -> None:
    planned = outgoing(site(send_connectors=(send("Internet", "a.test:587", "b.test:587", **SIGN_IN),)))
    (credential,) = planned.credentials
    assert (credential.name, credential.hosts) == ("relay", ("[a.test]:587", "[b.test]:587"))
