"""How soon a client that waits in IDLE learns of a message, once its sender has been told that it was accepted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.figures import Figure, spread
from tests.e2e.support import clients

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab


def notices(lab: Lab, address: str, *, messages: int) -> list[Figure]:
    """The delay between the answer to DATA and the line ``* n EXISTS``, for messages from a mailbox to itself."""
    delays = []
    accepted = 0.0

    def send() -> None:
        nonlocal accepted
        submission.sendmail(address, [address], "Subject: notice\r\n\r\nGood morning.\r\n")
        accepted = time.perf_counter()

    with clients.connect_smtp(lab) as submission, clients.imap(lab, address) as reader:
        submission.login(address, lab.password(address))
        for _ in range(messages):
            heard = clients.idle(reader, send, rb"^\* \d+ EXISTS")
            delays.append(heard - accepted)
    return spread("IDLE notice after acceptance", delays)
