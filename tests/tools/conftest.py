"""Folders with programs, stacks of their own and machines without programs, for the tests of the tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Stack:
    """A program in a folder with a stack that only it has."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, program: str) -> None:
        """Writes the program."""
        (self.folder / "__main__.py").write_text(program)

    def pulumi(self, *arguments: str, status: int = 0) -> str:
        """What ``pulumi`` prints, both streams; the test fails if it ends with another status."""
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        """The command line for ``pulumi`` that no person is asked anything by."""
        return ["pulumi", *arguments, "--cwd", str(self.folder), "--non-interactive", "--color", "never"]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack with a program that does nothing yet."""
    folder = tmp_path / "program"
    state = tmp_path / "state"
    folder.mkdir()
    state.mkdir()
    (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "VIRTUAL_ENV"))}
    environment |= {
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    made = Stack(folder, environment)
    made.write("")
    made.pulumi("stack", "init", "test")
    return made


@dataclass
class Machine:
    """A folder with programs that stands in for PATH, and a log of what they were asked."""

    folder: Path

    @property
    def log(self) -> list[str]:
        """The command lines of the false programs, in order."""
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []

    def has(self, *programs: str) -> None:
        """Lets the machine have these programs of the real one."""
        for program in programs:
            path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
            assert path, f"this machine has no {program}"
            (self.folder / program).symlink_to(path)

    def pretends(self, program: str, script: str = "") -> None:
        """Gives the machine a false program: a script that notes how it was called first."""
        path = self.folder / program
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/bash\necho "{program} $*" >>"{self.folder}/log"\n{script}\n')
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that has what every Debian has, and nothing else."""
    folder = tmp_path / "machine"
    folder.mkdir()
    made = Machine(folder)
    made.has(
        *("awk", "base64", "bash", "cat", "chmod", "cmp", "cp", "cut", "dirname", "env", "find", "flock", "head", "id"),
        *("install", "ln", "mkdir", "mv", "readlink", "rm", "sed", "sha256sum", "sort", "touch", "wc"),
    )
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the tools alone."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
