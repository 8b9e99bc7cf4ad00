"""Bindings of POP3 and IMAP4 go from all addresses to one and back while sessions are open."""

from __future__ import annotations

import imaplib
import socket
import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA = "ada@contoso.test"
# Dovecot opens new listeners before it closes those that are in their way; a second reload mends that.
PROVOKED = ("failed: Address already in use",)
ANY_NAME = ssl._create_unverified_context()  # the certificate is not for an address
SILENCE = 5  # seconds without an answer; a SYN that is lost is sent again after one


@pytest.fixture
def restored(lab: Lab, stack: Stack) -> Iterator[Stack]:
    """The stack, whose documents and hosts are put back at the end whatever happens."""
    yield stack
    stack.restore()


def answers(lab: Lab, version: int, port: int) -> bool:
    """Whether a port of the front end is open in a family."""
    try:
        socket.create_connection((lab.front.at(version), port), SILENCE).close()
    except (ConnectionRefusedError, TimeoutError):  # nothing listens, and the firewall may say nothing at all
        return False
    return True


def test_bindings_move_between_all_addresses_and_one_and_sessions_live_on(lab: Lab, restored: Stack) -> None:
    with ExitStack() as scope:
        imap = scope.enter_context(clients.imap(lab, ADA))
        pop = scope.enter_context(clients.pop(lab, ADA))
        # Signed in as well: who is not has three minutes, and a run takes them on a busy machine.
        sixth = scope.enter_context(imaplib.IMAP4_SSL(lab.front.at(6), ssl_context=ANY_NAME, timeout=PATIENCE))
        sixth.login(ADA, lab.password(ADA))

        def seen(*ports: int) -> list[tuple[bool, bool]]:
            assert imap.noop()[0] == "OK"
            assert pop.noop().startswith(b"+OK")
            assert sixth.noop()[0] == "OK"
            return [(answers(lab, 4, port), answers(lab, 6, port)) for port in ports]

        both, four, six, none = (True, True), (True, False), (False, True), (False, False)
        assert seen(993, 143, 995, 110) == [both] * 4
        restored.edit(
            {
                "mailpair_site": {
                    "imap_settings": {
                        "ssl_bindings": [f"{lab.front.address}:993"],
                        "unencrypted_or_tls_bindings": [f"[{lab.front.at(6)}]:143"],
                        "banner": "Welcome at the new place.",
                    },
                    "pop_settings": {
                        "ssl_bindings": ["127.0.0.1:995", "0.0.0.0:2995", "[::]:995"],
                        "unencrypted_or_tls_bindings": [],
                    },
                }
            }
        )
        restored.up()
        assert seen(993, 143, 995, 2995, 110) == [four, six, six, four, none]
        with clients.connect_imap(lab) as fresh:
            assert fresh.welcome.rstrip().endswith(b" Welcome at the new place.")
        restored.restore()
        restored.up()
        assert seen(993, 143, 995, 2995, 110) == [both, both, both, none, both]
