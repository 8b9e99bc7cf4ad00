from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailpair.plan import receive_connector
from mailpair.plan.role import plain
from mailpair.servers import Role, Server
from mailpair.site.model import AuthMechanism, PermissionGroup, SmartHostAuth
from tests.unit.plan.sites import bindings, mailbox, receive, send, site

if TYPE_CHECKING:
    from mailpair.site.model import ReceiveConnector, Site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))

SIZES = ("message_size_limit = 37748736", "smtpd_recipient_limit = 200")
SIGN_IN_FIRST = "check_client_access static:{530 5.7.0 Authentication required}"
USERS = (
    "smtpd_sasl_auth_enable = yes",
    f"smtpd_client_restrictions = permit_sasl_authenticated, {SIGN_IN_FIRST}",
    "smtpd_relay_restrictions = permit_sasl_authenticated, reject",
    "smtpd_sender_restrictions = reject_sender_login_mismatch",
)
NOT_OURS = "check_sender_access texthash:/etc/postfix/own_domains"
STRANGERS = ("smtpd_relay_restrictions = reject_unauth_destination", f"smtpd_sender_restrictions = {NOT_OURS}")
BOTH = (
    "smtpd_sasl_auth_enable = yes",
    "smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination",
    f"smtpd_sender_restrictions = reject_sender_login_mismatch, permit_sasl_authenticated, {NOT_OURS}",
)
NOBODY = ("smtpd_relay_restrictions = reject", f"smtpd_sender_restrictions = {NOT_OURS}")


def plan(what: Site) -> receive_connector.ReceiveConnectorPlan:
    return receive_connector.plan(what, (FRONT, BACK), FRONT)


@pytest.mark.parametrize(
    ("groups", "mechanisms", "level", "who"),
    [
        ({"ExchangeUsers"}, {"Tls", "BasicAuth", "BasicAuthRequireTLS"}, "encrypt", USERS),
        ({"AnonymousUsers"}, {"Tls"}, "may", STRANGERS),
        ({"AnonymousUsers"}, {"None"}, "none", STRANGERS),
        ({"AnonymousUsers", "ExchangeUsers"}, {"Tls", "BasicAuth", "BasicAuthRequireTLS"}, "may", BOTH),
        (set(), {"Tls"}, "encrypt", NOBODY),
    ],
)
def test_who_may_send(groups: set[str], mechanisms: set[str], level: str, who: tuple[str, ...]) -> None:
    connector = receive(
        permission_groups=frozenset(map(PermissionGroup, groups)),
        auth_mechanism=frozenset(map(AuthMechanism, mechanisms)),
    )
    (service,) = receive_connector.services(connector)
    assert service.options == (
        "syslog_name = postfix/client-frontend",
        *SIZES,
        *who,
        f"smtpd_tls_security_level = {level}",
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"fqdn": "mail.contoso.test"}, "myhostname = mail.contoso.test"),
        ({"max_message_size": 65536}, "message_size_limit = 65536"),
        ({"max_recipients_per_message": 7}, "smtpd_recipient_limit = 7"),
        ({"name": "Default (Frontend) 2."}, "syslog_name = postfix/default-frontend-2"),
    ],
)
def test_what_is_the_connectors_own(given: dict[str, Any], expected: str) -> None:
    (service,) = receive_connector.services(receive(**given))
    assert expected in service.options


def test_one_entry_a_binding_and_tls_from_the_start_where_it_is_asked_for() -> None:
    connector = receive(bindings=bindings("0.0.0.0:587", "[::]:587"), ssl_bindings=bindings("[2001:db8::1]:465"))
    entries = receive_connector.services(connector)
    assert [entry.name for entry in entries] == ["0.0.0.0:587", "[::]:587", "[2001:db8::1]:465"]
    assert ["smtpd_tls_wrappermode = yes" in entry.options for entry in entries] == [False, False, True]
    assert all("smtpd_tls_security_level = encrypt" in entry.options for entry in entries)


@pytest.mark.parametrize(
    ("connectors", "ports", "size"),
    [
        ((), (), 65536),
        ((receive(enabled=False),), (), 65536),
        ((receive(), receive("Default Frontend", bindings=bindings("0.0.0.0:25", "[::]:25"))), (25, 587), 37748736),
        ((receive(ssl_bindings=bindings("0.0.0.0:465")),), (465, 587), 37748736),
        ((receive(bindings=bindings("127.0.0.1:2587", "10.0.0.11:587")),), (587,), 37748736),
        ((receive(max_message_size=70000), receive("B", max_message_size=80000)), (587,), 80000),
    ],
)
def test_what_is_open_and_how_much_it_takes(
    connectors: tuple[ReceiveConnector, ...], ports: tuple[int, ...], size: int
) -> None:
    planned = plan(site(receive_connectors=connectors))
    assert (planned.public_ports, planned.message_size_limit) == (ports, size)
    assert planned.peer_ports == ()


def test_no_connector_no_service() -> None:
    assert plan(site(receive_connectors=(receive(enabled=False),))).services == ()


def test_a_login_at_a_smart_host_needs_its_package_and_is_watched() -> None:
    signing_in = send(
        "Relay",
        "relay.fabrikam.test:587",
        smart_host_auth_mechanism=SmartHostAuth.BASIC_AUTH_REQUIRE_TLS,
        authentication_credential="relay",
    )
    without, with_login = plan(site(send_connectors=(send(),))), plan(site(send_connectors=(signing_in,)))
    assert set(with_login.packages) - set(without.packages) == {"libsasl2-modules"}
    assert set(with_login.watch) - set(without.watch) == {"/etc/postfix/credentials"}


def test_a_plan_is_plain_data() -> None:
    whole = site(receive_connectors=(receive(),), send_connectors=(send(),), mailboxes=(mailbox("ada@contoso.test"),))
    assert plain(plan(whole))["mailboxes"] == [{"key": "ada@contoso.test", "value": "lmtp:[back1.contoso.test]:24"}]
