"""A checkout of its own, in which `make` is used as a person does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stack.support.world import traces

ROOT = Path(__file__).resolve().parents[2]
STACK = "verbs"
SETTINGS = "ARGS=--config mailpair:subnet=10.219.0.0/24"


@dataclass
class Checkout:
    """A copy of what Git knows of this checkout, with the same cache."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a fresh shell has: nothing of an activated checkout."""
        cache = Path(sys.prefix).parents[1]
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "ARGS", "MAILPAIR_", "MAKE", "PULUMI_", "STACK", "VIRTUAL_ENV"))
        }
        return kept | {"MAILPAIR_CACHE": str(cache)}

    def start(self, verb: str, *arguments: str) -> subprocess.Popen[str]:
        """Starts a verb in a process group of its own, as a shell does, to be interrupted."""
        return subprocess.Popen(
            ["make", "--no-print-directory", verb, f"STACK={STACK}", *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def make(self, verb: str, *arguments: str) -> str:
        """What a verb prints on standard output; the test fails if the verb does."""
        running = self.start(verb, *arguments)
        printed, complained = running.communicate()
        assert running.returncode == 0, f"{printed}\n{complained}"
        return printed

    def up(self) -> str:
        """Brings up the stack in a network of its own."""
        return self.make("up", SETTINGS)

    def interrupt(self, running: subprocess.Popen[str], number: signal.Signals) -> None:
        """Sends a signal to all processes of a verb, as the terminal does with Ctrl-C, and waits for its end."""
        with suppress(ProcessLookupError):
            os.killpg(running.pid, number)
        running.communicate()

    def files(self) -> set[Path]:
        """All files, without what Python keeps of modules that it has loaded."""
        return {path.relative_to(self.folder) for path in self.folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """The checkout; whatever the test did, `make down` leaves nothing of it."""
    folder = tmp_path / "mailpair"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    made = Checkout(folder)
    before = made.files()
    yield made
    made.make("down")
    assert traces(STACK) == {}
    assert made.files() == before
