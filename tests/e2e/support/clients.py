"""Mail programs: the standard library's clients, used as a person's program would use them."""

from __future__ import annotations

import imaplib
import poplib
import re
import smtplib
import time
import uuid
from contextlib import closing, contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from tests.e2e.support.wait import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.e2e.support.lab import Lab

PUBLIC_NAME = "mail.contoso.test"  # what the site document publishes


def unique(text: str = "message") -> str:
    """A subject or a folder's name that nothing else has."""
    return f"{text} {uuid.uuid4().hex[:12]}"


# --- IMAP -----------------------------------------------------------------------------------------------------------


@contextmanager
def connect_imap(
    lab: Lab, encryption: str = "SSL", *, host: str = PUBLIC_NAME, port: int = 0
) -> Iterator[imaplib.IMAP4]:
    """An IMAP connection before its login; ``encryption`` is SSL, TLS (STARTTLS) or none."""
    client: imaplib.IMAP4
    if encryption == "SSL":
        client = imaplib.IMAP4_SSL(host, port or 993, ssl_context=lab.tls, timeout=PATIENCE)
    else:
        client = imaplib.IMAP4(host, port or 143, timeout=PATIENCE)
    try:
        if encryption == "TLS":
            client.starttls(lab.tls)
        yield client
    finally:
        with suppress(OSError):  # closed already, where the client has logged out
            client.shutdown()


@contextmanager
def imap(lab: Lab, address: str, encryption: str = "SSL", folder: str | None = "INBOX") -> Iterator[imaplib.IMAP4]:
    """A signed-in IMAP client with a folder open."""
    with connect_imap(lab, encryption) as client:
        client.login(address, lab.password(address))
        if folder:
            ok(client.select(folder))
        yield client
        client.logout()


def ok(answer: tuple[str, Sequence[Any]]) -> list[Any]:
    """The data of an answer that must be OK."""
    kind, data = answer
    assert kind == "OK", data
    return [item for item in data if item is not None]


def find(client: imaplib.IMAP4, subject: str) -> list[str]:
    """Sequence numbers of messages with a subject, in the open folder, as it is now."""
    ok(client.noop())
    return [number.decode() for number in ok(client.search(None, "SUBJECT", f'"{subject}"'))[0].split()]


def wait_for_message(client: imaplib.IMAP4, subject: str) -> str:
    """Sequence number of the one message with a subject, as soon as it is there."""
    found = until(lambda: find(client, subject), f"a message with subject {subject!r}")
    assert len(found) == 1
    return found[0]


def fetch(client: imaplib.IMAP4, number: str, what: str = "BODY.PEEK[]") -> bytes:
    """The literal that a FETCH of one item returns."""
    return bytes(next(part[1] for part in ok(client.fetch(number, f"({what})")) if isinstance(part, tuple)))


def idle(client: imaplib.IMAP4, trigger: Callable[[], object], expected: bytes) -> float:
    """Waits during IDLE for an untagged line that matches a pattern; returns when it came (time.perf_counter).

    ``trigger`` is called once the server idles.
    """
    tag = client._new_tag()  # the standard library has no IDLE before Python 3.14
    client.send(tag + b" IDLE\r\n")
    assert client.readline().startswith(b"+")
    trigger()
    until(lambda: re.match(expected, client.readline()), "IDLE's news")
    heard = time.perf_counter()
    client.send(b"DONE\r\n")
    until(lambda: client.readline().startswith(tag + b" OK"), "the end of IDLE")
    return heard


# --- POP3 -----------------------------------------------------------------------------------------------------------


class _Pop(poplib.POP3):
    """Closes its connection where nobody greets it, which poplib leaves open then."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        try:
            super().__init__(*arguments, **options)
        except BaseException:
            if "file" in vars(self):
                with suppress(OSError):
                    self.close()
            raise


class _PopOverTls(_Pop, poplib.POP3_SSL):
    """The same over TLS from the start."""


@contextmanager
def connect_pop(lab: Lab, encryption: str = "SSL", *, host: str = PUBLIC_NAME, port: int = 0) -> Iterator[poplib.POP3]:
    """A POP3 connection before its login; ``encryption`` is SSL, TLS (STLS) or none."""
    client: poplib.POP3
    if encryption == "SSL":
        client = _PopOverTls(host, port or 995, context=lab.tls, timeout=PATIENCE)
    else:
        client = _Pop(host, port or 110, timeout=PATIENCE)
    with closing(client):
        if encryption == "TLS":
            client.stls(lab.tls)
        yield client


@contextmanager
def pop(lab: Lab, address: str, encryption: str = "SSL") -> Iterator[poplib.POP3]:
    """A signed-in POP3 client."""
    with connect_pop(lab, encryption) as client:
        client.user(address)
        client.pass_(lab.password(address))
        yield client
        client.quit()


def pop_subjects(client: poplib.POP3) -> dict[str, int]:
    """Subjects of all messages with their numbers; their headers alone are read."""
    subjects = {}
    for number in range(1, client.stat()[0] + 1):
        message = message_from_bytes(b"\r\n".join(client.top(number, 0)[1]), policy=policy.default)
        subjects[str(message["Subject"])] = number
    return subjects


def pop_wait(lab: Lab, address: str, subject: str) -> None:
    """Returns once a POP3 session finds a message with a subject; POP3 shows what was there when a session began."""

    def look() -> bool:
        with pop(lab, address) as client:
            return subject in pop_subjects(client)

    until(look, f"a message with subject {subject!r}")


# --- SMTP -----------------------------------------------------------------------------------------------------------


@contextmanager
def connect_smtp(lab: Lab, host: str = PUBLIC_NAME, port: int = 587) -> Iterator[smtplib.SMTP]:
    """An SMTP connection after STARTTLS and before its login."""
    with smtplib.SMTP(host, port, timeout=PATIENCE) as client:
        client.starttls(context=lab.tls)
        client.ehlo()
        yield client


def submit(lab: Lab, sender: str, recipient: str, subject: str, text: str = "Good morning.\r\n") -> EmailMessage:
    """Sends a message over 587 as its sender would; returns it."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message.set_content(text)
    with connect_smtp(lab) as client:
        client.login(sender, lab.password(sender))
        assert client.send_message(message) == {}
    return message
