"""No server goes with mail that it holds: back ends with mailboxes, front ends with a queue."""

from __future__ import annotations

import imaplib
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import yaml

from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.several.conftest import OWN, SERVERS
from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.ports import is_open
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

CLIENT_PORTS = (993, 995, 143, 110, 587, 25)


@contextmanager
def without(stack: Stack, server: str) -> Iterator[None]:
    """The stack's configuration no more has a server, and nobody's mailbox is to be on it."""
    file = stack.folder / f"Pulumi.{stack.name}.yaml"
    kept = file.with_suffix(".kept")
    shutil.copy(file, kept)
    config = yaml.safe_load(file.read_text())
    config["config"]["mailpair:servers"] = [each for each in SERVERS if each["name"] != server]
    file.write_text(yaml.safe_dump(config))
    documents = yaml.safe_load((stack.documents / "mailboxes.yml").read_text())["mailpair_mailboxes"]
    moved = {address: {"server": "back1"} for address, each in documents.items() if each["server"] == server}
    stack.edit({"mailpair_mailboxes": moved}, "mailboxes.yml")
    try:
        yield
    finally:
        shutil.move(kept, file)
        stack.restore()


def machine(name: str) -> str:
    """What tells this making of a machine from another one."""
    return (StackNames(OWN).machine(name).folder / "mark.json").read_text()


@pytest.fixture
def waiting(lab: Lab, back1_away: None) -> str:
    """A message for a mailbox on back1 waits in the queue of front2."""
    del back1_away
    subject = clients.unique("waits")
    with by(lab, lab.fronts[1]):
        clients.submit(lab, BOB, ADA, subject)
    until(lambda: "deferred" in lab.fronts[1].run("postqueue -j"), "a message that waits")
    return subject


@pytest.fixture
def back1_away(lab: Lab) -> Iterator[None]:
    """back1 takes no mail."""
    lab.backs[0].run("systemctl stop haproxy")
    yield
    lab.backs[0].run("systemctl start haproxy")


def drain(stack: Stack, *arguments: str) -> tuple[int, str]:
    """How the playbook ends, and what it says."""
    done = stack.playbook(stack.plain_inventory(), *arguments, name="drain.yml", check=False)
    return done.returncode, " ".join(done.stdout.split())


def test_a_back_end_that_holds_mail_is_not_taken_away(lab: Lab, stack: Stack) -> None:
    subject = clients.unique("stays")
    clients.submit(lab, ADA, BOB, subject)
    with clients.imap(lab, BOB) as client:
        clients.wait_for_message(client, subject)
    before = machine("back2")
    # Bob's, and those of other tests.
    listed = lab.backs[1].run(
        "cd /srv/vmail && find . -type f -path '*/Maildir/*' '(' -path '*/cur/*' -o -path '*/new/*' ')'"
    )
    count = len({line.split("/Maildir/")[0] for line in listed.split()})
    with without(stack, "back2"):
        done = stack.up(check=False)
    holds = "1 mailbox" if count == 1 else f"{count} mailboxes"
    told = (
        f"machine back2: {holds} with mail: must hold no mail when it goes; see docs/leaving.md for how to empty it, "
        "or say MAILPAIR_LET_GO=back2 and lose that mail"
    )
    assert done.returncode != 0
    assert told in " ".join(done.stdout.split())
    target = ("--target", "**Machine::back2", "--target-dependents")
    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview", *target, check=False)
    assert destroyed.returncode != 0
    assert told in " ".join((destroyed.stdout + destroyed.stderr).split())
    assert machine("back2") == before
    with clients.imap(lab, BOB) as client:
        clients.wait_for_message(client, subject)


def test_a_front_end_is_emptied_and_then_may_go(lab: Lab, stack: Stack, waiting: str) -> None:
    front1, front2 = lab.fronts
    with without(stack, "front2"):
        refused = stack.up(check=False)
    assert refused.returncode != 0
    assert "machine front2: 1 message in the queue: must hold no mail when it goes" in " ".join(refused.stdout.split())

    with by(lab, front2), suppress(imaplib.IMAP4.abort), clients.imap(lab, BOB) as session:
        code, said = drain(stack, "--limit", "front2", "-e", "receive_connector_drain_time=2")
        with pytest.raises(imaplib.IMAP4.abort):
            session.noop()
    assert code != 0
    assert "front2: messages in the queue: 1, " in said
    assert "must be none when a front end goes; mend what they wait for and run this again" in said
    assert _closed(front2) == [*CLIENT_PORTS]  # though the queue is not empty: nothing is to be added to it
    with by(lab, front1), clients.imap(lab, BOB) as client:
        clients.ok(client.noop())

    lab.backs[0].run("systemctl start haproxy")
    assert drain(stack, "--limit", "front2")[0] == 0
    with by(lab, front1), clients.imap(lab, ADA) as client:
        clients.wait_for_message(client, waiting)
    code, said = drain(stack, "--limit", "front2")
    assert (code, "changed=0" in said) == (0, True)

    stack.playbook(stack.plain_inventory())
    with by(lab, front2), clients.imap(lab, BOB) as client:
        clients.ok(client.noop())
    assert drain(stack, "--limit", "front2")[0] == 0
    with without(stack, "front2"):
        stack.up()
        assert not StackNames(OWN).machine("front2").folder.exists()
        assert [host.name for host in stack.lab().fronts] == ["front1"]


def test_one_front_end_must_stay(stack: Stack) -> None:
    code, said = drain(stack)
    assert code != 0
    assert "one front end must stay, or clients have nowhere to go; name those that go with --limit" in said


def _closed(host: Host) -> list[int]:
    return [port for port in CLIENT_PORTS if not is_open(host.address, port)]
