"""The pair that all end-to-end tests use, the host outside, and the record of what ran.

``MAILPAIR_E2E_KEEP=1`` keeps the stack at the end, and the next run takes it up again. ``MAILPAIR_E2E_STACK`` and
``MAILPAIR_E2E_SUBNET`` name another stack and network than e2e and 10.215.0.0/24, so that two checkouts can be tested
at a time. ``MAILPAIR_E2E_PART=1``, ``2`` or ``3`` runs a third of the files; ``make e2e`` runs all side by side.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support.outside import Outside, outside_host
from tests.e2e.support.processes import ProcessLog
from tests.e2e.support.stack import Stack, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab

# Bring documents of their own before anything else: one after another, they save the runs that put hosts back between.
OWN_DOCUMENTS = {
    "test_certificates.py",
    "test_connector_choice.py",
    "test_connector_limits.py",
    "test_dkim.py",
    "test_guessing.py",
    "test_kerberos.py",
    "test_limits.py",
    "test_live_changes.py",
    "test_mail_out.py",
    "test_portal.py",
    "test_quota.py",
    "test_renewal.py",
    "test_settings.py",
    "test_tls.py",
    "test_welcome.py",
}
LAST = "test_traces.py"  # looks at what all others left behind
AFTER = "test_power.py"  # starts servers anew, and with them the journals that the last one reads
KEEP = os.environ.get("MAILPAIR_E2E_KEEP") == "1"
NAME = os.environ.get("MAILPAIR_E2E_STACK", "e2e")
SUBNET = IPv4Network(os.environ.get("MAILPAIR_E2E_SUBNET", "10.215.0.0/24"))
OUTSIDE = str(SUBNET[200])
PART = os.environ.get("MAILPAIR_E2E_PART")
# The first begins last (see the Makefile), so it takes less time than the others; all other files are the second part.
PARTS = {
    "1": {
        "test_acme.py",
        "test_bindings.py",
        "test_certificates.py",
        "test_changes.py",
        "test_clocks.py",
        "test_connector_choice.py",
        "test_connector_limits.py",
        "test_dkim.py",
        "test_folders.py",
        "test_inventory.py",
        "test_limits.py",
        "test_live_changes.py",
        "test_looking_at_certificates.py",
        "test_mail_queue.py",
        "test_mail_submission.py",
        "test_one_mailbox.py",
        "test_renewal.py",
        "test_renewal_faults.py",
        "test_revocation.py",
        "test_welcome.py",
    },
    "3": {
        "test_abuse.py",
        "test_all_at_once.py",
        "test_any_front_end.py",
        "test_back_end_faults.py",
        "test_backup.py",
        "test_calendar.py",
        "test_full_disk.py",
        "test_fuzzing.py",
        "test_guessing.py",
        "test_health.py",
        "test_hosts.py",
        "test_injection.py",
        "test_interrupted_runs.py",
        "test_killed_services.py",
        "test_kills_under_load.py",
        "test_leaving.py",
        "test_mail_in.py",
        "test_mail_out.py",
        "test_metrics.py",
        "test_moved_clock.py",
        "test_security_upgrades.py",
        "test_slow_link.py",
        "test_upgrade.py",
        "test_virtual_address.py",
        "test_wedged_session.py",
    },
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the other parts' files, and puts the tests of traces at each end, before those of power.

    Files that bring documents of their own come one after another.
    """
    if PART:
        ours = [item for item in items if item.path.name == LAST or part(item.path.name) == PART]
        config.hook.pytest_deselected(items=[item for item in items if item not in ours])
        items[:] = ours
    items.sort(key=lambda item: (item.path.name == AFTER, item.path.name == LAST, item.path.name in OWN_DOCUMENTS))


def part(file: str) -> str:
    """The part that a file of tests is in."""
    return next((each for each, files in PARTS.items() if file in files), "2")


@pytest.fixture(scope="session", autouse=True)
def processes() -> Iterator[ProcessLog]:
    """Every command line from the tests' start on."""
    log = ProcessLog()
    yield log
    log.stop()


@pytest.fixture(scope="session")
def stack(processes: ProcessLog) -> Iterator[Stack]:
    """The tests' stack: a front end and a back end of its own, configured."""
    with made(NAME, Path(__file__).parent / "site", {"mailpair:subnet": str(SUBNET)}, keep=KEEP) as stack:
        yield stack


@pytest.fixture(scope="session")
def lab(stack: Stack) -> Iterator[Lab]:
    """The pair of that stack, found by name as DNS would have it."""
    lab = stack.lab()
    with lab.names("mail.contoso.test"):
        yield lab


@pytest.fixture(autouse=True)
def settled(request: pytest.FixtureRequest) -> None:
    """Hosts have the original documents when a test begins, where the one before put these back and left hosts to this.

    Fixtures of modules come before it. One that brings documents of its own has had its run, and then there is none
    here; one that only looks at hosts begins with :meth:`Stack.settle`.
    """
    if "stack" in request.fixturenames:
        request.getfixturevalue("stack").settle()


@pytest.fixture(scope="session")
def outside(lab: Lab) -> Iterator[Outside]:
    """A host in the same network that is no part of the site."""
    with outside_host(f"mp-{NAME}", OUTSIDE, SUBNET.prefixlen) as host:
        yield host
