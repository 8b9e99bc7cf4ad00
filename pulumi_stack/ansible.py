"""How Ansible, and SSH as Ansible would use it, are called for an inventory; pure functions."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

STAMP = "/etc/mailpair/stamp"

_HEADING = re.compile(r"(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \**")


def hosts(inventory: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The hosts of an inventory as mailpair.servers.inventory renders it, with their variables."""
    for group in inventory["all"]["children"].values():
        yield from group["hosts"].items()


def playbook(inventory_file: Path, playbook_file: Path) -> Sequence[str]:
    """The command that runs a playbook; ansible-playbook is the one of the running Python's environment."""
    return (str(Path(sys.prefix) / "bin" / "ansible-playbook"), "--inventory", str(inventory_file), str(playbook_file))


def environment(checkout: Path, temporary: Path) -> dict[str, str]:
    """The environment for :func:`playbook`: the caller's, with output that can be read by a program.

    ``temporary`` is a folder of this run; Ansible's own files and SSH's shared connections go there.
    """
    return {
        **os.environ,
        "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0",
        "ANSIBLE_LOCAL_TEMP": str(temporary / "local"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(temporary / "ssh"),
        "PYTHONUNBUFFERED": "1",
    }


WARNING = "[WARNING]: "


def ends_warning(line: str) -> bool:
    """Whether a line is none that a warning goes on with: an empty one, another warning, a host's result."""
    return not line.strip() or line.startswith(WARNING) or bool(re.match(r"[a-z]+: \[", line))


def heading(line: str) -> str | None:
    """What a line of Ansible's output announces (``play ...``, ``task ...``), if it does."""
    match = _HEADING.match(line)
    return f"{match[1].lower()} {match[2]}" if match else None


def ssh(variables: Mapping[str, Any], script: str, *arguments: str, seconds: int) -> Sequence[str]:
    """The command that runs a shell script as root on a host, with positional arguments.

    ``seconds`` is the time to connect in. A user other than root gets its rights through sudo without a password.
    """
    command = shlex.join(["sh", "-c", script, "sh", *arguments])
    user = str(variables.get("ansible_user", "root"))
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={seconds}", "-o", "LogLevel=ERROR"]
    if "ansible_ssh_private_key_file" in variables:
        options += ["-i", str(variables["ansible_ssh_private_key_file"]), "-o", "IdentitiesOnly=yes"]
    options += shlex.split(str(variables.get("ansible_ssh_common_args", "")))
    return (
        "ssh",
        *options,
        "-p",
        str(variables.get("ansible_port", 22)),
        f"{user}@{variables['ansible_host']}",
        command if user == "root" else f"sudo -n {command}",
    )
