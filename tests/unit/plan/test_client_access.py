from __future__ import annotations

from dataclasses import replace

import pytest

from mailpair.plan import client_access
from mailpair.plan.client_access import Listener
from mailpair.servers import Role, Server
from mailpair.site.model import AuthMechanism, ServerSettings, ServicePair
from tests.unit.plan.sites import NO_PROTOCOL, bindings, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
ON = ServicePair(front_end=True, back_end=True)
POP = replace(NO_PROTOCOL, ssl_bindings=bindings("0.0.0.0:995"), unencrypted_or_tls_bindings=bindings("0.0.0.0:110"))
IMAP = replace(NO_PROTOCOL, ssl_bindings=bindings("[::]:993"), banner="Welcome.")
NO_SIGN_IN = receive(auth_mechanism=frozenset({AuthMechanism.TLS}))


def plan(**given: object) -> client_access.ClientAccessPlan:
    return client_access.plan(site(pop_settings=POP, imap_settings=IMAP, **given), (FRONT, BACK), FRONT)


def test_nothing_listens_until_it_is_on() -> None:
    planned = plan()
    assert (planned.protocols, planned.public_ports, planned.running) == ((), (), False)


@pytest.mark.parametrize("half", [ServicePair(front_end=True), ServicePair(back_end=True)])
def test_half_a_pair_opens_no_port(half: ServicePair) -> None:
    assert plan(pop3=half).public_ports == ()


def test_a_protocol_listens_on_its_bindings() -> None:
    planned = plan(pop3=ON)
    (pop3,) = planned.protocols
    assert pop3.name == "pop3"
    assert pop3.listeners == (
        Listener("pop3-1", "0.0.0.0", 995, ssl=True),
        Listener("pop3-2", "0.0.0.0", 110, ssl=False),
    )
    assert planned.public_ports == (110, 995)


def test_both_protocols_greet_as_they_are_told() -> None:
    assert [(each.name, each.greeting) for each in plan(pop3=ON, imap4=ON).protocols] == [
        ("imap", "Welcome."),
        ("pop3", "ready"),
    ]


def test_a_server_s_own_settings_go_before_the_site_s() -> None:
    own = ServerSettings("front1", replace(POP, ssl_bindings=bindings("192.0.2.1:1234")), IMAP)
    (pop3,) = plan(pop3=ON, servers=(own,)).protocols
    assert pop3.listeners[0] == Listener("pop3-1", "192.0.2.1", 1234, ssl=True)


def test_what_is_off_ends_and_what_is_on_does_not() -> None:
    assert [command[-1].split()[4] for command in plan(pop3=ON).ends] == ["imap-login"]
    assert plan(pop3=ON, imap4=ON).ends == ()


@pytest.mark.parametrize(
    ("connector", "asks"),
    [(receive(), True), (receive(enabled=False), False), (NO_SIGN_IN, False)],
)
def test_dovecot_runs_for_postfix_alone_where_users_sign_in_to_send(connector: object, asks: bool) -> None:
    planned = plan(receive_connectors=(connector,))
    assert (planned.sasl, planned.running) == (asks, asks)


def test_mailboxes_are_found_by_the_full_names_of_back_ends() -> None:
    assert plan().back_ends == {"back1": "back1.contoso.test"}


def test_tickets_are_for_the_protocols_that_take_them() -> None:
    own = replace(IMAP, enable_gssapi_and_ntlm_auth=True)
    planned = client_access.plan(
        site(imap_settings=own, pop_settings=POP, imap4=ON, pop3=ON, kerberos_keytab="krb5.keytab"),
        (FRONT, BACK),
        FRONT,
    )
    assert (planned.tickets, planned.keytab_name) == (("imap",), "krb5.keytab")
    assert planned.mechanisms == ("plain", "login", "gssapi")
    assert "dovecot-gssapi" in planned.packages
    assert planned.keytab in planned.tls_files


def test_without_tickets_no_keytab_leaves_the_controller() -> None:
    planned = plan(imap4=ON, kerberos_keytab="krb5.keytab")
    assert (planned.tickets, planned.keytab_name) == ((), None)
    assert planned.mechanisms == ("plain", "login")
    assert planned.keytab not in planned.tls_files
