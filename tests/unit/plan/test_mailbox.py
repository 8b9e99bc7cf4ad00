from __future__ import annotations

from dataclasses import replace

import pytest

from mailpair.plan import mailbox
from mailpair.servers import Role, Server
from mailpair.site.model import Kind, ServicePair
from tests.unit.plan.sites import NO_PROTOCOL, site
from tests.unit.plan.sites import mailbox as box

FRONTS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11")),
    Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",)),
)
BACKS = (
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",)),
    Server("back2", Role.MAILBOX, "back2.contoso.test", ("10.0.0.14",)),
)
ON, OFF = ServicePair(front_end=True, back_end=True), ServicePair()
IMAP = replace(NO_PROTOCOL, proxy_target_port=1993)


@pytest.mark.parametrize(
    ("pop3", "imap4", "protocols", "ports"),
    [
        (ON, ON, ("imap", "pop3", "lmtp"), (24, 12340, 12341, 1993, 1995)),
        (ON, OFF, ("pop3", "lmtp"), (24, 12340, 12341, 1995)),
        (OFF, ON, ("imap", "lmtp"), (24, 12340, 12341, 1993)),
        (OFF, OFF, ("lmtp",), (24, 12340, 12341)),
    ],
)
def test_what_is_on_is_served_to_front_ends(
    pop3: ServicePair, imap4: ServicePair, protocols: tuple[str, ...], ports: tuple[int, ...]
) -> None:
    planned = mailbox.plan(site(pop3=pop3, imap4=imap4, imap_settings=IMAP), (*FRONTS, *BACKS), BACKS[0])
    assert planned.protocols == protocols
    assert planned.peer_ports == ports
    assert planned.public_ports == ()


def test_one_front_end_has_nobody_to_tell_of_guesses() -> None:
    planned = mailbox.plan(site(), (FRONTS[0], *BACKS), BACKS[0])
    assert not planned.noticeboard.enabled
    assert planned.peer_ports == (24, 12340)


def test_a_port_of_the_document_s_own() -> None:
    own = site(pop3=ON, pop_settings=replace(NO_PROTOCOL, proxy_target_port=2995))
    planned = mailbox.plan(own, (*FRONTS, *BACKS), BACKS[0])
    assert (planned.pop_port, planned.imap_port) == (2995, None)


def test_front_ends_are_trusted_by_address_and_by_name() -> None:
    planned = mailbox.plan(site(), (*FRONTS, *BACKS), BACKS[0])
    assert planned.front_ends == ("10.0.0.11", "fd00::11", "10.0.0.13")
    assert planned.front_end_names == ("front1.contoso.test", "front2.contoso.test")


def test_a_back_end_knows_its_own_mailboxes_of_every_kind() -> None:
    boxes = (
        box("ada@contoso.test"),
        box("administrator@contoso.test", kind=Kind.ADMINISTRATOR),
        box("bob@contoso.test", server="back2"),
    )
    planned = mailbox.plan(site(mailboxes=boxes), (*FRONTS, *BACKS), BACKS[0])
    assert [each.address for each in planned.mailboxes] == ["ada@contoso.test", "administrator@contoso.test"]


def test_protocol_logs_are_those_that_are_on_and_watch_no_port() -> None:
    imap = replace(IMAP, protocol_log_enabled=True, log_file_location="/var/log/mailpair/imap4")
    planned = mailbox.plan(site(pop3=ON, imap4=ON, imap_settings=imap), (*FRONTS, *BACKS), BACKS[0])
    assert planned.logged == ("event=imap_command_finished OR (event=mail_user_session_finished AND service=imap)")
    assert {name: each.ports for name, each in planned.logs.watched.protocols.items()} == {"imap": ()}
    assert [each.path for each in planned.logs.folders] == ["/var/log/mailpair/imap4"]
    off = mailbox.plan(site(pop3=ON, imap4=OFF, imap_settings=imap), (*FRONTS, *BACKS), BACKS[0])
    assert (off.logged, off.logs.folders) == ("", ())


def test_sessions_in_idle_are_held_unless_they_are_logged() -> None:
    """Of a session that one process holds for others Dovecot tells neither its end nor how IDLE ended."""
    logged = replace(IMAP, protocol_log_enabled=True)
    assert mailbox.plan(site(imap4=ON), (*FRONTS, *BACKS), BACKS[0]).idle_held
    assert not mailbox.plan(site(imap4=ON, imap_settings=logged), (*FRONTS, *BACKS), BACKS[0]).idle_held
