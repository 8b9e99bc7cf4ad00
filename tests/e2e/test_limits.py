"""Limits and timeouts of POP3 and IMAP4, brought in with one ``pulumi up`` and seen from outside."""

from __future__ import annotations

import imaplib
import poplib
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

ADA, BOB, CAROL = "ada@contoso.test", "bob@contoso.test", "carol@contoso.test"
TOO_MANY = "Too many connections for this user"
PROVOKED = (  # by a restart of what listens there, in the two ways in which it is said
    "write(/run/mailpair/events): writev() failed: Broken pipe",
    "write(/run/mailpair/events) failed: writev() failed: Broken pipe",
)

SITE = {
    "imap_settings": {
        "max_connections_per_user": 3,
        "authenticated_connection_timeout": "00:00:45",
        "pre_authenticated_connection_timeout": "00:00:30",
        "max_command_size": 1024,
    },
    "pop_settings": {
        "max_connections": 6,
        "max_connection_from_single_ip": 4,
        "authenticated_connection_timeout": "00:00:45",
        "pre_authenticated_connection_timeout": "00:00:30",
    },
    # A server's own number goes before the site's, which would let 16 in.
    "servers": {"front1": {"pop_settings": {"max_connections_per_user": 2}}},
}


@pytest.fixture(scope="module")
def limited(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with all of these settings; the documents and hosts are put back as they were."""
    stack.edit({"mailpair_site": SITE})
    stack.up()
    yield lab
    stack.restore()


def test_those_who_check_passwords_stay(limited: Lab) -> None:
    """Ending them because they are idle, as it does by itself, Dovecot 2.4.1 can forget whom it has to answer for good.

    Seen with twelve sign-ins at once, a minute apart, at the sixth time; too long for here.
    """
    assert limited.front.run("doveconf -h service/auth-worker/idle_kill_interval").strip() == "infinite"


def imap_session(lab: Lab, address: str, scope: ExitStack, *, host: str = clients.PUBLIC_NAME) -> imaplib.IMAP4:
    """A signed-in IMAP session that lasts as long as ``scope``."""
    client = scope.enter_context(clients.connect_imap(lab, "SSL" if host == clients.PUBLIC_NAME else "none", host=host))
    if host != clients.PUBLIC_NAME:  # an address, for which the certificate does not speak
        client.host = clients.PUBLIC_NAME
        client.starttls(lab.tls)
    client.login(address, lab.password(address))
    return client


def pop_session(lab: Lab, address: str, scope: ExitStack) -> poplib.POP3:
    """A signed-in POP3 session that lasts as long as ``scope``."""
    client = scope.enter_context(clients.connect_pop(lab))
    client.user(address)
    client.pass_(lab.password(address))
    return client


def test_a_user_has_so_many_imap_sessions_from_all_addresses_together(limited: Lab) -> None:
    with ExitStack() as scope:
        first = imap_session(limited, ADA, scope)
        imap_session(limited, ADA, scope, host=limited.front.at(6))
        imap_session(limited, ADA, scope)
        with pytest.raises(imaplib.IMAP4.error, match=rf"\[ALERT\] {TOO_MANY}"):
            imap_session(limited, ADA, scope)
        # Others, and the other protocol, have counts of their own.
        imap_session(limited, BOB, scope)
        pop_session(limited, ADA, scope)
        first.logout()
        until(lambda: signs_in(limited, ADA), "a place after a logout")


def signs_in(lab: Lab, address: str) -> bool:
    """Whether one more IMAP session is let in."""
    with ExitStack() as scope:
        try:
            return imap_session(lab, address, scope).logout()[0] == "BYE"
        except imaplib.IMAP4.error:
            return False


def test_a_server_s_own_limit_of_pop_sessions_goes_before_the_site_s(limited: Lab) -> None:
    with ExitStack() as scope:
        for _ in range(2):
            pop_session(limited, ADA, scope)
        with pytest.raises(poplib.error_proto, match=TOO_MANY):
            pop_session(limited, ADA, scope)


def test_of_many_that_come_at_once_the_limit_gets_in(limited: Lab) -> None:
    def enter(_: int) -> bool:
        try:
            imap_session(limited, CAROL, scope)
        except imaplib.IMAP4.error:
            return False
        return True

    with ExitStack() as scope, ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(enter, range(12))) == 3


def test_a_restart_of_what_counts_forgets_nobody(limited: Lab) -> None:
    with ExitStack() as scope:
        held = [imap_session(limited, BOB, scope) for _ in range(3)]
        limited.front.run("systemctl restart mailpair-sessions")
        assert not signs_in(limited, BOB)
        assert [client.noop()[0] for client in held] == ["OK"] * 3


def test_connections_in_all_and_from_one_address_are_counted_in_both_families(limited: Lab, outside: Outside) -> None:
    def connect(version: int) -> socket.socket:
        return scope.enter_context(socket.create_connection((limited.front.at(version), 995), PATIENCE))

    with ExitStack() as scope:
        four = [connect(4) for _ in range(4)]
        with pytest.raises(ConnectionRefusedError):
            connect(4)
        # Another address, here of the other family, has a count of its own; the whole has one as well.
        connect(6)
        connect(6)
        with pytest.raises(ConnectionRefusedError):
            connect(6)
        assert not knocks(outside, limited)
        four[0].close()
        until(lambda: knocks(outside, limited), "a place after an end")
    with ExitStack() as scope:
        until(lambda: knocks(outside, limited), "places after all ends")
        for _ in range(4):
            connect(6)
        with pytest.raises(ConnectionRefusedError):
            connect(6)


def knocks(outside: Outside, lab: Lab) -> bool:
    """Whether a connection from outside is taken."""
    program = (
        "import socket, sys\ntry: socket.create_connection((sys.argv[1], 995)).close()\nexcept OSError: print('no')"
    )
    return outside.python(program, lab.front.address) == ""


def test_a_command_that_is_too_long_is_refused_and_the_session_goes_on(limited: Lab) -> None:
    with clients.imap(limited, ADA) as client:
        room = 1024 - len("x SEARCH SUBJECT \r\n")
        assert say(client, b"x SEARCH SUBJECT " + b"a" * (room - 10)).startswith(b"x OK")
        assert say(client, b"x SEARCH SUBJECT " + b"a" * (room + 100)).startswith(b"x BAD")
        assert client.noop()[0] == "OK"


def say(client: imaplib.IMAP4, command: bytes) -> bytes:
    """The tagged answer to a command with the tag x."""
    client.send(command + b"\r\n")
    return until(lambda: line if (line := client.readline()).startswith(b"x ") else b"", "an answer")


def test_silent_sessions_end_and_talking_ones_live(limited: Lab) -> None:
    """Those who have not signed in end first, then those who have; one that idles is silent, too."""
    with ExitStack() as scope:
        talking = imap_session(limited, ADA, scope)
        idle = imap_session(limited, ADA, scope)
        clients.ok(idle.select())
        idle.send(b"x IDLE\r\n")
        assert idle.readline().startswith(b"+")
        silent = [idle.sock, imap_session(limited, BOB, scope).sock, pop_session(limited, BOB, scope).sock]
        strangers = [
            scope.enter_context(closing(socket.create_connection((limited.front.at(version), port), PATIENCE)))
            for version, port in ((4, 143), (6, 143), (4, 110))
        ]
        strangers.append(scope.enter_context(clients.connect_imap(limited)).sock)
        strangers.append(scope.enter_context(clients.connect_pop(limited)).sock)
        for each in (*strangers, *silent):
            each.settimeout(PATIENCE)

        def ended(each: socket.socket) -> bool:
            while readable(each):
                try:
                    if not each.recv(4096):
                        return True
                except OSError:
                    return True
            return False

        def all_ended(those: list[socket.socket]) -> bool:
            assert talking.noop()[0] == "OK"
            return all(ended(each) for each in those)

        until(lambda: all_ended(strangers), "the end of those who did not sign in")
        assert not any(ended(each) for each in silent)
        until(lambda: all_ended(silent), "the end of silent sessions")
        assert talking.noop()[0] == "OK"


def readable(each: socket.socket) -> bool:
    """Whether there is something to read, or an end."""
    pending = getattr(each, "pending", lambda: 0)()
    return bool(pending or select.select([each], [], [], 0)[0])
