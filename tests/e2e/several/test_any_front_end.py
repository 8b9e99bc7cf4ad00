"""Any front end takes everybody to the back end that has their mailbox, with no setting of theirs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients, world
from tests.e2e.support.ports import is_away
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

ADA, BOB = "ada@contoso.test", "bob@contoso.test"  # on back1 and on back2
STRANGER = "stranger@fabrikam.test"


@contextmanager
def by(lab: Lab, front: Host) -> Iterator[None]:
    """Clients find one front end alone."""
    with lab.names(clients.PUBLIC_NAME, fronts=[front]):
        yield


def holders(lab: Lab, address: str, subject: str) -> list[str]:
    """The back ends that have a message."""
    search = f"doveadm search -u {address} mailbox INBOX subject '{subject}'"
    return [host.name for host in lab.backs if host.run(search, check=False)]


@pytest.mark.parametrize("recipient", [ADA, BOB])
@pytest.mark.parametrize("number", [0, 1], ids=["front1", "front2"])
def test_mail_and_sessions_reach_the_mailbox_by_either_front_end(lab: Lab, number: int, recipient: str) -> None:
    subject = clients.unique("by any front end")
    sender = ADA if recipient == BOB else BOB
    with by(lab, lab.fronts[number]):
        clients.submit(lab, sender, recipient, subject)
    for front in lab.fronts:
        with by(lab, front):
            with clients.imap(lab, recipient) as client:
                clients.wait_for_message(client, subject)
            clients.pop_wait(lab, recipient, subject)
    assert holders(lab, recipient, subject) == [{ADA: "back1", BOB: "back2"}[recipient]]


@pytest.mark.parametrize("number", [0, 1], ids=["front1", "front2"])
def test_mail_from_outside_reaches_both_back_ends_at_once(lab: Lab, outside: Outside, number: int) -> None:
    for recipient in (ADA, BOB):
        subject = clients.unique("from outside")
        assert world.send(outside, lab.fronts[number].address, STRANGER, recipient, subject)[0] == 250
        with clients.imap(lab, recipient) as client:
            clients.wait_for_message(client, subject)


def test_a_setting_of_one_server_is_that_server_s_alone(lab: Lab, stack: Stack) -> None:
    stack.edit({"mailpair_site": {"servers": {"front2": {"imap_settings": {"banner": "The second one is ready."}}}}})
    stack.playbook(stack.plain_inventory())
    greetings = []
    for front in lab.fronts:
        with by(lab, front), clients.connect_imap(lab) as client:
            greetings.append(b"The second one is ready." in client.welcome)
    assert greetings == [False, True]
    stack.restore()


@contextmanager
def off(host: Host, stack: Stack) -> Iterator[None]:
    """A server is shut down; `pulumi up` has it back."""
    host.run("systemctl poweroff", check=False)
    until(lambda: is_away(host.address), f"the end of {host.name}")
    try:
        yield
    finally:
        stack.up()


def test_clients_go_to_the_other_front_end_when_one_is_away(lab: Lab, stack: Stack) -> None:
    subject = clients.unique("while one is away")
    with off(lab.fronts[0], stack):
        for address in (ADA, BOB):
            with clients.imap(lab, address) as imap, clients.pop(lab, address) as pop:
                clients.ok(imap.noop())
                assert pop.noop().startswith(b"+OK")
        clients.submit(lab, ADA, BOB, subject)
        with clients.imap(lab, BOB) as imap:
            clients.wait_for_message(imap, subject)
    with by(lab, lab.fronts[0]), clients.imap(lab, BOB) as imap:
        assert len(clients.find(imap, subject)) == 1


def test_a_back_end_that_is_away_is_missed_by_its_own_users_alone(
    lab: Lab, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting, passing = clients.unique("waits"), clients.unique("passes")
    with off(lab.backs[1], stack):
        began = time.monotonic()
        imap_says, pop_says = says(lab)
        with capsys.disabled():
            print(f"\na back end is away: an answer over IMAP and POP after {time.monotonic() - began:.1f} s")  # noqa: T201
        assert "UNAVAILABLE" in imap_says
        assert "SYS/TEMP" in pop_says
        clients.submit(lab, ADA, BOB, waiting)
        clients.submit(lab, BOB, ADA, passing)
        with clients.imap(lab, ADA) as imap:
            clients.wait_for_message(imap, passing)
    assert says(lab) == ("", "")
    for front in lab.fronts:
        front.run("postqueue -f")
    with clients.imap(lab, BOB) as imap:
        clients.wait_for_message(imap, waiting)
    until(lambda: all(front.run("postqueue -j") == "" for front in lab.fronts), "empty queues")
    with clients.imap(lab, BOB) as imap:
        assert len(clients.find(imap, waiting)) == 1
