"""Sessions in IDLE on the back end: one process holds those that have waited, until something comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.support.lab import Lab

ADA, CAROL = "ada@contoso.test", "carol@contoso.test"
NEWS = rb"^\* \d+ EXISTS"


def held(lab: Lab) -> None:
    """Returns once Carol's session has left its own process."""
    until(lambda: "imap-hibernate" in lab.back.run(f"doveadm who {CAROL}"), "the session is held")


def test_who_waits_is_held_and_told_of_messages(lab: Lab) -> None:
    """Again after the first message, too."""
    subject = clients.unique("held")
    with clients.imap(lab, CAROL) as client:
        for _ in range(2):

            def deliver() -> None:
                held(lab)
                clients.submit(lab, ADA, CAROL, subject, "news\r\n")

            clients.idle(client, deliver, NEWS)
        found = clients.ok(client.search(None, "SUBJECT", f'"{subject}"'))
        assert len(found[0].split()) == 2
        clients.fetch(client, found[0].split()[-1].decode())


def test_a_reload_loses_nobody_who_is_held(lab: Lab) -> None:
    with clients.imap(lab, CAROL) as client:

        def reload() -> None:
            held(lab)
            lab.back.run("doveadm reload")
            clients.submit(lab, ADA, CAROL, clients.unique("reloaded"), "news\r\n")

        clients.idle(client, reload, NEWS)
        assert client.noop()[0] == "OK"


@pytest.mark.parametrize("said", [b"DONE\r\nx NOOP\r\n", b"DONE\r\nx IDLE\r\nDONE\r\n"])
def test_who_is_held_goes_on_where_it_was(lab: Lab, said: bytes) -> None:
    with clients.imap(lab, CAROL) as client:
        begin(client.send, client.readline)
        held(lab)
        client.send(said)
        until(lambda: client.readline() == b"w OK Idle completed.\r\n", "the end of IDLE")
        until(lambda: client.readline().startswith(b"x OK"), "the answer to what came with it")
        assert client.state == "SELECTED"
        assert client.noop()[0] == "OK"


def test_who_is_held_can_be_sent_away(lab: Lab) -> None:
    """As the owner of a mailbox is whose services were turned off."""
    with clients.connect_imap(lab) as client:
        client.login(CAROL, lab.password(CAROL))
        client.select()
        begin(client.send, client.readline)
        held(lab)
        lab.back.run(f"doveadm kick {CAROL}")
        assert client.readline().startswith(b"* BYE")


def begin(send: Callable[[bytes], None], readline: Callable[[], bytes]) -> None:
    """IDLE without an end, as w."""
    send(b"w IDLE\r\n")
    assert readline().startswith(b"+")
