"""What is found of a stack that no state knows, and whose it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pulumi_stack.errors import StackError
from pulumi_stack.platforms.nspawn import host, names, sweep
from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.process import Runner

STACK = StackNames("lab")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all stacks."""
    monkeypatch.setattr(names, "STATE", tmp_path / "state")
    return tmp_path / "state"


def test_nothing_is_left() -> None:
    assert asyncio.run(sweep.sweep(STACK, "/srv/mail", Runner())) == []


def test_machines_are_found_begun_whole_and_half_removed() -> None:
    for name in (".front1.new", "back1", ".back2.old", "back2"):
        (STACK.state / "machines" / name).mkdir(parents=True)
    assert sweep.left_machines(STACK) == ["back1", "back2", "front1"]


def test_what_another_checkout_made_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = STACK.machine("front1").folder
    host.make_marked(machine, {"stack": "lab", "owner": str(tmp_path)})
    assert sweep.main("lab") == 1
    assert capsys.readouterr().err == (
        f"{machine}: '{tmp_path}': the stack lab of this checkout made it and still has it; "
        "take that stack down there, or name this stack otherwise and give it another subnet\n"
    )
    assert machine.exists()
    with pytest.raises(StackError):
        asyncio.run(sweep.sweep(STACK, "/srv/mail", Runner()))
