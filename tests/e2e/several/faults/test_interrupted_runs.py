"""Runs are killed anywhere, under load: the service goes on, and the next run does what is left.

An eighth of ``MAILPAIR_KILLS`` is how many, ``MAILPAIR_SEED`` where; half of them are runs of Ansible's, half Pulumi's.
"""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.e2e.several.faults.test_killed_services import is_served
from tests.e2e.several.faults.test_kills_under_load import KILLS, SEED
from tests.e2e.several.load import found, under_load
from tests.e2e.several.test_any_front_end import by
from tests.e2e.support import clients
from tests.e2e.support.wait import until
from tests.stack.support.world import children

if TYPE_CHECKING:
    import subprocess

    import pytest

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

RUNS = max(2, KILLS // 8)
TASKS = 60  # in about so many that a run tells of; a run that ends before is not killed, but is none the worse


def change(stack: Stack, number: int) -> str:
    """Settings of all services on all servers change; returns what clients are greeted with."""
    banner = f"Round {number}."
    protocol = {"banner": banner, "max_command_size": 12000 + number}
    connector = {"max_recipients_per_message": 200 + number}
    settings = {"imap_settings": protocol, "pop_settings": {"banner": banner}}
    stack.edit({"mailpair_site": {**settings, "receive_connectors": {"Client Frontend": connector}}})
    return banner


def killed_after(run: subprocess.Popen[str], tasks: int) -> bool:
    """Reads until so many tasks have begun, and kills the run with all that it started; False where it had ended."""
    assert run.stdout
    for line in run.stdout:
        tasks -= "task " in line.lower() or "TASK [" in line
        if tasks <= 0:
            break
    alive = run.poll() is None
    for process in [run.pid, *children(run.pid)]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    run.communicate()
    return alive


def test_a_run_that_is_killed_hurts_nobody_and_the_next_one_completes_it(
    lab: Lab, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, killed = random.Random(SEED), list[str]()
    with under_load(lab) as load:
        for number in range(RUNS):
            change(stack, number)
            with_pulumi, tasks = number % 2 == 1, dice.randrange(1, TASKS)
            if with_pulumi:
                run = stack.start(*stack.command("up", "--yes", "--skip-preview"))
            else:
                run = stack.start("ansible-playbook", "playbooks/site.yml", "-i", str(stack.plain_inventory()))
            if killed_after(run, tasks):
                killed.append(f"{'Pulumi' if with_pulumi else 'Ansible'} after {tasks} tasks")
                if with_pulumi:
                    stack.pulumi("cancel", "--yes")  # which takes its lock away
            until(lambda: is_served(lab), f"clients are served after {killed[-1:]}")
    assert killed
    banner = change(stack, RUNS)
    stack.up()
    for front in lab.fronts:
        with by(lab, front), clients.connect_imap(lab) as client:
            assert banner.encode() in client.welcome
    again = stack.playbook(stack.inventory()).stdout
    assert "changed: [" not in again

    there = found(lab)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{', '.join(killed)}: {len(load.promised)} messages acknowledged, {load.doubtful} not, {load.sign_ins} "
            "pairs of sessions"
        )
    assert sorted(load.promised - there.keys()) == [], killed
    assert {each: there[each] for each in load.promised if there[each] > 1} == {}, killed
    assert load.refusals == []
    assert len(load.promised) > RUNS
    stack.restore()
