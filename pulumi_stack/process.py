"""Programs run for a stack, without stalling what runs beside them, and ended as a whole when it is cancelled."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pulumi_stack.errors import refuse

GRACE = 10.0  # seconds
KEPT_LINES = 4000  # of a program's output

# A program does not outlive us if we are killed: a copy that goes on writing would spoil what the next run makes.
_ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")


class Cancelled(Exception):  # noqa: N818 - it names what happened, as asyncio.CancelledError does
    """The stack's operation was cancelled by the user."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a program ended: its exit code and what it wrote (standard output and error together, in order)."""

    code: int
    output: str

    def tail(self, lines: int) -> str:
        """The last lines that say something."""
        return "\n".join([line for line in self.output.splitlines() if line.strip()][-lines:])


class Runner:
    """Runs programs, each in a process group of its own."""

    def __init__(self, grace: float = GRACE) -> None:
        """Nothing runs yet; ``grace`` are the seconds between the request to end and the order."""
        self._grace = grace
        self._groups: set[int] = set()
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called; nothing is started after that."""
        return self._cancelled

    def check_cancelled(self) -> None:
        """Raises :class:`Cancelled` once the user has cancelled."""
        if self._cancelled:
            raise Cancelled("cancelled")

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        on_line: Callable[[str], None] | None = None,
        detaching: bool = False,
    ) -> Result:
        """Runs a program to its end and returns how it ended, whatever its exit code.

        ``env`` replaces the whole environment (default: the caller's); ``on_line`` is called with each line as it is
        written. ``detaching`` spares what the program leaves running when it ends well. Raises :class:`Cancelled` after
        the user's cancel, StackError where the program is missing. The program's group is ended when the awaiting task
        is.
        """
        self.check_cancelled()
        if shutil.which(argv[0]) is None:
            raise refuse("PATH", repr(argv[0]), "this program must be installed", "install it and run again")
        process = await asyncio.create_subprocess_exec(
            *_ENDS_WITH_US,
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            limit=1 << 20,
        )
        self._groups.add(process.pid)
        try:
            if self._cancelled:  # while it was started
                await self._end(process)
            lines: deque[str] = deque(maxlen=KEPT_LINES)
            _, code = await asyncio.gather(self._talk(process, stdin, lines, on_line), process.wait())
        finally:
            if not (detaching and process.returncode == 0):
                await self._end(process)
            self._groups.discard(process.pid)
        self.check_cancelled()
        return Result(code, "".join(lines))

    async def check(self, argv: Sequence[str], *, stdin: str = "") -> str:
        """Runs a program that must succeed and returns its output; raises StackError with its last lines otherwise."""
        result = await self.run(argv, stdin=stdin)
        if result.code != 0:
            shown = shlex.join([each for each in argv if "\n" not in each])
            raise refuse(shown, f"exit code {result.code}", "must succeed", f"its last lines:\n{result.tail(20)}")
        return result.output

    async def cancel(self) -> None:
        """Ends every running program with its children and refuses to start more."""
        self._cancelled = True
        groups = set(self._groups)
        for group in groups:
            _kill(group, signal.SIGTERM)
        deadline = asyncio.get_running_loop().time() + self._grace
        while groups & self._groups and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        for group in groups & self._groups:
            _kill(group, signal.SIGKILL)

    @staticmethod
    async def _talk(
        process: asyncio.subprocess.Process, stdin: str, lines: deque[str], on_line: Callable[[str], None] | None
    ) -> None:
        """Gives a program its input and collects its output."""
        assert process.stdin is not None  # noqa: S101 - both are pipes, asked for above
        assert process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(stdin.encode())
            await process.stdin.drain()
        process.stdin.close()
        async for raw in process.stdout:
            line = raw.decode(errors="replace")
            lines.append(line)
            if on_line is not None:
                on_line(line.rstrip("\n"))

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ends a program's group, gently at first; returns when the program itself is gone."""
        if process.returncode is None:
            _kill(process.pid, signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self._grace)
        _kill(process.pid, signal.SIGKILL)
        await process.wait()


def _kill(group: int, signum: signal.Signals) -> None:
    """Signals a process group that may be gone already."""
    with suppress(ProcessLookupError):
        os.killpg(group, signum)
