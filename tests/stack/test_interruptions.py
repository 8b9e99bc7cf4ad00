"""A run that is killed while it makes machines, and the next one, which finds what is left."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import Any

import pytest

from pulumi_stack.platforms.nspawn import sweep
from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.support.wait import until
from tests.stack.support.run import Run, unchanged
from tests.stack.support.world import children, processes, ssh, traces

pytestmark = pytest.mark.machines

FRONT = StackNames("fresh-test").machine("front1")


def mark() -> dict[str, Any]:
    with suppress(FileNotFoundError):
        found: dict[str, Any] = json.loads((FRONT.folder / "mark.json").read_text())
        return found
    return {}


@pytest.mark.parametrize(
    ("moment", "adopted"),
    [
        pytest.param(FRONT.root.exists, False, id="while its root is copied"),
        pytest.param(lambda: processes(f"--machine={FRONT.machine}"), True, id="while it boots"),
    ],
)
def test_a_run_that_is_killed_is_taken_up_again(fresh: Run, moment: Any, adopted: bool) -> None:
    up = fresh.start("up", "--yes", "--skip-preview")
    until(moment, "the moment comes")
    before = mark()["instance"]
    for process in [up.pid, *children(up.pid)]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    up.communicate(timeout=60)
    until(lambda: not processes(f" {FRONT.folder.parent}/"), "what copies the roots ends")
    fresh.pulumi("cancel", "--yes")
    fresh.up()
    instance = fresh.outputs("Machine")["front1"]["instance"]
    assert (instance == before) is adopted
    assert ssh(fresh.site_dir, "10.218.0.11", "cat /etc/machine-id").strip() == instance
    assert ssh(fresh.site_dir, "10.218.0.12", "hostname").strip() == "back1"
    assert sorted(each.name for each in FRONT.folder.parent.iterdir()) == ["back1", "front1"]
    assert unchanged(fresh.up())


def test_a_cancel_while_machines_are_made_ends_well(fresh: Run) -> None:
    up = fresh.start("up", "--yes", "--skip-preview")
    until(FRONT.root.exists, "the root is copied")
    up.send_signal(signal.SIGINT)
    said, _ = up.communicate(timeout=60)
    assert up.returncode != 0
    assert "Traceback" not in said
    fresh.up()
    assert ssh(fresh.site_dir, "10.218.0.11", "hostname").strip() == "front1"


def test_what_a_killed_run_left_can_be_taken_away_without_another(fresh: Run) -> None:
    up = fresh.start("up", "--yes", "--skip-preview")
    until(lambda: processes(f"--machine={FRONT.machine}"), "the machine boots")
    for process in [up.pid, *children(up.pid)]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    up.communicate(timeout=60)
    until(lambda: not processes(f" {FRONT.folder.parent}/"), "what copies the roots ends")
    fresh.pulumi("cancel", "--yes")
    fresh.pulumi("destroy", "--yes", "--skip-preview")
    assert sweep.main(fresh.name) == 0
    assert traces(fresh.name) == {}
