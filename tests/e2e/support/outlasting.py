"""What has to be so before, while and after something is wrong with a back end."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.e2e.support import clients
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import BOUNCE, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab

WRONG = ("AUTHENTICATIONFAILED", "[AUTH]", "NONEXISTENT", "Mailbox doesn't exist")  # what makes a program give up


def identities(lab: Lab, address: str) -> tuple[bytes, dict[str, str]]:
    """INBOX's UIDVALIDITY, and its messages' subjects by their UIDs."""
    with clients.imap(lab, address) as client:
        (validity,) = client.response("UIDVALIDITY")[1]
        assert isinstance(validity, bytes)
        answer = clients.ok(client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    found: dict[str, str] = {}
    for part in answer:
        if isinstance(part, tuple):
            uid = re.search(rb"UID (\d+)", part[0])
            assert uid, part
            found[uid[1].decode()] = part[1].decode().partition(":")[2].strip()
    return validity, found


def is_told(lab: Lab, address: str) -> tuple[str, str]:
    """What a mailbox's owner is told over IMAP and over POP; unavailable at the worst, and never that they are wrong.

    How long it took is printed: pytest shows it with ``-s``, and where the test fails.
    """
    began = time.monotonic()
    imap, pop = says(lab, address)
    print(f"signed in over IMAP and POP in {time.monotonic() - began:.1f} s: {imap or 'OK'}, {pop or 'OK'}")  # noqa: T201
    assert not any(word in imap + pop for word in WRONG), (imap, pop)
    assert imap == "" or "UNAVAILABLE" in imap
    assert pop == "" or "SYS/TEMP" in pop
    return imap, pop


def others_go_on(lab: Lab, sender: str, other: str) -> None:
    """Somebody of another back end signs in, gets mail and reads it."""
    subject = clients.unique("passes")
    clients.submit(lab, sender, other, subject)
    with clients.imap(lab, other) as imap:
        clients.wait_for_message(imap, subject)
    with clients.pop(lab, other) as pop:
        pop.stat()


@contextmanager
def outlasted(lab: Lab, address: str, sender: str) -> Iterator[list[str]]:
    """A fault begins and ends within the context; subjects of mail that was taken meanwhile go into the list.

    Afterwards the first sign-ins work, that mail is there once, nothing bounced, and what was there before still has
    its UIDs.
    """
    kept = clients.unique("before")
    clients.submit(lab, sender, address, kept)
    with clients.imap(lab, address) as client:
        clients.wait_for_message(client, kept)
    validity, before = identities(lab, address)
    taken: list[str] = []
    yield taken
    assert says(lab, address) == ("", "")
    for front in lab.fronts:
        front.run("postqueue -f")
    until(lambda: all(front.run("postqueue -j") == "" for front in lab.fronts), "empty queues", 180)
    validity_now, now = identities(lab, address)
    assert validity_now == validity
    assert {uid: now.get(uid) for uid in before} == before
    subjects = list(now.values())
    assert [subjects.count(subject) for subject in taken] == [1] * len(taken)
    with clients.imap(lab, sender) as client:
        for subject in taken:
            assert clients.ok(client.search(None, "SUBJECT", f'"{BOUNCE}"', "TEXT", f'"{subject}"')) in ([], [b""])
