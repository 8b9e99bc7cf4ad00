"""A site with two front ends and two back ends, beside the pair of all other tests; ../conftest.py has its switches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.conftest import KEEP, NAME, SUBNET
from tests.e2e.support.outside import Outside, outside_host
from tests.e2e.support.stack import Stack, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.processes import ProcessLog

OWN = f"{NAME}-4"
OWN_SUBNET = type(SUBNET)((int(SUBNET.broadcast_address) + 1, SUBNET.prefixlen))
ROLES = {"front1": "client_access", "front2": "client_access", "back1": "mailbox", "back2": "mailbox"}
SERVERS = [{"name": name, "role": role} for name, role in ROLES.items()]


@pytest.fixture(scope="session")
def stack(processes: ProcessLog) -> Iterator[Stack]:
    """Four servers of these tests' own, configured."""
    config = {"mailpair:subnet": str(OWN_SUBNET), "mailpair:servers": SERVERS}
    with made(OWN, Path(__file__).parent / "site", config, keep=KEEP) as stack:
        yield stack


@pytest.fixture(scope="session")
def lab(stack: Stack) -> Lab:
    """The servers of that stack."""
    return stack.lab()


@pytest.fixture(autouse=True)
def names(lab: Lab) -> Iterator[None]:
    """The site's public name has the addresses of both front ends, as DNS would have it.

    For one test at a time: the pair of all other tests has the same names.
    """
    with lab.names("mail.contoso.test"):
        yield


@pytest.fixture(scope="session")
def outside(lab: Lab) -> Iterator[Outside]:
    """A host in the same network that is no part of the site."""
    with outside_host(StackNames(OWN).bridge, str(OWN_SUBNET[200]), OWN_SUBNET.prefixlen) as host:
        yield host
