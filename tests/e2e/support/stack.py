"""A stack of the tests' own, made with the same commands that a user types."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from mailpair.state import SiteState
from tests.e2e.support.lab import Lab

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "pulumi_stack"


class Stack:
    """A Pulumi stack whose state, configuration and site documents are all in one folder."""

    def __init__(self, name: str, folder: Path, documents: Path, config: dict[str, Any]) -> None:
        """``documents`` holds site.yml and mailboxes.yml, which are copied; ``config`` is the stack's configuration."""
        self.name = name
        self.folder = folder
        self.site_dir = folder / "site"
        self.documents = documents
        self.config = {"mailpair:site": str(self.site_dir), **config}
        # The documents that Pulumi last applied, None before it has, and those that hosts have; empty where unknown. A
        # run without Pulumi tells it nothing, and then it finds nothing to do where documents are back.
        self._known: str | None = None
        self._applied = ""

    @cached_property
    def environment(self) -> dict[str, str]:
        """What the commands see: the stack's own state and passphrase."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_CONFIG_PASSPHRASE")}
        return kept | {
            "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "PULUMI_STACK": self.name,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
        }

    @property
    def exists(self) -> bool:
        """Whether an earlier run has left the stack in its folder."""
        return self._config_file.exists()

    def prepare(self) -> None:
        """Makes the folder with everything that the first ``pulumi up`` needs."""
        for name in ("state", "site"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.restore()
        # Those who must never get in have a password as well: it is not for want of one that they are refused.
        for address in yaml.safe_load((self.site_dir / "mailboxes.yml").read_text())["mailpair_mailboxes"]:
            SiteState(self.site_dir).ensure_password(address)
        passphrase = self.folder / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text(secrets.token_urlsafe(32))
        self.pulumi("stack", "init", "--no-select", self.name)
        shutil.move(PROGRAM / self._config_file.name, self._config_file)  # the CLI leaves no choice where it goes
        settings = {"config": self.config, **yaml.safe_load(self._config_file.read_text())}
        self._config_file.write_text(yaml.safe_dump(settings))

    @property
    def _config_file(self) -> Path:
        return self.folder / f"Pulumi.{self.name}.yaml"

    def restore(self) -> None:
        """Puts the documents back as they were at the start; hosts follow with a run, at the latest :meth:`settle`."""
        for name in ("site.yml", "mailboxes.yml"):
            shutil.copyfile(self.documents / name, self.site_dir / name)

    def settle(self) -> None:
        """Brings hosts the original documents where these were put back since the last run, or a run failed before."""
        original = self._said(self.documents)
        if self._said(self.site_dir) == original:
            if self._known != original:
                self.up()
            if self._applied != original:
                self.playbook(self.plain_inventory())

    @staticmethod
    def _said(folder: Path) -> str:
        return "".join((folder / name).read_text() for name in ("site.yml", "mailboxes.yml"))

    def edit(self, change: dict[str, Any], document: str = "site.yml") -> None:
        """Lays changes over one of the original documents; mappings are merged, everything else is replaced."""
        whole = yaml.safe_load((self.documents / document).read_text())
        (self.site_dir / document).write_text(yaml.safe_dump(merged(whole, change)))

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs the Pulumi CLI on the stack."""
        return self.run(*self.command(*arguments), check=check)

    def command(self, *arguments: str) -> list[str]:
        """The Pulumi CLI's command line."""
        command = ["pulumi", *arguments, "--cwd", str(PROGRAM), "--non-interactive", "--color", "never"]
        if arguments[0] not in {"stack", "cancel"}:
            command += ["--config-file", str(self._config_file)]
        return command

    def up(self, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``pulumi up``, without questions."""
        known, applied, said = self._known, self._applied, self._said(self.site_dir)
        self._known = self._applied = ""
        done = self.pulumi("up", "--yes", "--skip-preview", check=check)
        if done.returncode == 0:
            self._known = said
            # It has run the playbook where it knew other documents; where these, or not known which, it need not have.
            self._applied = applied if known in {"", said} else said
        return done

    def destroy(self) -> None:
        """``pulumi destroy``, then the stack itself and its folder."""
        self.run("env", "MAILPAIR_LET_GO=all", *self.command("destroy", "--yes", "--skip-preview"))
        self.pulumi("stack", "rm", "--yes", self.name, "--preserve-config")
        shutil.rmtree(self.folder)

    def playbook(
        self, inventory: Path, *arguments: str, name: str = "site.yml", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """``ansible-playbook playbooks/NAME -i INVENTORY``, from the checkout."""
        command = ["ansible-playbook", f"playbooks/{name}", "-i", str(inventory), *arguments]
        said = self._said(self.site_dir)
        if name == "site.yml" and "--check" not in arguments:
            self._applied = ""
        done = self.run(*command, check=check)
        if name == "site.yml" and not arguments and done.returncode == 0:
            self._applied = said
        return done

    def inventory(self) -> Path:
        """An inventory file for the plugin pulumi_stack."""
        file = self.folder / "e2e.pulumi_stack.yml"
        file.write_text(yaml.safe_dump({"plugin": "mailpair.mail.pulumi_stack", "project_dir": str(PROGRAM)}))
        return file

    def plain_inventory(self) -> Path:
        """An inventory as somebody writes it by hand for servers that exist."""
        lab = self.lab()
        options = f"-o UserKnownHostsFile={lab.state.known_hosts} -o StrictHostKeyChecking=yes"
        children = {
            group: {
                "hosts": {
                    host.name: {"ansible_host": host.address, "mailpair_addresses": list(host.addresses)}
                    for host in hosts
                }
            }
            for group, hosts in (("client_access", lab.fronts), ("mailbox", lab.backs))
        }
        variables = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(lab.state.ssh_key),
            "ansible_ssh_common_args": options,
        }
        file = self.site_dir / "hosts.yml"
        file.write_text(yaml.safe_dump({"all": {"children": children, "vars": variables}}))
        return file

    def outputs(self) -> Any:
        """What the stack exports."""
        return json.loads(self.pulumi("stack", "output", "--json").stdout)

    def lab(self) -> Lab:
        """The pair as the stack's outputs describe it now."""
        return Lab(self.outputs(), self.site_dir)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Starts a command as :meth:`run` runs it, with both outputs in one, in a process group of its own."""
        self._known = self._applied = ""  # it may be anything
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command at the checkout's root, in the stack's environment."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done


@contextmanager
def made(name: str, documents: Path, config: dict[str, Any], *, keep: bool) -> Iterator[Stack]:
    """A stack of this name, made and configured, while the context lasts; ``keep`` leaves it for the next run."""
    temporary = Path(tempfile.gettempdir())
    folder = temporary / f"mailpair-{name}" if keep else Path(tempfile.mkdtemp(prefix=f"mailpair-{name}-"))
    stack = Stack(name, folder, documents, config)
    with (temporary / f"mailpair-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # there can be one such stack on a machine at a time
        try:
            if not stack.exists:
                stack.prepare()
            stack.restore()
            stack.up()
            yield stack
        finally:
            if not keep and stack.exists:
                stack.destroy()


def merged(whole: Any, change: Any) -> Any:
    """A document with changes laid over it."""
    if isinstance(whole, dict) and isinstance(change, dict):
        return {**whole, **{key: merged(whole.get(key), value) for key, value in change.items()}}
    return change
