"""The closing line and the status of a run for a clean machine, with a false `make`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, Machine

PASSED = "=================== 12 passed in 1.23s ===================="
COLOURED = (
    "\033[32m======== \033[32m\033[1m7 passed\033[0m, \033[33m1 warning\033[0m\033[32m in 0.5s\033[0m ========\033[0m"
)
MIXED = "======= 1 failed, 120 passed, 2 warnings, 1 error in 65.20s (0:01:05) ======="


@pytest.mark.parametrize(
    ("printed", "ends", "summary", "status"),
    [
        ([PASSED], 0, "12 passed, 0 failed", 0),
        ([PASSED, "something between", PASSED], 0, "24 passed, 0 failed", 0),
        ([PASSED, MIXED], 2, "132 passed, 2 failed", 2),
        ([COLOURED], 0, "7 passed, 0 failed", 0),
        (["ruff: 3 errors"], 2, "0 passed, 0 failed", 2),
    ],
)
def test_the_last_line_sums_up(
    machine: Machine, tmp_path: Path, printed: list[str], ends: int, summary: str, status: int
) -> None:
    run = tmp_path / "checkout" / ".ci" / "run"
    run.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", run)
    machine.has("mktemp", "tee")
    lines = "\n".join(f"printf '%s\\n' '{line}'" for line in printed)
    machine.pretends("make", f"[ $1 = down ] && exit\n{lines}\nexit {ends}")
    done = subprocess.run([run], check=False, env={"PATH": str(machine.folder)}, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == summary
    assert done.returncode == status
    assert machine.log == ["make test", "make down"]


def test_leaving_something_behind_is_a_failure(machine: Machine, tmp_path: Path) -> None:
    run = tmp_path / "checkout" / ".ci" / "run"
    run.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", run)
    machine.has("mktemp", "tee")
    machine.pretends("make", f"[ $1 = down ] && exit 1\necho '{PASSED}'")
    done = subprocess.run([run], check=False, env={"PATH": str(machine.folder)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "12 passed, 0 failed")


def test_what_python_compiles_is_kept_whatever_the_image_says(machine: Machine, tmp_path: Path) -> None:
    run = tmp_path / "checkout" / ".ci" / "run"
    run.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", run)
    machine.has("mktemp", "tee")
    machine.pretends("make", 'echo "forbidden: ${PYTHONDONTWRITEBYTECODE-no}"')
    environment = {"PATH": str(machine.folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([run], check=False, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "forbidden: no"
