"""Processes, services and whole machines are killed under load; no message that was acknowledged is lost.

``MAILPAIR_KILLS`` is how many, ``MAILPAIR_SEED`` which ones; ``make test-faults`` has 200, others each time.
"""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from pulumi_stack.platforms.nspawn import processes
from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.several.conftest import OWN
from tests.e2e.several.faults.test_killed_services import is_served
from tests.e2e.several.load import found, under_load
from tests.e2e.several.test_any_front_end import ADA, BOB
from tests.e2e.support.ports import is_open
from tests.e2e.support.wait import until
from tests.stack.support.world import children

if TYPE_CHECKING:
    import pytest

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

KILLS = int(os.environ.get("MAILPAIR_KILLS", "4"))
SEED = int(os.environ.get("MAILPAIR_SEED", "7"))
MACHINES_EACH = 8  # one kill of so many is a whole machine's
FRONT = ("dovecot", "postfix", "mailpair-sessions", "mailpair-smtp-gate", "mailpair-quota", "mailpair-inspection")
BACK = ("dovecot", "haproxy")
AT_A_TIME = 20  # deliveries of Postfix to one place (default_destination_concurrency_limit)


def kill(lab: Lab, stack: Stack, dice: random.Random) -> str:
    """Kills something and says what; a machine is started again, as its administrator would.

    Nothing where the service was not running: a former kill may have hit it, and systemd has yet to start it anew.
    """
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
    # A unit that is not running has no group, and what is without one is not its own.
    group = f'g=$(systemctl show --value --property=ControlGroup {unit}) && test -n "$g"'
    some = 'p=$(shuf -n 1 "/sys/fs/cgroup$g/cgroup.procs") && test -n "$p" && c=$(cat /proc/$p/comm)'
    if dice.randrange(2):
        end = f"systemctl kill --signal=KILL --kill-whom=all {unit} && echo all processes"
    else:
        end = 'kill -9 "$p" && echo "$c"'
    victim = host.run(f"{group} && {some} && {end} || true").strip()
    return victim and f"{host.name} {unit}: {victim}"


def test_nothing_that_was_acknowledged_is_lost(lab: Lab, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    dice, killed = random.Random(SEED), list[str]()
    with capsys.disabled():
        print(f"\nMAILPAIR_SEED={SEED} MAILPAIR_KILLS={KILLS}")  # noqa: T201 -- to have the same again
    with under_load(lab) as load:
        for _ in range(KILLS):
            what = kill(lab, stack, dice)
            if what:
                killed.append(what)
            until(lambda: is_served(lab), f"clients are served again after {killed[-1:]}")
    there = found(lab)
    lost = sorted(load.promised - there.keys())
    twice = {each: there[each] for each in load.promised if there[each] > 1}
    with capsys.disabled():
        print(  # noqa: T201
            f"{len(killed)} of {KILLS} kills hit what was running, {len(load.promised)} messages acknowledged, "
            f"{load.doubtful} not, {load.sign_ins} pairs of sessions; "
            f"lost {len(lost)}, there more than once {len(twice)}"
        )
    assert killed, "nothing that was killed was running"
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
