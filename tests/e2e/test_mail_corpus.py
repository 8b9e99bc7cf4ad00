"""Real and broken messages: each is delivered byte for byte behind trace headers, or refused with a reason."""

from __future__ import annotations

import os
import re
import smtplib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    import imaplib

    from tests.e2e.support.lab import Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
FOLDER = Path(os.environ.get("MAILPAIR_MAIL_CORPUS", Path(__file__).parents[3] / "shared" / "mail-corpus"))
COUNT = 104
TRACE = re.compile(rb"(?:(?:Return-Path|Delivered-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)")
REFUSED = re.compile(
    rb"5\.6\.0 refused, since it could not be delivered as it is: line \d+ "
    rb"(?:is the From line of a mailbox file, not a header field"
    rb"|is not a header field, and no empty line before it ends the header"
    rb"|has a blank between the name of a header field and its colon)"
)


def on_the_wire(file: Path) -> bytes:
    """A message as SMTP carries it: each line ends in CR LF."""
    lines = re.sub(rb"(?<!\r)\n", b"\r\n", file.read_bytes())
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


@pytest.fixture(scope="module")
def corpus() -> list[bytes]:
    """All messages."""
    files = sorted(file for file in FOLDER.rglob("*") if file.is_file() and file.name not in {"README.md", "LICENSE"})
    assert len(files) == COUNT, f"{FOLDER} must have {COUNT} messages; MAILPAIR_MAIL_CORPUS names another folder"
    return [on_the_wire(file) for file in files]


def send(client: smtplib.SMTP, message: bytes) -> bytes | None:
    """Hands a message in; returns why it was refused, None where it was taken."""
    client.mail(ADA, ["BODY=8BITMIME"])
    client.rcpt(BOB)
    code, answer = client.data(message)
    return None if code == 250 else answer


def send_all(lab: Lab, messages: list[bytes]) -> list[bytes | None]:
    """Hands messages in, one after another; a new session after each error, since a few errors end a session."""
    answers: list[bytes | None] = []
    while len(answers) < len(messages):
        with clients.connect_smtp(lab) as client:
            client.login(ADA, lab.password(ADA))
            for message in messages[len(answers) :]:
                answers.append(send(client, message))
                if answers[-1] is not None:
                    break
    return answers


def new(client: imaplib.IMAP4, after: int) -> list[bytes]:
    """The messages that came after one, whole."""
    clients.ok(client.noop())
    answer = clients.ok(client.fetch(f"{after + 1}:*", "(BODY.PEEK[])"))
    return [part[1] for part in answer if isinstance(part, tuple)]


def test_every_message_arrives_as_it_is_or_is_refused(lab: Lab, corpus: list[bytes]) -> None:
    marker = clients.unique("before all")
    clients.submit(lab, ADA, BOB, marker)
    with clients.imap(lab, BOB) as reader:
        before = int(clients.wait_for_message(reader, marker))
        answers = send_all(lab, corpus)
        taken = [message for message, answer in zip(corpus, answers, strict=True) if answer is None]
        arrived = until(lambda: whole(new(reader, before), len(taken)), f"{len(taken)} messages")
    assert sorted(arrived) == sorted(taken)
    assert [answer for answer in answers if answer is not None and not REFUSED.fullmatch(answer)] == []
    assert len(taken) == 80  # the rest begins with a mailbox file's From line, or has a broken header


def whole(messages: list[bytes], count: int) -> list[bytes]:
    """The messages without the trace headers that the site put before them, once they are all there."""
    return [strip(message) for message in messages] if len(messages) == count else []


def strip(message: bytes) -> bytes:
    """A message as its sender gave it: behind what the two servers of the site and the back end put before it."""
    place = 0
    for _ in range(5):  # Return-Path, Delivered-To and Received of the back end, two Received of the front end
        trace = TRACE.match(message, place)
        assert trace, message[place : place + 80]
        place = trace.end()
    return message[place:]
