"""Mailboxes that grow: a warning, then no more sending, then no more mail; and all of it ends when room is made."""

from __future__ import annotations

import imaplib
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, EVE, FAY = "ada@contoso.test", "eve@contoso.test", "fay@contoso.test"
# Eve has what everybody has; Fay has more.
DATABASE = {"issue_warning_quota": "20 KB", "prohibit_send_quota": "40 KB", "prohibit_send_receive_quota": "60 KB"}
OWN = {
    "use_database_quota_defaults": False,
    "issue_warning_quota": "300 KB",
    "prohibit_send_quota": "350 KB",
    "prohibit_send_receive_quota": "400 KB",
}
# The site's own mailboxes are not to be in the way.
ROOMY = {"use_database_quota_defaults": False, "prohibit_send_receive_quota": "unlimited"}
WARNING = "Your mailbox is nearly full"


def boxes(fay: dict[str, Any]) -> dict[str, Any]:
    """The mailboxes of these tests."""
    return {EVE: {"server": "back1"}, FAY: {"server": "back1", **fay}, ADA: ROOMY}


@pytest.fixture(scope="module")
def tight(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with little room."""
    for address in (EVE, FAY):
        lab.state.ensure_password(address)
    stack.edit({"mailpair_site": {"mailbox_database": DATABASE}})
    stack.edit({"mailpair_mailboxes": boxes(OWN)}, "mailboxes.yml")
    stack.up()
    yield lab
    stack.restore()


@pytest.fixture(autouse=True)
def empty(tight: Lab) -> None:
    """Mailboxes begin with no message."""
    for address in (EVE, FAY):
        with clients.imap(tight, address) as client:
            there_are = clients.ok(client.search(None, "ALL"))[0]
        if there_are:
            empty_out(tight, address)


def fill(lab: Lab, address: str, size: int) -> int:
    """Sends a message of about ``size`` bytes from Ada; returns what was answered to its recipient."""
    subject = clients.unique("filling")
    text = f"From: {ADA}\r\nTo: {address}\r\nSubject: {subject}\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72)
    with clients.connect_smtp(lab) as client:
        client.login(ADA, lab.password(ADA))
        client.mail(ADA)
        code, answer = client.rcpt(address)
        if code != 250:
            assert answer == f"5.2.2 <{address}> Mailbox is full".encode()
            return code
        assert client.data(text)[0] == 250
    with clients.imap(lab, address) as client:
        clients.wait_for_message(client, subject)
    return code


def sending(lab: Lab, address: str) -> tuple[int, bytes]:
    """What is answered to MAIL FROM when the owner of a mailbox sends."""
    with clients.connect_smtp(lab) as client:
        client.login(address, lab.password(address))
        return client.mail(address)


def warnings(lab: Lab, address: str) -> int:
    """How many warnings a mailbox has."""
    with clients.imap(lab, address) as client:
        return len(clients.find(client, WARNING))


def storage(lab: Lab, address: str) -> tuple[int, int]:
    """Use and limit as IMAP tells them, in KB."""
    with clients.imap(lab, address) as client:
        roots = clients.ok(client.getquotaroot("INBOX"))
    found = re.search(r"STORAGE (\d+) (\d+)", str(roots))
    assert found, roots
    return int(found[1]), int(found[2])


def test_a_warning_comes_once(tight: Lab) -> None:
    fill(tight, EVE, 15_000)
    assert warnings(tight, EVE) == 0
    fill(tight, EVE, 15_000)
    until(lambda: warnings(tight, EVE) == 1, "the warning")
    fill(tight, EVE, 5_000)
    fill(tight, EVE, 5_000)
    assert warnings(tight, EVE) == 1


def test_who_is_over_sends_no_more_and_still_gets_mail(tight: Lab) -> None:
    assert sending(tight, EVE)[0] == 250
    fill(tight, EVE, 45_000)
    code, answer = sending(tight, EVE)
    assert (code, answer.split()[0]) == (552, b"5.2.2")
    assert fill(tight, EVE, 1_000) == 250
    empty_out(tight, EVE)
    assert sending(tight, EVE)[0] == 250


def test_a_full_mailbox_refuses_and_is_served_again_when_there_is_room(tight: Lab) -> None:
    fill(tight, EVE, 45_000)
    assert fill(tight, EVE, 30_000) == 250  # the message that reaches the limit still fits
    assert fill(tight, EVE, 1_000) == 552
    used, limit = storage(tight, EVE)
    assert limit == 60
    assert used > 60
    with clients.imap(tight, EVE) as client:
        kind, data = client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), b"Subject: x\r\n\r\nx\r\n")
        assert kind == "NO"
        assert b"OVERQUOTA" in data[0]
    empty_out(tight, EVE)
    assert fill(tight, EVE, 1_000) == 250


def empty_out(lab: Lab, address: str) -> None:
    """Removes all messages."""
    with clients.imap(lab, address) as client:
        clients.ok(client.store("1:*", "+FLAGS", r"(\Deleted)"))
        clients.ok(client.expunge())


def test_a_mailbox_has_quotas_of_its_own_and_a_change_holds_at_once(tight: Lab, stack: Stack) -> None:
    fill(tight, FAY, 90_000)
    assert (sending(tight, FAY)[0], storage(tight, FAY)[1], warnings(tight, FAY)) == (250, 400, 0)
    verb(stack, {**OWN, "issue_warning_quota": "10 KB", "prohibit_send_quota": "50 KB"})
    try:
        assert sending(tight, FAY)[0] == 552
        assert fill(tight, FAY, 1_000) == 250
        verb(stack, {})  # everybody's
        assert storage(tight, FAY)[1] == 60
        assert fill(tight, FAY, 1_000) == 552
    finally:
        verb(stack, OWN)
    assert (sending(tight, FAY)[0], fill(tight, FAY, 1_000)) == (250, 250)


def verb(stack: Stack, fay: dict[str, Any]) -> None:
    """Brings mailboxes.yml, with these quotas of Fay's, to the servers."""
    stack.edit({"mailpair_mailboxes": boxes(fay)}, "mailboxes.yml")
    stack.playbook(stack.inventory(), name="mailboxes.yml")


def test_a_quota_that_is_changed_ends_the_sessions_that_began_with_the_former(tight: Lab, stack: Stack) -> None:
    with suppress(imaplib.IMAP4.abort, OSError), clients.imap(tight, FAY) as client:
        verb(stack, {**OWN, "prohibit_send_receive_quota": "500 KB"})
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            client.noop()
    assert storage(tight, FAY)[1] == 500
    verb(stack, OWN)
