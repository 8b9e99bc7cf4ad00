# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs in, sends and reads as a user's mail program would, on the controller; standard library only."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

_WAIT = 0.2  # seconds between two looks for a message


@dataclass(frozen=True)
class Place:
    """A port to try; ``encryption`` is SSL (TLS from the first byte) or TLS (STARTTLS)."""

    protocol: str  # IMAP, POP or SMTP
    address: str
    port: int
    encryption: str
    certificate_name: str


@dataclass(frozen=True)
class User:
    """Who tries, and the CA that is trusted."""

    mailbox: str
    password: str
    ca_file: str
    timeout: float  # seconds, of each connection and of the wait for a message


@dataclass(frozen=True)
class Step:
    """One thing that was tried; ``reason`` says why it failed, and is empty where it passed."""

    name: str
    mailbox: str
    milliseconds: int
    reason: str = ""


class ConnectivityError(Exception):
    """Something that a user would notice; the text is for the administrator."""


class _NamedContext(ssl.SSLContext):
    """Trusts one CA, and only a certificate of one name, whatever address was connected to."""

    name: str

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """As the base class does, for the one name."""
        return super().wrap_socket(sock, *arguments, **{**options, "server_hostname": self.name})


def _context(place: Place, user: User) -> ssl.SSLContext:
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.name = place.certificate_name
    context.load_verify_locations(user.ca_file)
    return context


def attempt(name: str, user: User, action: Callable[[], None]) -> Step:
    """Do something a user would do, and say how long it took or why it failed."""
    begin = time.monotonic()
    reason = ""
    try:
        action()
    except (
        OSError,
        EOFError,
        imaplib.IMAP4.error,
        poplib.error_proto,
        smtplib.SMTPException,
        ConnectivityError,
    ) as error:
        reason = _reason(error, user)
    return Step(name, user.mailbox, round((time.monotonic() - begin) * 1000), reason)


def _reason(error: Exception, user: User) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"answered {error.smtp_code} {said}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"answered {code} {said.decode(errors='replace')}" for code, said in error.recipients.values())
    if isinstance(error, TimeoutError):
        return f"no answer within {user.timeout:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, (imaplib.IMAP4.error, poplib.error_proto)) and error.args and isinstance(error.args[0], bytes):
        return f"answered {error.args[0].decode(errors='replace')}"
    return str(error) or type(error).__name__


@contextmanager
def imap(place: Place, user: User) -> Iterator[imaplib.IMAP4]:
    """Sign in over IMAP and open the inbox."""
    context = _context(place, user)
    client: imaplib.IMAP4
    if place.encryption == "SSL":
        client = imaplib.IMAP4_SSL(place.address, place.port, ssl_context=context, timeout=user.timeout)
    else:
        client = imaplib.IMAP4(place.address, place.port, timeout=user.timeout)
    try:
        if place.encryption == "TLS":
            client.starttls(context)
        client.login(user.mailbox, user.password)
        client.select("INBOX")
        yield client
        client.logout()
    finally:
        with suppress(OSError):
            client.shutdown()


@contextmanager
def pop(place: Place, user: User) -> Iterator[poplib.POP3]:
    """Sign in over POP3."""
    context = _context(place, user)
    client: poplib.POP3
    if place.encryption == "SSL":
        client = poplib.POP3_SSL(place.address, place.port, context=context, timeout=user.timeout)
    else:
        client = poplib.POP3(place.address, place.port, timeout=user.timeout)
    with closing(client):
        if place.encryption == "TLS":
            client.stls(context)
        client.user(user.mailbox)
        client.pass_(user.password)
        yield client
        client.quit()


@contextmanager
def smtp(place: Place, user: User) -> Iterator[smtplib.SMTP]:
    """Sign in over SMTP."""
    context = _context(place, user)
    client: smtplib.SMTP
    if place.encryption == "SSL":
        client = smtplib.SMTP_SSL(place.address, place.port, context=context, timeout=user.timeout)
    else:
        client = smtplib.SMTP(place.address, place.port, timeout=user.timeout)
    with client:
        if place.encryption == "TLS":
            client.starttls(context=context)
        client.login(user.mailbox, user.password)
        yield client


SESSIONS = {"IMAP": imap, "POP": pop, "SMTP": smtp}


def sign_in(place: Place, user: User) -> None:
    """Sign in and out again."""
    with SESSIONS[place.protocol](place, user):
        pass


def send(place: Place, user: User, subject: str) -> None:
    """Send a message with a subject from the user to the user."""
    text = (
        f"From: <{user.mailbox}>\r\nTo: <{user.mailbox}>\r\nSubject: {subject}\r\n\r\nA trial; it removes itself.\r\n"
    )
    with smtp(place, user) as client:
        client.sendmail(user.mailbox, [user.mailbox], text.encode("ascii"))


def _imap_numbers(client: imaplib.IMAP4, subject: str) -> list[str]:
    client.noop()
    found = client.uid("SEARCH", "SUBJECT", f'"{subject}"')[1][0] or b""
    return found.decode("ascii").split()


def _pop_numbers(client: poplib.POP3, subject: str) -> list[int]:
    wanted = f"Subject: {subject}".encode("ascii")
    # The newest come last, and are what is looked for.
    return [number for number in range(client.stat()[0], 0, -1) if wanted in client.top(number, 0)[1]]


def read_imap(place: Place, user: User, subject: str) -> None:
    """Wait until the message with a subject is in the inbox."""
    with imap(place, user) as client:
        _wait(lambda: bool(_imap_numbers(client, subject)), user.timeout)


def read_pop(place: Place, user: User, subject: str) -> None:
    """Wait until a POP3 session shows the message with a subject; each shows what was there as it began."""

    def shown() -> bool:
        with pop(place, user) as client:
            return bool(_pop_numbers(client, subject))

    _wait(shown, user.timeout)


def remove_imap(place: Place, user: User, subject: str) -> None:
    """Remove the message with a subject, and no other that its owner may have marked as deleted."""
    with imap(place, user) as client:
        for number in _imap_numbers(client, subject):
            client.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)")
            client.uid("EXPUNGE", number)


def remove_pop(place: Place, user: User, subject: str) -> None:
    """Remove the message with a subject."""
    with pop(place, user) as client:
        for number in _pop_numbers(client, subject):
            client.dele(number)


READ = {"IMAP": read_imap, "POP": read_pop}
REMOVE = {"IMAP": remove_imap, "POP": remove_pop}


def _wait(seen: Callable[[], bool], timeout: float) -> None:
    end = time.monotonic() + timeout
    while not seen():
        if time.monotonic() > end:
            raise ConnectivityError(f"the message did not arrive within {timeout:g} s")
        time.sleep(_WAIT)
