"""Ten settings change, in three runs of the playbook, under a hundred open sessions."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import clients
from tests.e2e.support.sessions import Sessions
from tests.e2e.support.stack import merged
from tests.e2e.support.wait import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, BOB, CAROL = "ada@contoso.test", "bob@contoso.test", "carol@contoso.test"
EACH = 25  # sessions of one user over one protocol
IMAP_LOG = "/var/log/mailpair/imap4"
SSL_PORT = 1465
KNOCK = 3.0  # seconds; the firewall drops what is for a closed port
# Ada's and Bob's sessions, and places for more.
ROOM = {"pop_settings": {"max_connections_per_user": 40}, "imap_settings": {"max_connections_per_user": 40}}
STARTED = (
    "systemctl show --property=Id,ExecMainStartTimestampMonotonic dovecot postfix haproxy mailpair-sessions "
    "mailpair-smtp-gate mailpair-quota mailpair-inspection"
)


@pytest.fixture(scope="module")
def roomy(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with room for so many sessions; the documents and hosts are put back as they were."""
    run(stack, ROOM)
    yield lab
    stack.restore()


def run(stack: Stack, settings: dict[str, Any]) -> None:
    """Runs the playbook with settings laid over the original documents, as an administrator would without Pulumi."""
    stack.edit({"mailpair_site": settings})
    stack.playbook(stack.plain_inventory())


# --- whether a new client sees a setting ----------------------------------------------------------------------------


def imap_banner(lab: Lab) -> bool:
    with clients.connect_imap(lab) as client:
        return client.welcome.rstrip().endswith(b" Changed, over IMAP4.")


def pop_banner(lab: Lab) -> bool:
    with clients.connect_pop(lab) as client:
        return client.getwelcome() == b"+OK Changed, over POP3."


def imap_sessions_of_a_user(lab: Lab) -> bool:
    """Ada, who has as many as the limit will be, gets no further one."""
    with clients.connect_imap(lab) as client:
        try:
            client.login(ADA, lab.password(ADA))
        except imaplib.IMAP4.error as error:
            return "Too many connections for this user" in str(error)
        client.logout()
    return False


def protocol_log(lab: Lab) -> bool:
    with clients.imap(lab, CAROL) as client:
        address, port = client.sock.getsockname()
    return bool(lab.front.run(f"grep -rsF {address}:{port}, {IMAP_LOG}", check=False))


def command_size(lab: Lab) -> bool:
    with clients.imap(lab, CAROL) as client:
        client.send(b"x SEARCH SUBJECT " + b"a" * 1100 + b"\r\n")
        answer = until(lambda: line if (line := client.readline()).startswith(b"x ") else b"", "an answer")
    return answer.startswith(b"x BAD")


def size_for_users(lab: Lab) -> bool:
    with clients.connect_smtp(lab) as client:
        return client.esmtp_features["size"] == str(1 << 20)


def smtp_banner(lab: Lab) -> bool:
    with smtplib.SMTP(timeout=PATIENCE) as client:
        return client.connect(clients.PUBLIC_NAME, 25) == (220, b"Changed, over SMTP.")


def size_for_strangers(lab: Lab) -> bool:
    with smtplib.SMTP(clients.PUBLIC_NAME, 25, timeout=PATIENCE) as client:
        client.ehlo()
        return client.esmtp_features["size"] == str(2 << 20)


def smtp_binding(lab: Lab) -> bool:
    try:
        socket.create_connection((lab.front.address, SSL_PORT), KNOCK).close()
    except OSError:
        return False
    with smtplib.SMTP_SSL(clients.PUBLIC_NAME, SSL_PORT, context=lab.tls, timeout=PATIENCE) as client:
        return client.noop()[0] == 250


# By what loads them: Dovecot, Postfix and the firewall.
CHANGES: list[list[tuple[Callable[[Lab], bool], dict[str, Any]]]] = [
    [
        (imap_banner, {"imap_settings": {"banner": "Changed, over IMAP4."}}),
        (pop_banner, {"pop_settings": {"banner": "Changed, over POP3."}}),
        (imap_sessions_of_a_user, {"imap_settings": {"max_connections_per_user": EACH}}),
        (protocol_log, {"imap_settings": {"protocol_log_enabled": True}}),
        (command_size, {"imap_settings": {"max_command_size": 1024}}),
    ],
    [
        (size_for_users, {"receive_connectors": {"Client Frontend": {"max_message_size": "1 MB"}}}),
        (smtp_banner, {"receive_connectors": {"Default Frontend": {"banner": "220 Changed, over SMTP."}}}),
        (size_for_strangers, {"receive_connectors": {"Default Frontend": {"max_message_size": "2 MB"}}}),
        (smtp_binding, {"receive_connectors": {"Client Frontend": {"ssl_bindings": [f"0.0.0.0:{SSL_PORT}"]}}}),
    ],
]
LAST = {"imap_settings": {"authenticated_connection_timeout": "00:00:45"}}


# --- those who are there already ------------------------------------------------------------------------------------


def ended(silent: imaplib.IMAP4) -> bool:
    """Whether the server has closed a connection."""
    silent.sock.setblocking(False)
    try:
        while silent.sock.recv(4096):
            pass
    except ssl.SSLWantReadError:
        return False
    except OSError:
        pass
    return True


def test_ten_settings_change_under_a_hundred_sessions(roomy: Lab, stack: Stack) -> None:
    settings: dict[str, Any] = ROOM
    with ExitStack() as scope:
        silent = scope.enter_context(clients.connect_imap(roomy))
        silent.login(CAROL, roomy.password(CAROL))
        sessions = Sessions(roomy, scope, (ADA, BOB), EACH)
        assert sessions.answering() == 4 * EACH
        started = [host.run(STARTED) for host in roomy.hosts]

        for changes in CHANGES:
            for seen, change in changes:
                assert not seen(roomy), change
                settings = merged(settings, change)
            run(stack, settings)
            assert sessions.answering() == 4 * EACH, changes
            for seen, change in changes:
                assert seen(roomy), change

        # It has been silent for all these runs, and ends as soon as silence is forbidden.
        assert not ended(silent)
        with sessions.busy():
            run(stack, merged(settings, LAST))
            until(lambda: ended(silent), "the end of a silent session")
        assert sessions.answering() == 4 * EACH
        assert [host.run(STARTED) for host in roomy.hosts] == started
