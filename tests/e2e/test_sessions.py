"""Many sessions in a row: none of them stalls after its login."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.e2e.support import clients

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

SESSIONS, CLIENTS = 1000, 4
STALLED = 20  # seconds without an answer; a stalled session never answers
BOB = "bob@contoso.test"


def test_a_thousand_proxied_sessions_answer_their_first_command(lab: Lab) -> None:
    def session(_: int) -> str:
        with clients.connect_imap(lab) as client:
            client.sock.settimeout(STALLED)
            client.login(BOB, lab.password(BOB))
            return client.noop()[0]

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(session, range(SESSIONS))) == ["OK"] * SESSIONS
