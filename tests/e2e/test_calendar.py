"""What becomes of a meeting request: as it came, or a link, the same over IMAP and POP, and every size agrees."""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from hostside.calendar_link.__main__ import rewrite
from tests.e2e.support import clients
from tests.e2e.test_mail_corpus import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, BOB, EVE = "ada@contoso.test", "bob@contoso.test", "eve@contoso.test"
URL = "https://mail.contoso.test/owa"
CUSTOM = {"calendar_item_retrieval_option": 3, "owa_server_url": URL}
KEEPS = {
    "pop_use_protocol_defaults": False,
    "pop_force_ical_for_calendar_retrieval_option": True,
    "imap_use_protocol_defaults": False,
    "imap_force_ical_for_calendar_retrieval_option": True,
}
REQUEST = """\
From: {sender}
To: {recipient}
Subject: {subject}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="one"

--one
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße, let us meet.
--one
Content-Type: text/calendar; charset=utf-8; method=REQUEST
Content-Transfer-Encoding: 7bit

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Contoso//Meetings//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
 00000000@contoso.test
DTSTAMP:20260101T090000Z
DTSTART:20260102T090000Z
ORGANIZER:mailto:{sender}
ATTENDEE:mailto:{recipient}
SUMMARY:Budget
END:VEVENT
END:VCALENDAR
--one--
"""
LINK = f"{URL}?uid=040000008200E00074C5B7101A82E00800000000%40contoso.test"


def invite(lab: Lab, recipient: str) -> tuple[str, bytes]:
    """Sends a meeting request from Ada; returns its subject and its bytes."""
    subject = clients.unique("meeting")
    text = REQUEST.format(sender=ADA, recipient=recipient, subject=subject).replace("\n", "\r\n").encode()
    with clients.connect_smtp(lab) as client:
        client.login(ADA, lab.password(ADA))
        assert client.sendmail(ADA, [recipient], text, ["BODY=8BITMIME"]) == {}
    return subject, text


def received(lab: Lab, address: str, subject: str) -> bytes:
    """The message as IMAP and POP give it out, once every size that they tell agrees with it."""
    with clients.imap(lab, address) as client:
        number = clients.wait_for_message(client, subject)
        (sizes,) = clients.ok(client.fetch(number, "(RFC822.SIZE BODYSTRUCTURE)"))
        over_imap = clients.fetch(client, number)
    told = re.search(rb"RFC822\.SIZE (\d+)", sizes)
    assert told
    assert int(told[1]) == len(over_imap)
    # Octets of each text in BODYSTRUCTURE, against the octets between its boundaries.
    structure = [int(size) for size in re.findall(rb'"[78]bit" (\d+)', sizes, re.IGNORECASE)]
    bodies = [each.partition(b"\r\n\r\n")[2] for each in over_imap.split(b"\r\n--one")[1:-1]]
    assert structure == [len(body) for body in bodies]
    with clients.pop(lab, address) as client:
        number = str(clients.pop_subjects(client)[subject])
        listed = int(next(line for line in client.list()[1] if line.split()[0] == number.encode()).split()[1])
        _, lines, octets = client.retr(int(number))
    over_pop = b"".join(line + b"\r\n" for line in lines)
    assert (over_pop, listed, octets) == (over_imap, len(over_imap), len(over_imap))
    return over_imap


def kinds(message: bytes) -> list[str]:
    """Types of a message's parts."""
    return [part.get_content_type() for part in message_from_bytes(message).walk()][1:]


@pytest.fixture(scope="module")
def linked(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with links in the place of meeting requests, but for Eve."""
    lab.state.ensure_password(EVE)
    stack.edit({"mailpair_site": {"pop_settings": CUSTOM, "imap_settings": CUSTOM}})
    stack.edit({"mailpair_mailboxes": {EVE: {"server": "back1", **KEEPS}}}, "mailboxes.yml")
    stack.up()
    yield lab
    stack.restore()


def test_a_meeting_request_comes_as_it_was_sent(lab: Lab) -> None:
    subject, sent = invite(lab, BOB)
    assert received(lab, BOB, subject).endswith(sent)


def test_a_link_stands_in_the_place_of_a_meeting_request(linked: Lab) -> None:
    subject, _ = invite(linked, BOB)
    message = received(linked, BOB, subject)
    assert kinds(message) == ["text/plain", "text/plain"]
    assert f"\r\n\r\n{LINK}\r\n".encode() in message
    assert "Grüße, let us meet.".encode() in message
    assert b"VCALENDAR" not in message


def test_a_mailbox_may_get_meeting_requests_as_they_are(linked: Lab) -> None:
    subject, sent = invite(linked, EVE)
    assert received(linked, EVE, subject).endswith(sent)


def test_real_messages_without_meetings_are_not_touched() -> None:
    messages = [file.read_bytes() for file in FOLDER.rglob("*") if file.is_file()]
    assert messages, f"{FOLDER} must have messages; MAILPAIR_MAIL_CORPUS names another folder"
    others = [each for each in messages if not re.search(rb"text/calendar", each, re.IGNORECASE)]
    assert [each for each in others if rewrite(each, URL) != each] == []
