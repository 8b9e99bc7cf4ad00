from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailpair.plan import receive_connector
from mailpair.plan.role import plain
from mailpair.servers import Role, Server
from mailpair.site.model import SmartHostAuth
from tests.unit.plan.sites import bindings, mailbox, receive, send, site

if TYPE_CHECKING:
    from mailpair.site.model import ReceiveConnector, Site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))


def plan(what: Site) -> receive_connector.ReceiveConnectorPlan:
    return receive_connector.plan(what, (FRONT, BACK), FRONT)


@pytest.mark.parametrize(
    ("connectors", "ports", "size"),
    [
        ((), (), 65536),
        ((receive(enabled=False),), (), 65536),
        ((receive(), receive("Default Frontend", bindings=bindings("0.0.0.0:25", "[::]:25"))), (25, 587), 37748736),
        ((receive(ssl_bindings=bindings("0.0.0.0:465")),), (465, 587), 37748736),
        ((receive(bindings=bindings("127.0.0.1:2587", "10.0.0.11:587")),), (587,), 37748736),
        ((receive(max_message_size=70000), receive("B", max_message_size=80000, bindings=())), (587,), 80000),
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


def test_each_connector_has_what_belongs_to_it() -> None:
    planned = plan(site(receive_connectors=(receive(comment="Phones", max_inbound_connection=7, max_hop_count=9),)))
    (service,) = planned.services
    assert (service.comment, service.processes) == ("Phones", 7)
    assert "smtpd_proxy_filter = unix:/run/mailpair-inspection.sock" in service.options
    assert "smtpd_proxy_ehlo = client-frontend" in service.options
    assert "milter_macro_daemon_name = Client Frontend" in service.options
    known = planned.inspection.known
    assert {name: (each.queue, each.hops) for name, each in known.connectors.items()} == {
        "client-frontend": ("/var/spool/postfix/public/inspected", 9)
    }
    assert known.own_names == ("front1.contoso.test", "back1.contoso.test")
    (limit,) = planned.limits
    assert (limit.name, limit.ports, limit.total) == ("smtp_client_frontend", (587,), 7)


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
