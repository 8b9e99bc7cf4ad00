"""What a host looks like, so that two looks can be compared, and what a run of a tool says it changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.e2e.support.lab import Host

# Every file below /etc with its content, rights and times; whether services were started or reloaded; the firewall.
LOOK = r"""
cd / && find etc -xdev -type f -exec sha256sum {} + | sort
find etc -xdev -printf '%p %y %m %u %g %T@ %l\n' | sort
systemctl show --property=Id,MainPID,ActiveState,ExecMainStartTimestampMonotonic,StateChangeTimestampMonotonic \
    dovecot.service postfix.service mailpair-firewall.service
nft --stateless list ruleset
"""


def look(hosts: Iterable[Host]) -> dict[str, list[str]]:
    """What the hosts look like now, by host, one fact a line."""
    return {host.name: host.run(LOOK).splitlines() for host in hosts}


def recap(output: str) -> dict[str, dict[str, int]]:
    """The closing lines of ansible-playbook: counts by host."""
    lines = re.findall(r"^(\S+)\s+: (ok=.*)$", output, re.MULTILINE)
    return {host: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}


def operations(output: str) -> dict[str, int]:
    """The closing lines of pulumi up: how many resources were created, updated, deleted or left unchanged."""
    summary = re.search(r"^Resources:\n((?: .*\n)+)", output, re.MULTILINE)
    assert summary, output
    return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", summary[1])}
