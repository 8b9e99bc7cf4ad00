"""Every name and path that a stack uses on the machine below; all follow from the stack's name alone."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pulumi_stack.errors import Problem

STATE = Path("/var/lib/mailpair")
UNITS = Path("/etc/systemd/system")

# An interface's name has 15 characters at most, and "mp-" takes three of them.
_LONGEST = 12
_PLAIN = re.compile(r"[a-z0-9](-?[a-z0-9])*")

# A host name that leaves room for the stack's in the name of the machine, which has 64 characters at most.
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
_NAME_RULE = "must be a host name: a letter first, then letters, digits and hyphens, 40 characters at most"


def slug(stack: str) -> str:
    """A stack's name as interfaces, tables and hosts can carry it: at most 12 of ``a-z``, ``0-9`` and ``-``.

    A name that fits is kept; any other is shortened and told from its like by a hash.
    """
    if len(stack) <= _LONGEST and _PLAIN.fullmatch(stack):
        return stack
    start = re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")[:5].strip("-") or "stack"
    return f"{start}-{hashlib.sha256(stack.encode()).hexdigest()[:6]}"


def name_problems(path: str, name: str) -> list[Problem]:
    """What is wrong with a machine's name."""
    return [] if _NAME.fullmatch(name) else [Problem(path, repr(name), _NAME_RULE)]


@dataclass(frozen=True, slots=True)
class StackNames:
    """The names of one stack."""

    stack: str

    @property
    def slug(self) -> str:
        """See :func:`slug`."""
        return slug(self.stack)

    @property
    def bridge(self) -> str:
        """The bridge that the machines hang on."""
        return f"mp-{self.slug}"

    @property
    def table(self) -> str:
        """The nftables table, of family ``ip``."""
        return f"mailpair-{self.slug}"

    @property
    def state(self) -> Path:
        """The folder that holds everything of the stack."""
        return STATE / self.slug

    @property
    def network(self) -> Path:
        """The folder of the network."""
        return self.state / "network"

    @property
    def network_unit(self) -> str:
        """The systemd unit that makes the network at boot."""
        return f"mailpair-{self.slug}-network.service"

    def machine(self, name: str) -> MachineNames:
        """The names of one machine."""
        return MachineNames(self, name)


@dataclass(frozen=True, slots=True)
class MachineNames:
    """The names of one machine of a stack."""

    stack: StackNames
    name: str

    @property
    def machine(self) -> str:
        """What machinectl calls it."""
        return f"{self.stack.slug}-{self.name}"

    @property
    def folder(self) -> Path:
        """The folder that holds everything of the machine."""
        return self.stack.state / "machines" / self.name

    @property
    def root(self) -> Path:
        """Its root file system."""
        return self.folder / "root"

    @property
    def console(self) -> Path:
        """What its console said, on a host without systemd (the journal has it elsewhere)."""
        return self.folder / "console.log"

    @property
    def unit(self) -> str:
        """The systemd unit that runs it."""
        return f"mailpair-{self.stack.slug}-{self.name}.service"

    @property
    def cgroup(self) -> str:
        """Its control group, on a host without systemd."""
        return f"mailpair-{self.stack.slug}-{self.name}"
