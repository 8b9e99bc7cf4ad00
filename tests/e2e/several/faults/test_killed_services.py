"""A service that is killed comes back by itself, and what was acknowledged before is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from tests.e2e.support.lab import Host, Lab

KILLED = [
    ("front1", "dovecot"),
    ("front1", "postfix"),
    ("front1", "mailpair-sessions"),
    ("front1", "mailpair-smtp-gate"),
    ("front1", "mailpair-quota"),
    ("front1", "mailpair-inspection"),
    ("back1", "dovecot"),
    ("back1", "haproxy"),
]


def main_process(host: Host, unit: str) -> str:
    """The number of a unit's main process; 0 while there is none."""
    return host.run(f"systemctl show --value --property=MainPID {unit}").strip()


def is_served(lab: Lab) -> bool:
    """Whether somebody can sign in over IMAP and POP and to submission, and send."""
    try:
        with clients.imap(lab, ADA) as imap, clients.pop(lab, ADA) as pop:
            clients.ok(imap.noop())
            pop.stat()
        clients.submit(lab, ADA, BOB, clients.unique("served again"))
    except Exception:  # noqa: BLE001 -- libraries have many words for a service that is not there
        return False
    return True


@pytest.mark.parametrize(("name", "unit"), KILLED)
def test_a_service_that_is_killed_comes_back_and_nothing_is_lost(lab: Lab, name: str, unit: str) -> None:
    host = next(each for each in lab.hosts if each.name == name)
    subjects = [clients.unique("before the end") for _ in range(3)]
    with by(lab, lab.fronts[0]):
        for subject in subjects:
            clients.submit(lab, BOB, ADA, subject)
        before = main_process(host, unit)
        assert before != "0"
        host.run(f"systemctl kill --signal=KILL --kill-whom=all {unit}")
        until(lambda: is_served(lab), f"{unit} is back")
        assert main_process(host, unit) not in {"0", before}
        host_of_queue = lab.fronts[0]
        host_of_queue.run("postqueue -f")
        with clients.imap(lab, ADA) as imap:
            for subject in subjects:
                clients.wait_for_message(imap, subject)
        until(lambda: host_of_queue.run("postqueue -j") == "", "an empty queue", 180)
        with clients.imap(lab, ADA) as imap:
            assert [len(clients.find(imap, subject)) for subject in subjects] == [1, 1, 1]
