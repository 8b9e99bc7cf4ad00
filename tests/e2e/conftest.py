"""The pair that all end-to-end tests use, the host outside, and the record of what ran.

``MAILPAIR_E2E_KEEP=1`` keeps the stack at the end, and the next run takes it up again.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support.outside import Outside, outside_host
from tests.e2e.support.processes import ProcessLog
from tests.e2e.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab

LAST = "test_traces.py"  # looks at what all others left behind
KEEP = os.environ.get("MAILPAIR_E2E_KEEP") == "1"
SUBNET = "10.215.0.0/24"
OUTSIDE = "10.215.0.200"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of traces at the end."""
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session", autouse=True)
def processes() -> Iterator[ProcessLog]:
    """Every command line from the tests' start on."""
    log = ProcessLog()
    yield log
    log.stop()


@pytest.fixture(scope="session")
def stack(processes: ProcessLog) -> Iterator[Stack]:
    """The stack e2e: a front end and a back end of its own, configured."""
    temporary = Path(tempfile.gettempdir())
    folder = temporary / "mailpair-e2e" if KEEP else Path(tempfile.mkdtemp(prefix="mailpair-e2e-"))
    stack = Stack("e2e", folder, Path(__file__).parent / "site", {"mailpair:subnet": SUBNET})
    with (temporary / "mailpair-e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # there can be one such stack on a machine at a time
        try:
            if not stack.exists:
                stack.prepare()
            stack.restore()
            stack.up()
            yield stack
        finally:
            if not KEEP and stack.exists:
                stack.destroy()


@pytest.fixture(scope="session")
def lab(stack: Stack) -> Iterator[Lab]:
    """The pair of the stack e2e, found by name as DNS would have it."""
    lab = stack.lab()
    with lab.names("mail.contoso.test"):
        yield lab


@pytest.fixture(scope="session")
def outside(lab: Lab) -> Iterator[Outside]:
    """A host in the same network that is no part of the site."""
    with outside_host("mp-e2e", OUTSIDE, 24) as host:
        yield host
