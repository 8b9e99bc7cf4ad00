"""The life of a mailbox: each change of mailboxes.yml, and of a password, holds when its verb has ended."""

from __future__ import annotations

import imaplib
import poplib
import secrets
import smtplib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import clients
from tests.e2e.support.evidence import look, recap
from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

    Apply = Callable[[dict[str, Any] | None], None]

ADA, EVE = "ada@contoso.test", "eve@contoso.test"


@pytest.fixture(scope="module")
def apply(lab: Lab, stack: Stack) -> Iterator[Apply]:
    """Gives Eve's mailbox these settings, or takes it out of the document, with the verb for mailboxes alone."""
    inventory = stack.inventory()

    def settings(of_eve: dict[str, Any] | None) -> None:
        stack.restore()
        if of_eve is not None:
            stack.edit({"mailpair_mailboxes": {EVE: {"server": "back1", **of_eve}}}, "mailboxes.yml")
        stack.playbook(inventory, name="mailboxes.yml")

    lab.state.ensure_password(EVE)
    yield settings
    settings(None)


@pytest.fixture
def eve(apply: Apply) -> None:
    """Eve has a mailbox with nothing special about it."""
    apply({})


@contextmanager
def to_be_ended(lab: Lab) -> Iterator[None]:
    """An IMAP session of Eve's, which the server has closed by the end of the block."""
    with clients.connect_imap(lab) as client:
        client.login(EVE, lab.password(EVE))
        yield
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            client.noop()


@contextmanager
def to_send_no_more(lab: Lab) -> Iterator[None]:
    """An SMTP session of Eve's that has sent a message, and is ended when it begins another after the block.

    So it is for nobody else.
    """
    with clients.connect_smtp(lab) as eve, clients.connect_smtp(lab) as bystander:
        for client, address in ((eve, EVE), (bystander, ADA)):
            client.login(address, lab.password(address))
            client.sendmail(address, [ADA], "Subject: before\r\n\r\nGood morning.\r\n")
        yield
        assert eve.docmd(f"MAIL FROM:<{EVE}>") == (421, b"4.7.0 Your account has changed; sign in again")
        with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
            eve.noop()
        assert bystander.sendmail(ADA, [ADA], "Subject: after\r\n\r\nGood morning.\r\n") == {}


def refused(lab: Lab, password: str | None = None) -> bool:
    """Whether Eve is not let in over IMAP."""
    with clients.connect_imap(lab) as client:
        try:
            client.login(EVE, password or lab.password(EVE))
        except imaplib.IMAP4.error as error:
            return "AUTHENTICATIONFAILED" in str(error)
        client.logout()
    return False


def recipient() -> int:
    """What the door for everybody answers to a message for Eve."""
    with smtplib.SMTP(clients.PUBLIC_NAME, 25, timeout=PATIENCE) as client:
        client.ehlo()
        client.mail("stranger@example.test")
        return client.rcpt(EVE)[0]


def test_a_mailbox_is_added(apply: Apply, lab: Lab) -> None:
    apply(None)
    assert refused(lab)
    assert recipient() == 550
    apply({})
    subject = clients.unique("welcome")
    clients.submit(lab, ADA, EVE, subject)
    with clients.imap(lab, EVE) as client:
        clients.wait_for_message(client, subject)


@pytest.mark.usefixtures("eve")
def test_a_protocol_is_switched_off_and_its_sessions_end(apply: Apply, lab: Lab) -> None:
    with clients.imap(lab, ADA) as bystander:
        with to_be_ended(lab):
            apply({"imap_enabled": False})
        assert refused(lab)
        with clients.pop(lab, EVE) as other:
            other.stat()
        apply({"pop_enabled": False})
        with clients.connect_pop(lab) as other:
            other.user(EVE)
            with pytest.raises(poplib.error_proto):
                other.pass_(lab.password(EVE))
        assert not refused(lab)
        bystander.noop()


@pytest.mark.usefixtures("eve")
def test_a_disabled_account_signs_in_nowhere_and_gets_mail(apply: Apply, lab: Lab) -> None:
    with to_be_ended(lab), to_send_no_more(lab):
        apply({"account_disabled": True})
    assert refused(lab)
    with clients.connect_pop(lab) as client:
        client.user(EVE)
        with pytest.raises(poplib.error_proto):
            client.pass_(lab.password(EVE))
    with clients.connect_smtp(lab) as sender, pytest.raises(smtplib.SMTPAuthenticationError):
        sender.login(EVE, lab.password(EVE))
    subject = clients.unique("meanwhile")
    clients.submit(lab, ADA, EVE, subject)
    apply({})
    with clients.imap(lab, EVE) as reader:
        clients.wait_for_message(reader, subject)


@pytest.mark.usefixtures("eve")
def test_many_accounts_are_disabled_and_the_sessions_of_those_who_have_any_end(stack: Stack, lab: Lab) -> None:
    everyone = {EVE: {"server": "back1", "account_disabled": True}}
    everyone |= {f"{name}@contoso.test": {"account_disabled": True} for name in ("carol", "dora")}
    with clients.imap(lab, ADA) as bystander:
        with to_be_ended(lab):
            stack.edit({"mailpair_mailboxes": everyone}, "mailboxes.yml")
            stack.playbook(stack.inventory(), name="mailboxes.yml")
        bystander.noop()
    assert refused(lab)


@pytest.mark.usefixtures("eve")
def test_a_password_is_reset_and_sessions_of_the_old_one_end(apply: Apply, lab: Lab) -> None:
    former, fresh = lab.password(EVE), secrets.token_urlsafe(12)
    with to_be_ended(lab), to_send_no_more(lab):
        lab.state.set_password(EVE, fresh)
        apply({})
    assert refused(lab, former)
    assert not refused(lab, fresh)
    lab.state.hash_file(EVE).unlink()
    lab.state.password_file(EVE).write_text(former + "\n")
    apply({})
    assert refused(lab, fresh)


@pytest.mark.usefixtures("eve")
def test_a_mailbox_that_is_taken_out_keeps_its_mail(apply: Apply, lab: Lab) -> None:
    subject = clients.unique("kept")
    clients.submit(lab, ADA, EVE, subject)
    with clients.imap(lab, EVE) as client:
        clients.wait_for_message(client, subject)
    with to_be_ended(lab), to_send_no_more(lab):
        apply(None)
    assert refused(lab)
    assert recipient() == 550
    apply({})
    with clients.imap(lab, EVE) as client:
        assert clients.find(client, subject)


@pytest.mark.usefixtures("eve")
def test_the_verb_changes_nothing_the_second_time(lab: Lab, stack: Stack) -> None:
    before = look(lab.hosts)
    for count in recap(stack.playbook(stack.inventory(), name="mailboxes.yml").stdout).values():
        assert (count["changed"], count["failed"], count["unreachable"]) == (0, 0, 0)
    assert look(lab.hosts) == before
