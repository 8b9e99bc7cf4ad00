"""Programs that are run for a stack, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_stack.errors import StackError
from pulumi_stack.process import Cancelled, Runner
from tests.e2e.support.wait import until


def test_output_comes_in_order_and_line_by_line() -> None:
    lines: list[str] = []
    result = asyncio.run(Runner().run(("sh", "-c", "cat; echo err >&2; exit 3"), stdin="in\n", on_line=lines.append))
    assert (result.code, result.output, lines) == (3, "in\nerr\n", ["in", "err"])


def test_the_tail_leaves_out_empty_lines() -> None:
    result = asyncio.run(Runner().run(("printf", "a\n\nb\n\nc\n\n")))
    assert result.tail(2) == "b\nc"


def test_a_failure_is_told_with_the_last_lines() -> None:
    with pytest.raises(StackError) as error:
        asyncio.run(Runner().check(("sh", "-c", "echo why; exit 4")))
    assert str(error.value) == "sh -c 'echo why; exit 4': exit code 4: must succeed; its last lines:\nwhy"


def test_a_missing_program_is_told() -> None:
    with pytest.raises(StackError) as error:
        asyncio.run(Runner().run(("no-such-program",)))
    assert str(error.value) == "PATH: 'no-such-program': this program must be installed; install it and run again"


def gone(process: int) -> bool:
    """Whether a process has ended; one that waits for its parent to notice has."""
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return True


# A program whose child ignores what the program itself obeys.
STUBBORN = "sh -c 'trap \"\" TERM; echo $$ > {}; while :; do sleep 0.05; done' & wait"


def test_cancel_ends_a_program_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "child"

    async def cancelled() -> None:
        runner = Runner(grace=0.1)
        task = asyncio.create_task(runner.run(("sh", "-c", STUBBORN.format(file))))
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.01)
        await runner.cancel()
        with pytest.raises(Cancelled):
            await task
        with pytest.raises(Cancelled):
            await runner.run(("true",))

    asyncio.run(cancelled())
    until(lambda: gone(int(file.read_text())), "the child ends")


def test_a_task_that_is_given_up_ends_its_program(tmp_path: Path) -> None:
    file = tmp_path / "child"

    async def given_up() -> None:
        task = asyncio.create_task(Runner().run(("sh", "-c", f"echo $$ > {file}; exec sleep 600")))
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(given_up())
    assert gone(int(file.read_text()))


def test_a_program_does_not_outlive_us(tmp_path: Path) -> None:
    file = tmp_path / "child"
    program = (
        "import asyncio\nfrom pulumi_stack.process import Runner\n"
        f"asyncio.run(Runner().run(('sh', '-c', 'echo $$ > {file}; exec sleep 600')))"
    )
    ours = subprocess.Popen([sys.executable, "-c", program])
    child = until(lambda: file.exists() and file.read_text(), "the program runs")
    os.kill(ours.pid, signal.SIGKILL)
    ours.wait()
    until(lambda: gone(int(child)), "the program ends")


def test_programs_run_beside_each_other(tmp_path: Path) -> None:
    """Each waits for what the other does."""
    wait = 'touch "$1"; until [ -e "$2" ]; do sleep 0.01; done'
    a, b = str(tmp_path / "a"), str(tmp_path / "b")

    async def both() -> list[int]:
        runner = Runner()
        results = await asyncio.gather(
            runner.run(("sh", "-c", wait, "sh", a, b)), runner.run(("sh", "-c", wait, "sh", b, a))
        )
        return [result.code for result in results]

    assert asyncio.run(both()) == [0, 0]
