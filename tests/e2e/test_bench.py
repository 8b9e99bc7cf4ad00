"""The benchmark works, with small numbers; and a back end has room for many sessions at once.

``MAILPAIR_E2E_SESSIONS`` is how many; more than a thousand are needed to see limits that Dovecot has by itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench import pair, rollout
from bench.changes import ADDRESS, BY_ITSELF
from bench.figures import as_json, table
from bench.many import ADDED
from bench.pair import PARTS, Pair, Sizes
from mailpair.state import SiteState
from tests.e2e.support.stack import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

SESSIONS = int(os.environ.get("MAILPAIR_E2E_SESSIONS", "1100"))
# Rivals that are compared say in the journal what they lack.
PROVOKED = (" perdition[", " mailpair-bench[")
SIZES = Sizes(
    rounds=2,
    messages=2,
    requests=2,
    bursts=1,
    fetches=1,
    large=100_000,
    sessions=SESSIONS,
    turns=2,
    submissions=10,
    arrivals=2,
    mailboxes=300,
)


@pytest.fixture(scope="module")
def measured(lab: Lab, stack: Stack) -> Iterator[Pair]:
    """The pair, configured for measurements."""
    people = pair.prepare(stack.site_dir, SIZES)
    inventory = stack.folder / "bench.pulumi_stack.yml"
    rollout.write_inventory(inventory, PROGRAM)
    stack.playbook(inventory)

    def playbook(name: str, heard: Callable[[str], object] = str) -> str:
        command = f"{rollout.ALL_TASKS} ansible-playbook playbooks/{name} -i {inventory}"
        printed = stack.run("env", *command.split()).stdout
        for line in printed.splitlines():
            heard(line)
        return printed

    yield Pair(lab, people, playbook)
    stack.restore()
    state = SiteState(stack.site_dir)
    for each in people:
        state.hash_file(each.address).unlink()
    for added in (ADDRESS, BY_ITSELF, *ADDED):
        state.hash_file(added).unlink(missing_ok=True)
        state.password_file(added).unlink(missing_ok=True)
    stack.up()


@pytest.mark.parametrize("part", [name for name in PARTS if name != "sessions"])
def test_a_part_has_figures_of_what_it_measures(measured: Pair, part: str) -> None:
    figures = PARTS[part](measured, SIZES)
    assert all(each.value > 0 for each in figures), table(figures)
    assert len({each["name"] for each in as_json(figures)}) == len(figures) >= 2


def test_sessions_are_held_and_answer_and_the_back_end_has_room_for_them(measured: Pair) -> None:
    figures = {each.name: each for each in PARTS["sessions"](measured, SIZES)}
    held, unanswered = figures["sessions held at once"], figures["sessions that gave no answer at the end"]
    assert (held.value, unanswered.value) == (SESSIONS, 0), held.note
    complaints = figures[f"complaints of {measured.lab.back.name} meanwhile"]
    assert complaints.value == 0, complaints.note
    for host in measured.lab.hosts:
        assert figures[f"memory of an idle session, {host.name}"].value > 0
