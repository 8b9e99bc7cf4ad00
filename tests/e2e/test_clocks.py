"""Clocks that are off: what happens to certificates then, and that somebody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.issuing import TLS, in_place, issue, site_ca

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

APT = "DEBIAN_FRONTEND=noninteractive apt-get -q -y"
LATE_PYTHON = "/root/python-a-day-late"
SERVED = "mail"  # the certificate that clients see
RELOAD = "systemctl reload dovecot postfix"


@pytest.fixture(scope="module")
def late(lab: Lab, stack: Stack) -> Iterator[None]:
    """A front end with libfaketime, a Python that lives a day late, and a certificate made a moment ago."""
    stack.settle()
    lab.front.run(f"apt-get -q update && {APT} --no-install-recommends install faketime")
    lab.front.run(
        f"cat > {LATE_PYTHON} && chmod 755 {LATE_PYTHON}", stdin='#!/bin/sh\nexec faketime -f -1d python3 "$@"\n'
    )
    # Backdated by an hour, as the site's CA does.
    fresh = issue(
        site_ca(lab.state.certificate_authority()), clients.PUBLIC_NAME, lab.front.fqdn, left=30 - 1 / 24, life=30
    )
    with in_place(lab.front, SERVED, fresh, RELOAD):
        yield
    lab.front.run(f"rm {LATE_PYTHON}; {APT} purge faketime libfaketime")


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize(
    ("clock", "answer"),
    [
        ("-50m", "Verify return code: 0 (ok)"),
        ("-1d", "Verify return code: 9 (certificate is not yet valid)"),
        ("+31d", "Verify return code: 10 (certificate has expired)"),
    ],
)
def test_what_is_made_now_is_taken_by_clocks_that_are_up_to_an_hour_late(lab: Lab, clock: str, answer: str) -> None:
    command = (
        f"openssl s_client -connect {lab.front.address}:993 -servername {clients.PUBLIC_NAME} -CAfile {TLS}/ca.pem"
    )
    assert answer in lab.front.run(f"faketime -f {clock} {command} </dev/null 2>&1", check=False)


@pytest.mark.usefixtures("late")
def test_a_host_that_is_a_day_late_is_named(stack: Stack) -> None:
    done = stack.playbook(
        stack.inventory(),
        *("-e", f"ansible_python_interpreter={LATE_PYTHON}", "--limit", "front1"),
        name="certificates.yml",
        check=False,
    )
    assert done.returncode == 2
    lines = [line for line in done.stdout.splitlines() if line.startswith("error: front1 ")]
    (clock,) = [line for line in lines if line.startswith("error: front1 clock: ")]
    assert ", 24 h 0 min behind: must be within a minute of the controller's, which says " in clock
    (begun,) = [line for line in lines if line.startswith(f"error: front1 {TLS}/{SERVED}.pem: ")]
    assert ": must be valid by the host's clock, which says " in begun
