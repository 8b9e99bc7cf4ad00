"""Passwords are guessed: few are looked at, and owners get in all the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import NAME, SUBNET
from tests.e2e.support import clients
from tests.e2e.support.outside import Outside, outside_host
from tests.e2e.support.world import PROGRAMS
from tests.e2e.test_refusals import WRONG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

ADA, BOB, CAROL, DORA = (f"{name}@contoso.test" for name in ("ada", "bob", "carol", "dora"))
PER_PAIR, PER_CLIENT, PER_MAILBOX = 10, 100, 30
SESSIONS = 16  # of one client for one mailbox that are looked at at a time
AT_A_TIME = 50  # what programs/guess.py does
ON = {
    "web_site": {"enabled": True},
    "certificates": {"mail": {"services": ["POP", "IMAP", "SMTP", "IIS"]}},
    "wrong_passwords": {
        "per_client_and_mailbox": PER_PAIR,
        "per_client": PER_CLIENT,
        "per_mailbox": PER_MAILBOX,
    },
}
ATTACKER = str(SUBNET[140])
MANY = [str(SUBNET[number]) for number in range(150, 190)]
ANOTHER = str(SUBNET[195])

Guess = tuple[str, str, str, str]  # protocol, source, user, password


@pytest.fixture(scope="module", autouse=True)
def limits(stack: Stack, lab: Lab) -> Iterator[None]:
    """The site with limits of wrong passwords, and owners who have signed in from where the tests are."""
    stack.edit({"mailpair_site": ON})
    stack.playbook(stack.plain_inventory())
    for owner in (ADA, CAROL):
        owner_gets_in(lab, owner)
    yield
    stack.restore()


@pytest.fixture
def attacker(lab: Lab) -> Iterator[Outside]:
    """A host outside with many addresses, of which nobody has ever signed in; no guess is counted yet."""
    lab.front.run("systemctl restart mailpair-sessions")
    further = [f"{address}/{SUBNET.prefixlen}" for address in (*MANY, ANOTHER)]
    with outside_host(f"mp-{NAME}", ATTACKER, SUBNET.prefixlen, further, ending="gs") as host:
        yield host
    known = "/var/lib/mailpair-sessions"
    lab.front.run(f"systemctl stop mailpair-sessions; rm -f {known}/*; systemctl start mailpair-sessions")
    for owner in (ADA, CAROL):
        owner_gets_in(lab, owner)


def owner_gets_in(lab: Lab, owner: str) -> None:
    """An owner signs in from where they have been before."""
    with clients.imap(lab, owner) as imap:
        clients.ok(imap.noop())


def tried(lab: Lab, host: Outside, guesses: Sequence[Guess], front: Host | None = None) -> list[str]:
    """How each went, at a front end or the only one."""
    command = host.command(sys.executable, str(PROGRAMS / "guess.py"), (front or lab.front).address)
    done = subprocess.run(command, input=json.dumps(guesses), capture_output=True, text=True, check=True, timeout=500)
    found: list[str] = json.loads(done.stdout)
    return found


@contextmanager
def refusals(lab: Lab) -> Iterator[list[tuple[str, str, str]]]:
    """What was refused without a look, as the front end's journal has it: protocol, mailbox, address."""
    cursor = lab.front.run("journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p'").strip()
    found: list[tuple[str, str, str]] = []
    yield found
    said = lab.front.run(f"journalctl --quiet --output=cat --after-cursor='{cursor}' --unit=mailpair-sessions")
    found += re.findall(
        r"^(\w+): (\S*): (\S+) is refused, after too many wrong passwords or with too many at once$", said, re.MULTILINE
    )


def test_guesses_for_one_mailbox_are_held_and_its_owner_gets_in(lab: Lab, attacker: Outside) -> None:
    ways = ("imap", "pop3", "smtp", "page")
    first = {way: tried(lab, attacker, [(way, ATTACKER, ADA, WRONG)])[0] for way in ways}
    left = PER_PAIR - len(first)
    with refusals(lab) as refused:
        tried(lab, attacker, [(way, ATTACKER, ADA, WRONG) for way in ways[:3] for _ in range(10)])
        right = {way: tried(lab, attacker, [(way, ATTACKER, ADA, lab.password(ADA))])[0] for way in ways}
    # One hour's worth was looked at, over all of them together, and what was under way when that was used up. A right
    # one is answered like a wrong one then.
    assert 30 - left - SESSIONS <= len(refused) - len(right) <= 30 - left
    assert {each[1:] for each in refused} == {(ADA, ATTACKER)}
    assert right == first
    assert "in" not in right.values()

    owner_gets_in(lab, ADA)
    with clients.pop(lab, ADA) as pop:
        pop.stat()
    with clients.connect_smtp(lab) as smtp:
        assert smtp.login(ADA, lab.password(ADA))[0] == 235
    assert tried(lab, attacker, [("imap", ATTACKER, BOB, lab.password(BOB))]) == ["in"]
    assert tried(lab, attacker, [("imap", ANOTHER, ADA, lab.password(ADA))]) == ["in"]


def test_a_thousand_guesses_of_one_client_are_held(lab: Lab, attacker: Outside) -> None:
    begun = time.monotonic()
    guesses = [("imap", ATTACKER, f"user{number % 200}@contoso.test", WRONG) for number in range(1000)]
    with refusals(lab) as refused:
        assert "in" not in tried(lab, attacker, guesses)
    came_back = (time.monotonic() - begun) * PER_CLIENT / 3600
    assert PER_CLIENT <= 1000 - len(refused) <= PER_CLIENT + AT_A_TIME + came_back + 1
    assert {address for _, _, address in refused} == {ATTACKER}
    assert tried(lab, attacker, [("pop3", ATTACKER, DORA, lab.password(DORA))]) != ["in"]
    assert tried(lab, attacker, [("pop3", ANOTHER, DORA, lab.password(DORA))]) == ["in"]
    owner_gets_in(lab, ADA)


def test_one_guess_of_each_of_many_clients_is_held(lab: Lab, attacker: Outside) -> None:
    begun = time.monotonic()
    with refusals(lab) as refused:
        tried(lab, attacker, [("imap", address, CAROL, WRONG) for address in MANY])
    came_back = (time.monotonic() - begun) * PER_MAILBOX / 3600
    assert PER_MAILBOX <= len(MANY) - len(refused) <= PER_MAILBOX + came_back + 1
    assert {address for _, _, address in refused} < set(MANY)
    assert tried(lab, attacker, [("imap", ANOTHER, CAROL, lab.password(CAROL))]) != ["in"]
    assert tried(lab, attacker, [("imap", ANOTHER, BOB, lab.password(BOB))]) == ["in"]
    owner_gets_in(lab, CAROL)


def test_who_has_signed_in_before_is_known_after_a_restart(lab: Lab, attacker: Outside) -> None:
    lab.front.run("systemctl restart mailpair-sessions")
    guesses = [("imap", address, ADA, WRONG) for address in MANY]
    with refusals(lab) as refused:
        tried(lab, attacker, guesses)
    assert refused
    owner_gets_in(lab, ADA)
    modes = lab.front.run("stat -c '%a %U' /var/lib/mailpair-sessions /var/lib/mailpair-sessions/*").splitlines()
    assert modes[0] == "700 mailpair-sessions"
    assert set(modes[1:]) == {"600 mailpair-sessions"}
