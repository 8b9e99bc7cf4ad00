"""Whether a front end has computed a hash, seen by the memory that Argon2id takes and not by time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

MEMORY = 19456  # KiB that one hash takes, by OWASP's parameters; a process without one was seen at 5424


def _peaks(lab: Lab) -> dict[str, int]:
    """The most memory (KiB) that each process which checks passwords has had, by its id."""
    seen = lab.front.run("for p in $(pgrep -f '^dovecot/auth -w'); do echo $p $(grep VmHWM /proc/$p/status); done")
    return {pid: int(peak) for pid, peak in re.findall(r"^(\d+) VmHWM: (\d+) kB$", seen, re.MULTILINE)}


def forget(lab: Lab) -> None:
    """Let new processes check passwords, which have computed no hash; Postfix is told too, or would keep an old one."""
    old = set(_peaks(lab))
    lab.front.run("doveadm reload && postfix reload")
    until(lambda: not old & set(_peaks(lab)), "the end of processes that have checked passwords")


def computed(lab: Lab) -> bool:
    """Whether a hash was computed since they are new."""
    return any(peak >= MEMORY for peak in _peaks(lab).values())
