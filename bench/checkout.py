"""A copy of this checkout with a stack of its own, used through the verbs and commands that people type."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Two checkouts can be measured at a time, where each has a stack and a network of its own.
STACK = os.environ.get("MAILPAIR_BENCH_STACK", "bench")
SUBNET = os.environ.get("MAILPAIR_BENCH_SUBNET", "10.217.0.0/24")

# Variables of an activated checkout and of a make that runs this; a fresh shell has none of them.
OURS = ("ANSIBLE_", "ARGS", "MAILPAIR_", "MAKE", "MOLECULE_", "PULUMI_", "STACK", "VIRTUAL_ENV")


class Checkout:
    """The copy; what it runs sees a fresh environment and the given cache."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """``folder`` is made; what Git knows of this checkout is copied into it."""
        self.folder = folder
        self.cache = cache
        self.servers: tuple[tuple[str, str], ...] = ()  # names and roles; empty: the pair that is there by itself
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)

    def make(self, verb: str, *, configure: bool = True) -> float:
        """Seconds that a verb takes; ``configure`` is the stack's setting of that name."""
        settings = (
            f"--config-path --config mailpair:subnet={SUBNET} --config mailpair:configure={str(configure).lower()}"
        )
        for index, (name, role) in enumerate(self.servers):
            at = f"mailpair:servers[{index}]"
            settings += f" --config {at}.name={name} --config {at}.role={role}"
        command = ["make", "--no-print-directory", verb, f"STACK={STACK}"]
        return self.time([*command, f"ARGS={settings}"] if verb == "up" else command)

    def activated(self, command: str) -> float:
        """Seconds that a shell command takes in an activated environment; activating is not counted."""
        activating = self.time(["bash", "-c", "source tools/activate"])
        return self.time(["bash", "-c", f"source tools/activate && {command}"]) - activating

    def printed(self, command: str, heard: Callable[[str], object] = str) -> str:
        """What a shell command prints in an activated environment; ``heard`` gets each line as it comes."""
        return self._run(["bash", "-c", f"source tools/activate && {command}"], heard)

    def time(self, command: list[str]) -> float:
        """Seconds that a command takes."""
        start = time.perf_counter()
        self._run(command)
        return time.perf_counter() - start

    def outputs(self) -> Any:
        """What the stack exports."""
        return json.loads(self.printed(f"pulumi stack output --json --stack {STACK} --cwd pulumi_stack"))

    def _run(self, command: list[str], heard: Callable[[str], object] = str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        path = [each for each in os.get_exec_path() if not Path(each).is_relative_to(warm_cache())]
        environment = kept | {"PATH": os.pathsep.join(path), "MAILPAIR_CACHE": str(self.cache), "PULUMI_STACK": STACK}
        printed = []
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as running,
        ):
            for line in running.stdout or ():
                printed.append(line)
                heard(line)
            if running.wait() != 0:
                errors.seek(0)
                said = "".join((*printed, errors.read()))
                raise RuntimeError(f"{' '.join(command)}: ended with {running.returncode}\n{said}")
        return "".join(printed)


def warm_cache() -> Path:
    """The cache that this very environment came from."""
    return Path(sys.prefix).resolve().parents[1]
