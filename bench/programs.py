"""Other software on the front end itself, beside what the site has there, for as long as it is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from tests.e2e.support.lab import Host

FOLDER = "/etc/mailpair-bench"


@dataclass(frozen=True)
class Programs:
    """What is installed and run: Debian's packages, files below FOLDER by name, and commands by their units' names.

    ``before`` are shell commands that find the files there, ``after`` such that take away what was made elsewhere.
    Clients outside reach ``ports``; ``inner`` ones are waited for as well.
    """

    packages: Sequence[str]
    files: Mapping[str, str]
    commands: Mapping[str, str]
    ports: Sequence[int]
    inner: Sequence[int] = field(default=())
    before: str = ":"
    after: str = ":"


@contextmanager
def running(front: Host, programs: Programs) -> Iterator[None]:
    """All of them, on the front end, while the context lasts."""
    install(front, programs.packages)
    front.run(f"install -d -m 0755 {FOLDER}")
    for name, content in programs.files.items():
        front.run(f"cat > {FOLDER}/{name}", stdin=content)
    ports = ", ".join(map(str, programs.ports))
    front.run(f"nft add element inet mailpair public_ports '{{ {ports} }}'")
    try:
        front.run(programs.before)
        for name, command in programs.commands.items():
            front.run(f"systemctl reset-failed {name} 2>/dev/null; systemd-run --quiet --unit {name} {command}")
        for port in (*programs.ports, *programs.inner):
            until(partial(front.run, f"ss -Hltn sport = :{port}"), f"something that listens at port {port}")
        yield
    finally:
        units = " ".join(programs.commands)
        front.run(f"systemctl stop {units} 2>/dev/null; rm -rf {FOLDER}; {programs.after}", check=False)
        front.run(f"nft delete element inet mailpair public_ports '{{ {ports} }}'")


def install(front: Host, packages: Sequence[str]) -> None:
    """Debian's packages; none of their services starts."""
    front.run(
        "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && "
        "export DEBIAN_FRONTEND=noninteractive && "
        f"{{ dpkg -s {' '.join(packages)} >/dev/null 2>&1 || {{ apt-get -qq update && "
        f"apt-get -qq install --no-install-recommends {' '.join(packages)} >/dev/null; }}; }}; "
        "code=$?; rm -f /usr/sbin/policy-rc.d; exit $code"
    )
