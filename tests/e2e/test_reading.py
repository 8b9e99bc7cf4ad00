"""A message on its way through the pair, read as each kind of client reads it."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"


@pytest.mark.parametrize("encryption", ["SSL", "TLS"])
def test_a_message_is_read_over_imap(lab: Lab, encryption: str) -> None:
    subject = clients.unique()
    clients.submit(lab, ADA, BOB, subject, f"Text of {subject}.\r\n")
    with clients.imap(lab, BOB, encryption) as client:
        number = clients.wait_for_message(client, subject)
        read = message_from_bytes(clients.fetch(client, number), policy=policy.SMTP)
    assert (read["From"], read["To"], read["Subject"]) == (ADA, BOB, subject)
    assert read.get_content() == f"Text of {subject}.\r\n"


@pytest.mark.parametrize("encryption", ["SSL", "TLS"])
def test_a_message_is_read_over_pop3(lab: Lab, encryption: str) -> None:
    subject = clients.unique()
    clients.submit(lab, ADA, BOB, subject, f"Text of {subject}.\r\n")
    clients.pop_wait(lab, BOB, subject)
    with clients.pop(lab, BOB, encryption) as client:
        lines = client.retr(clients.pop_subjects(client)[subject])[1]
    read = message_from_bytes(b"\r\n".join([*lines, b""]), policy=policy.SMTP)
    assert (read["From"], read["To"], read["Subject"]) == (ADA, BOB, subject)
    assert read.get_content() == f"Text of {subject}.\r\n"


def test_idle_announces_a_message(lab: Lab) -> None:
    subject = clients.unique()
    with clients.imap(lab, BOB) as client:
        clients.idle(client, lambda: clients.submit(lab, ADA, BOB, subject), rb"^\* \d+ EXISTS")
        assert len(clients.find(client, subject)) == 1


def test_headers_alone_can_be_fetched(lab: Lab) -> None:
    subject = clients.unique()
    clients.submit(lab, ADA, BOB, subject, "a text that is not asked for\r\n")
    with clients.imap(lab, BOB) as client:
        number = clients.wait_for_message(client, subject)
        headers = clients.fetch(client, number, "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)]")
        assert headers == f"From: {ADA}\r\nSubject: {subject}\r\n\r\n".encode()
        flags = clients.ok(client.fetch(number, "(FLAGS)"))[0]
        assert b"\\Seen" not in flags
