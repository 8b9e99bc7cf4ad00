"""Programs run by the real engine through the language host, as people see it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, Stack

OUTPUT = """
import pulumi
pulumi.export("answer", pulumi.Config().get("answer") or "none")
pulumi.export("hidden", pulumi.Output.secret("a secret"))
"""

# Says that it runs, and never ends by itself.
ENDLESS = """
import threading
from pathlib import Path
print("running")
Path("running").touch()
threading.Event().wait()
"""


def wait_for(path: Path) -> None:
    """Returns when a file is there."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def hosts_in(folder: Path) -> list[int]:
    """The processes of language hosts that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"language_host" in (process / "cmdline").read_bytes() and (process / "cwd").readlink() == folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_for_end(processes: list[int]) -> None:
    """Returns when all these processes are gone."""
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{process}").exists() for process in processes):
        assert time.monotonic() < deadline, f"{processes} still run"
        time.sleep(0.02)


def test_a_stack_lives_from_init_to_destroy(stack: Stack) -> None:
    stack.write(OUTPUT)
    assert "+ 1 to create" in stack.pulumi("preview")
    assert "+ 1 created" in stack.pulumi("up", "--yes")
    assert json.loads(stack.pulumi("stack", "output", "--json")) == {"answer": "none", "hidden": "[secret]"}
    assert "1 unchanged" in stack.pulumi("up", "--yes")
    assert "1 unchanged" in stack.pulumi("refresh", "--yes")
    stack.pulumi("config", "set", "answer", "42")
    stack.pulumi("up", "--yes")
    assert stack.pulumi("stack", "output", "answer") == "42\n"
    assert "a secret" not in stack.pulumi("stack", "export")
    assert "- 1 deleted" in stack.pulumi("destroy", "--yes", "--remove")
    assert stack.pulumi("stack", "ls", "--json") == "[]\n"


def test_update_starts_afresh_after_the_preview(stack: Stack) -> None:
    (stack.folder / "counter.py").write_text("import itertools\nnumbers = itertools.count()\n")
    stack.write("import counter\nprint('run', next(counter.numbers))\n")
    printed = stack.pulumi("up", "--yes")
    assert "run 0" in printed
    assert "run 1" not in printed


def test_an_error_is_told_once_from_the_program_on(stack: Stack) -> None:
    stack.write("def mend():\n    raise ValueError('no glue')\n\n\nmend()\n")
    told = stack.pulumi("preview", status=1).partition("Diagnostics:\n")[2]
    folder = stack.folder
    assert told.startswith(f"""\
  pulumi:pulumi:Stack (tiny-test):
    error: Traceback (most recent call last):
      File "{folder}/__main__.py", line 5, in <module>
        mend()
""")
    assert told.count("ValueError: no glue") == 1
    assert "language_host.py" not in told
    assert "runpy" not in told


def test_an_error_for_the_user_stands_alone(stack: Stack) -> None:
    stack.write("import pulumi\nraise pulumi.RunError('site.yml: a: 1: must be 2; write 2')\n")
    assert (
        stack.pulumi("preview", status=1).partition("Diagnostics:\n")[2]
        == """\
  pulumi:pulumi:Stack (tiny-test):
    error: site.yml: a: 1: must be 2; write 2

Resources:
    + 1 to create
    1 errored

"""
    )


@pytest.mark.parametrize(
    ("ending", "status", "told"),
    [
        ("sys.exit()", 0, None),
        ("sys.exit(0)", 0, None),
        ("sys.exit(3)", 1, "error: the program ended with status 3"),
        ("sys.exit('no room left')", 1, "error: no room left"),
    ],
)
def test_a_program_may_end_early(stack: Stack, ending: str, status: int, told: str | None) -> None:
    stack.write(f"import sys\n{ending}\n")
    printed = stack.pulumi("preview", status=status)
    assert told is None or told in printed


def test_an_error_while_values_arrive_fails_the_run(stack: Stack) -> None:
    stack.write("import pulumi\npulumi.Output.from_input(1).apply(lambda value: value / 0)\n")
    told = stack.pulumi("preview", status=1).partition("Diagnostics:\n")[2]
    assert told.count("ZeroDivisionError: division by zero") == 1
    assert "invalid state" not in told


def test_options_are_refused_not_ignored(stack: Stack) -> None:
    (stack.folder / "Pulumi.yaml").write_text("name: tiny\nruntime: {name: python, options: {virtualenv: venv}}\n")
    assert (
        f"Pulumi.yaml: runtime.options: virtualenv: programs run in {sys.prefix} as it is; leave options out"
        in stack.pulumi("preview", status=1)
    )


def test_ctrl_c_ends_everything_and_says_only_that(stack: Stack) -> None:
    stack.write(ENDLESS)
    running = subprocess.Popen(
        stack.command("up", "--yes", "--skip-preview"),
        env=stack.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_for(stack.folder / "running")
    hosts = hosts_in(stack.folder)
    assert hosts
    running.send_signal(signal.SIGINT)
    printed, _ = running.communicate()
    wait_for_end(hosts)
    assert "error: update canceled" in printed
    assert "KeyboardInterrupt" not in printed
    assert "Traceback" not in printed


def test_the_host_ends_when_the_engine_is_killed(stack: Stack) -> None:
    stack.write(ENDLESS)
    with subprocess.Popen(
        stack.command("up", "--yes", "--skip-preview"), env=stack.environment, stdout=subprocess.DEVNULL
    ) as running:
        wait_for(stack.folder / "running")
        hosts = hosts_in(stack.folder)
        assert hosts
        running.kill()
    wait_for_end(hosts)


def test_packages_are_listed_and_none_is_installed(stack: Stack) -> None:
    assert "pulumi" in stack.pulumi("about")
    assert "which tools/bootstrap makes; nothing to install" in stack.pulumi("install")


def test_the_environment_is_found_without_activation(stack: Stack) -> None:
    stack.write("import pulumi, sys\npulumi.export('prefix', sys.prefix)\n")
    pulumi, host = (shutil.which(name) for name in ("pulumi", "pulumi-language-python"))
    assert pulumi
    assert host
    (stack.folder.parent / ".mailpair").mkdir()
    (stack.folder.parent / ".mailpair" / "env").symlink_to(sys.prefix)
    stack.environment["PATH"] = os.pathsep.join((str(Path(pulumi).parent), str(Path(host).parent), "/usr/bin", "/bin"))
    stack.pulumi("up", "--yes")
    assert stack.pulumi("stack", "output", "prefix") == f"{stack.folder.parent}/.mailpair/env\n"


def test_a_missing_environment_is_named(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    done = subprocess.run(
        [ROOT / "tools/engine/pulumi-language-python", "127.0.0.1:1"],
        check=False,
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"pulumi-language-python: no environment for the program in {tmp_path}: run tools/bootstrap in its checkout\n",
    )
