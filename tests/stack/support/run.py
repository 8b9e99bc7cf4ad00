"""A stack in a folder of its own, driven through Pulumi's own command."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "pulumi_stack"
LAB = ROOT / "inventories" / "lab"
FAILED = 1  # the exit status of a Pulumi command that could not do its work


class Run:
    """A stack: its program, its state, its configuration and its copy of the lab's documents."""

    def __init__(self, name: str, folder: Path, program: Path = PROGRAM) -> None:
        """Makes the stack, without anything in it."""
        self.name, self.folder, self.program = name, folder, program
        self.site_dir = folder / "site"
        self.temporary = Path(tempfile.mkdtemp())  # a short path: SSH's sockets are in it
        self._config_file = folder / f"Pulumi.{name}.yaml"
        for each in ("state", "site"):
            (folder / each).mkdir(parents=True)
        for document in ("site.yml", "mailboxes.yml"):
            shutil.copy(LAB / document, self.site_dir)
        (folder / "passphrase").write_text(secrets.token_urlsafe(32))
        self.pulumi("stack", "init", "--no-select", name)
        shutil.move(program / self._config_file.name, self._config_file)  # the CLI leaves no choice where it goes

    @cached_property
    def environment(self) -> dict[str, str]:
        """The tests' environment, but with the stack's own state."""
        return os.environ | {
            "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "PULUMI_STACK": self.name,
            "TMPDIR": str(self.temporary),
        }

    def configure(self, **settings: Any) -> None:
        """Replaces the configuration."""
        document = yaml.safe_load(self._config_file.read_text()) or {}
        project = yaml.safe_load((self.program / "Pulumi.yaml").read_text())["name"]
        document["config"] = {f"{project}:{key}": value for key, value in settings.items()}
        self._config_file.write_text(yaml.safe_dump(document))

    def secret(self, setting: str, value: str) -> None:
        """Adds a secret to the configuration."""
        done = subprocess.run(
            self.command("config", "set", "--secret", setting),
            env=self.environment,
            input=value,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def command(self, *arguments: str) -> list[str]:
        """A command of Pulumi on the stack, which asks nothing."""
        command = ["pulumi", *arguments, "--cwd", str(self.program), "--non-interactive", "--color", "never"]
        return command if arguments[0] in ("stack", "cancel") else [*command, "--config-file", str(self._config_file)]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command, to be interrupted."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def pulumi(self, *arguments: str, status: int = 0) -> str:
        """What a command prints, both streams; the test fails if it ends with another status."""
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def up(self, status: int = 0) -> str:
        """Brings the stack up."""
        return self.pulumi("up", "--yes", "--skip-preview", status=status)

    def refresh(self) -> str:
        """Has the state compared with the world."""
        return self.pulumi("refresh", "--yes", "--skip-preview")

    def destroy(self) -> None:
        """Takes everything away, the stack too."""
        self.pulumi("destroy", "--yes", "--skip-preview")
        self.pulumi("stack", "rm", "--yes", self.name, "--preserve-config")
        shutil.rmtree(self.temporary)

    def export(self) -> str:
        """The whole state, as Pulumi keeps it."""
        return self.pulumi("stack", "export")

    def outputs(self, kind: str) -> Mapping[str, dict[str, Any]]:
        """The outputs of all resources of a kind (``Machine``), by name."""
        resources = json.loads(self.export())["deployment"].get("resources", [])
        return {
            each["urn"].rpartition("::")[2]: each["outputs"]
            for each in resources
            if each["type"] == f"mailpair:index:{kind}"
        }

    def output(self, name: str) -> Any:
        """One of the program's own outputs."""
        return json.loads(self.pulumi("stack", "output", "--json"))[name]


def unchanged(output: str) -> bool:
    """Whether what ``pulumi up`` printed says that nothing was changed."""
    summary = output.partition("Resources:")[2].splitlines()
    return [line.split()[1] for line in summary if len(line.split()) == 2 and "Duration" not in line] == ["unchanged"]
