"""``tools/down`` takes away a stack, and never the keys and the state of one that may still stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.conftest import Machine

DESTROYS = "pulumi destroy --yes --remove --stack lab"


@pytest.fixture
def kept(machine: Machine, checkout: Path) -> list[Path]:
    """What must outlive a failure: keys, passwords and the state, in a checkout on a machine with a false Pulumi."""
    machine.has("grep")
    machine.pretends("python", f'[ "$1" != -c ] || exec {sys.executable} "$@"')
    (checkout / "pulumi_stack").mkdir()
    folders = [checkout / "inventories/lab/private", checkout / ".mailpair"]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def down(machine: Machine, checkout: Path) -> int:
    """Its exit status."""
    environment = {"PATH": str(machine.folder), "MAILPAIR_CACHE": str(checkout / "cache"), "HOME": str(checkout)}
    return subprocess.run(
        [checkout / "tools/down", "lab"], env=environment, check=False, capture_output=True
    ).returncode


def test_the_last_stack_takes_keys_and_state_with_it(machine: Machine, checkout: Path, kept: list[Path]) -> None:
    machine.pretends(
        "pulumi",
        f"""case "$1" in
            stack) [ -e {checkout}/gone ] && echo '[]' || echo '[{{"name": "lab"}}]' ;;
            destroy) [ "$MAILPAIR_LET_GO" = all ] && touch {checkout}/gone ;;
        esac""",
    )
    assert down(machine, checkout) == 0
    assert DESTROYS in machine.log
    assert [folder.exists() for folder in kept] == [False, False]


def test_another_stack_keeps_them(machine: Machine, checkout: Path, kept: list[Path]) -> None:
    machine.pretends("pulumi", """echo '[{"name": "lab2"}]'""")
    assert down(machine, checkout) == 0
    assert DESTROYS not in machine.log
    assert [folder.exists() for folder in kept] == [True, True]


def test_a_pulumi_that_fails_takes_nothing(machine: Machine, checkout: Path, kept: list[Path]) -> None:
    machine.pretends("pulumi", "exit 255")
    assert down(machine, checkout) != 0
    assert [each for each in machine.log if "sweep" in each] == []
    assert [folder.exists() for folder in kept] == [True, True]
