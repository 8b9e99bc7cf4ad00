"""How soon a client that waits in IDLE learns of a message, once its sender has been told that it was accepted.

Who has waited for a second is held elsewhere than who has just begun (imap_hibernate_timeout), so both are asked.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from bench.figures import Figure, spread
from tests.e2e.support import clients

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

WAITED = 1.5  # seconds that a mail program has been waiting, before a message comes


def notices(lab: Lab, address: str, *, messages: int) -> list[Figure]:
    """The delay between the answer to DATA and the line ``* n EXISTS``, for messages from a mailbox to itself.

    Waiting for a while and having just begun take turns.
    """
    delays: dict[float, list[float]] = {WAITED: [], 0.0: []}
    accepted = 0.0

    def send(waited: float) -> None:
        nonlocal accepted
        time.sleep(waited)
        submission.sendmail(address, [address], "Subject: notice\r\n\r\nGood morning.\r\n")
        accepted = time.perf_counter()

    with clients.connect_smtp(lab) as submission, clients.imap(lab, address) as reader:
        submission.login(address, lab.password(address))
        for _ in range(messages):
            for waited, found in delays.items():
                heard = clients.idle(reader, partial(send, waited), rb"^\* \d+ EXISTS")
                found.append(heard - accepted)
    names = ("IDLE notice after acceptance", "the same, IDLE just begun")
    return [figure for name, found in zip(names, delays.values(), strict=True) for figure in spread(name, found)]
