"""Processes, services and whole machines are killed under load; no message that was acknowledged is lost.

``MAILPAIR_KILLS`` is how many, ``MAILPAIR_SEED`` which ones; ``make test-faults`` has 200, others each time.
"""

from __future__ import annotations

import os
import random
import signal
import smtplib
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pulumi_stack.platforms.nspawn import processes
from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.several.conftest import OWN
from tests.e2e.several.faults.test_killed_services import is_served
from tests.e2e.several.test_any_front_end import ADA, BOB, STRANGER
from tests.e2e.support import clients
from tests.e2e.support.ports import is_open
from tests.e2e.support.wait import PATIENCE, until
from tests.stack.support.world import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

T = TypeVar("T")

KILLS = int(os.environ.get("MAILPAIR_KILLS", "4"))
SEED = int(os.environ.get("MAILPAIR_SEED", "7"))
MACHINES_EACH = 8  # one kill of so many is a whole machine's
FRONT = ("dovecot", "postfix", "mailpair-sessions", "mailpair-smtp-gate", "mailpair-quota")
BACK = ("dovecot", "haproxy")
AT_A_TIME = 20  # deliveries of Postfix to one place (default_destination_concurrency_limit)


@dataclass
class Load:
    """What clients do meanwhile, what they were promised, and what they were told for good."""

    lab: Lab
    promised: set[tuple[str, str]] = field(default_factory=set)  # recipient and subject, after a 250
    doubtful: int = 0  # messages that nobody said anything final about
    sign_ins: int = 0
    refusals: list[str] = field(default_factory=list)  # what would make a client give up
    stop: threading.Event = field(default_factory=threading.Event)

    def submissions(self) -> None:
        """Users send to each other."""
        for sender, recipient in self._turns((ADA, BOB), (BOB, ADA)):
            subject = clients.unique("submitted")
            self._send(recipient, subject, partial(clients.submit, self.lab, sender, recipient, subject))

    def deliveries(self) -> None:
        """Strangers send to users."""
        for recipient, front in self._turns(*((user, front) for front in self.lab.fronts for user in (ADA, BOB))):
            subject = clients.unique("delivered")
            self._send(recipient, subject, partial(deliver, front, recipient, subject))

    def sessions(self) -> None:
        """Users read, over both protocols."""
        for user in self._turns(ADA, BOB):
            try:
                with clients.imap(self.lab, user) as imap, clients.pop(self.lab, user) as pop:
                    clients.ok(imap.noop())
                    pop.noop()
                self.sign_ins += 1
            except Exception as error:  # noqa: BLE001 -- libraries have many words for a service that is not there
                if "AUTHENTICATIONFAILED" in str(error) or "[AUTH]" in str(error):
                    self.refusals.append(f"{user}: {error}")

    def _turns(self, *each: T) -> Iterator[T]:
        while not self.stop.is_set():
            yield from each

    def _send(self, recipient: str, subject: str, send: Callable[[], object]) -> None:
        try:
            send()
        except smtplib.SMTPResponseException as error:
            self.doubtful += 1
            if error.smtp_code >= 500:
                self.refusals.append(f"{recipient}: {error}")
        except (smtplib.SMTPException, OSError, AssertionError):
            self.doubtful += 1
        else:
            self.promised.add((recipient, subject))


def deliver(server: Host, recipient: str, subject: str) -> None:
    """A stranger sends a message."""
    with smtplib.SMTP(server.address, 25, timeout=PATIENCE) as client:
        client.sendmail(STRANGER, [recipient], f"From: <{STRANGER}>\r\nSubject: {subject}\r\n\r\nGood morning.\r\n")


def kill(lab: Lab, stack: Stack, dice: random.Random) -> str:
    """Kills something and says what; a machine is started again, as its administrator would."""
    host = dice.choice(lab.hosts)
    if dice.randrange(MACHINES_EACH) == 0:
        running = processes.find(StackNames(OWN).machine(host.name))
        # With its first process, nspawn's child, all others of a machine end at once.
        for process in [*(each for parent in running for each in children(parent)), *running]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        until(lambda: not is_open(host.address, 22), f"{host.name} is down")
        stack.up()
        return f"{host.name}"
    unit = dice.choice(FRONT if host in lab.fronts else BACK)
    if dice.randrange(2):
        host.run(f"systemctl kill --signal=KILL --kill-whom=all {unit}", check=False)
        return f"{host.name} {unit}"
    group = f"/sys/fs/cgroup$(systemctl show --value --property=ControlGroup {unit})/cgroup.procs"
    victim = host.run(f"p=$(shuf -n 1 {group}) && cat /proc/$p/comm && kill -9 $p", check=False)
    return f"{host.name} {unit}, its process {victim.strip()}"


def test_nothing_that_was_acknowledged_is_lost(lab: Lab, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    dice, load = random.Random(SEED), Load(lab)
    with capsys.disabled():
        print(f"\nMAILPAIR_SEED={SEED} MAILPAIR_KILLS={KILLS}")  # noqa: T201 -- to have the same again
    work = (load.submissions, load.submissions, load.deliveries, load.sessions)
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    killed = []
    try:
        for _ in range(KILLS):
            killed.append(kill(lab, stack, dice))
            until(lambda: is_served(lab), f"clients are served again after {killed[-1]}")
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    for front in lab.fronts:
        front.run("postqueue -f")
    until(lambda: all(front.run("postqueue -j") == "" for front in lab.fronts), "empty queues", 300)

    found: Counter[tuple[str, str]] = Counter()
    for user in (ADA, BOB):
        with clients.imap(lab, user) as imap:
            whole = clients.ok(imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
        for part in whole:
            if isinstance(part, tuple):
                found[user, part[1].decode().partition(":")[2].strip()] += 1
    lost = sorted(load.promised - found.keys())
    twice = {each: found[each] for each in load.promised if found[each] > 1}
    with capsys.disabled():
        print(  # noqa: T201
            f"{KILLS} kills, {len(load.promised)} messages acknowledged, {load.doubtful} not, {load.sign_ins} pairs of "
            f"sessions; lost {len(lost)}, there more than once {len(twice)}"
        )
    assert lost == [], killed
    # What was killed after a message was stored, and before that was noted, has it given again: of each front end's
    # deliveries those that were under way.
    assert len(twice) <= AT_A_TIME * len(lab.fronts) * len(killed), (twice, killed)
    assert load.refusals == []
    assert len(load.promised) > KILLS
    assert load.sign_ins > 0
    for user, host in zip((ADA, BOB), lab.backs, strict=True):
        uids = f"doveadm fetch -u {user} uid mailbox INBOX"
        before = host.run(uids)
        assert "uid: " in before
        assert host.run(f"doveadm force-resync -u {user} INBOX 2>&1") == ""
        assert host.run(uids) == before
