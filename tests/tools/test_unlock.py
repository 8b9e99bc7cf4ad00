"""Which locks of a stack are dropped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, Stack
from tools.unlock import backend_folder, helpers, is_running, stale_locks, wait_for_end


def lock(folder: Path, name: str, process: int, host: str = socket.gethostname()) -> Path:
    """A lock as Pulumi writes it."""
    path = folder / ".pulumi/locks/organization/mailpair" / name / f"{process}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"pid": process, "username": "root", "hostname": host, "timestamp": ""}))
    path.with_name(f"{path.name}.attrs").write_text("{}")
    return path


def test_only_locks_of_this_machine_whose_run_is_gone_are_stale(tmp_path: Path) -> None:
    gone = lock(tmp_path, "gone", 2**22 + 1)  # beyond the highest id there is
    taken_over = lock(tmp_path, "taken-over", os.getpid())  # a process lives, but it is not Pulumi
    lock(tmp_path, "elsewhere", 2**22 + 1, host="another")
    assert stale_locks(tmp_path) == [gone, taken_over]


def test_no_state_has_no_locks(tmp_path: Path) -> None:
    assert stale_locks(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("url", "folder"),
    [("file:///srv/state", Path("/srv/state")), ("file://~", None), ("s3://bucket", None), ("", None)],
)
def test_only_local_folders_are_looked_at(url: str, folder: Path | None) -> None:
    assert backend_folder(url) == folder


def test_a_killed_run_is_simply_run_again(stack: Stack) -> None:
    running = stack.folder / "running"
    stack.write("from pathlib import Path\nimport threading\nPath('running').touch()\nthreading.Event().wait()\n")
    with subprocess.Popen(
        stack.command("up", "--yes", "--skip-preview"), env=stack.environment, stdout=subprocess.DEVNULL
    ) as first:
        until(running.exists)
        assert is_running(first.pid)
        unlock(stack)
        locks = stack.folder.parent / "state/.pulumi/locks"
        assert list(locks.rglob("*.json"))  # a run that lives keeps its lock
        first.send_signal(signal.SIGKILL)
    stack.write("")
    assert "the stack is currently locked" in stack.pulumi("up", "--yes", status=1)
    assert unlock(stack).startswith("dropping the lock of a run that was interrupted: ")
    stack.pulumi("up", "--yes")


def test_a_run_that_has_ended_but_was_not_noticed_is_gone(tmp_path: Path) -> None:
    false = tmp_path / "pulumi"
    false.write_text("#!/bin/sh\nread line\n")
    false.chmod(0o755)
    with subprocess.Popen([false], stdin=subprocess.PIPE) as ended:
        until(lambda: is_running(ended.pid))
        ended.kill()
        until(lambda: not is_running(ended.pid))
        assert Path(f"/proc/{ended.pid}").exists()


def test_helpers_of_a_killed_run_are_waited_for(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    helper = [str(python), "-c", "import sys; sys.stdin.read()", "tools.language_host"]
    with subprocess.Popen(helper, stdin=subprocess.PIPE) as left:
        until(lambda: helpers(python) == [left.pid])
        assert wait_for_end(python, 0.1) == [left.pid]
        threading.Timer(0.2, left.communicate).start()
        assert wait_for_end(python, 60) == []
    other = tmp_path / "other"
    other.symlink_to(sys.executable)
    assert helpers(other) == []


def until(condition: Callable[[], bool]) -> None:
    """Returns when a condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def unlock(stack: Stack) -> str:
    """What the tool prints."""
    return subprocess.run(
        [sys.executable, ROOT / "tools/unlock.py"], check=True, env=stack.environment, capture_output=True, text=True
    ).stdout
