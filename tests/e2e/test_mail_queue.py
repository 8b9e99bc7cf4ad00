"""A back end that is away: mail is taken, waits, and arrives once when it is back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
SERVICES = "haproxy dovecot"
# Waiting mail is tried once a minute; the machine may be slow besides.
TWO_ROUNDS = 180.0


def waiting(lab: Lab) -> list[dict[str, Any]]:
    """Messages in the front end's queue."""
    return [json.loads(line) for line in lab.front.run("postqueue -j").splitlines()]


def test_mail_waits_for_its_back_end_and_arrives_once(lab: Lab) -> None:
    subjects = [clients.unique("while it was away") for _ in range(3)]
    lab.back.run(f"systemctl stop {SERVICES}")
    try:
        for subject in subjects:
            clients.submit(lab, ADA, BOB, subject)
        until(
            lambda: [each["queue_name"] for each in waiting(lab)] == ["deferred"] * len(subjects), "the messages wait"
        )
    finally:
        lab.back.run(f"systemctl start {SERVICES}")
    until(lambda: waiting(lab) == [], "an empty queue", TWO_ROUNDS)
    with clients.imap(lab, BOB) as client:
        assert [len(clients.find(client, subject)) for subject in subjects] == [1, 1, 1]
