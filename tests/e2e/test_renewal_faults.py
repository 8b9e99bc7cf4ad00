"""Renewals that go wrong: what was served goes on being served, somebody is told, and the next run completes it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.issuing import TLS, Issued, in_place, issue, site_ca
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import other_authority, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab

BOB = "bob@contoso.test"
NAMES = (clients.PUBLIC_NAME, "front1.contoso.test")
SERVED = "mail"  # the certificate that clients see
UNIT = "mailpair-renewal.service"
METRICS = "/var/lib/prometheus/node-exporter/mailpair_certificates.prom"
RELOAD = "systemctl reload dovecot postfix"
PAIRS = f"{TLS}/pairs"

# What systemd and a front end rightly say while these tests run.
PROVOKED = ("Failed to start mailpair-renewal.service", "SSL routines::tlsv1 alert unknown ca: SSL alert number")

# Run on a host: a renewal that is killed before one of its steps of some kinds.
KILLED = """
import os, signal, sys
sys.path.insert(0, "/usr/local/lib/mailpair")
from renewal.__main__ import main
left, kinds = int(sys.argv[1]), sys.argv[2:]
def step(event, arguments):
    global left
    kind = "reload" if event == "subprocess.Popen" and "reload" in arguments[1] else event
    if kind in kinds:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(step)
sys.exit(main([]))
"""


def late(lab: Lab) -> Issued:
    """A certificate that is still good and has to be renewed now."""
    return issue(site_ca(lab.state.certificate_authority()), *NAMES, left=3, life=30)


def on_wire(lab: Lab) -> str:
    """The serial number that IMAP's clients are shown."""
    return lab.front.run(
        f"openssl s_client -connect {lab.front.address}:993 -servername {clients.PUBLIC_NAME} </dev/null 2>/dev/null"
        " | openssl x509 -noout -serial"
    ).strip()


def of_disk(lab: Lab, name: str = SERVED) -> str:
    """The serial number of the certificate on the disk."""
    return lab.front.run(f"openssl x509 -noout -serial -in {TLS}/{name}.pem").strip()


def renews(lab: Lab) -> bool:
    """Whether a run by systemd finds everything in order; the unit is failed where it does not."""
    lab.front.run(f"systemctl start {UNIT}", check=False)
    state = lab.front.run(f"systemctl is-failed {UNIT}", check=False).strip()
    assert lab.front.run(f"grep '^mailpair_renewal_success' {METRICS}") == (
        f"mailpair_renewal_success {int(state != 'failed')}\n"
    )
    return state != "failed"


def is_whole(lab: Lab) -> None:
    """The files on the disk belong together, are what is served, and nothing is left lying about."""
    public = "openssl pkey -pubout"
    of_key = lab.front.run(f"{public} -in {TLS}/{SERVED}.key")
    assert lab.front.run(f"openssl x509 -noout -pubkey -in {TLS}/{SERVED}.pem") == of_key
    assert of_disk(lab) == on_wire(lab)
    assert lab.front.run(f"find {TLS} -name '.new-*'") == ""


@pytest.fixture
def due(lab: Lab) -> Iterator[str]:
    """The serial number of what is served, which is to be renewed; all is well again in the end."""
    with in_place(lab.front, SERVED, late(lab), RELOAD):
        yield until(lambda: on_wire(lab), "a certificate")
    assert renews(lab)


@contextmanager
def full_disk(lab: Lab) -> Iterator[None]:
    """A disk of its own, without room, where pairs are laid out."""
    lab.front.run(
        f"set -e; mount -t tmpfs -o size=256k tmpfs /mnt; cp -a {PAIRS}/. /mnt/; mount --move /mnt {PAIRS} 2>/dev/null"
        f" || {{ mount --bind /mnt {PAIRS}; umount /mnt; }}; cat /dev/zero > {PAIRS}/filler 2>/dev/null || :"
    )
    try:
        yield
    finally:
        lab.front.run(f"umount {PAIRS}")


def test_a_full_disk_leaves_what_was_served(lab: Lab, due: str) -> None:
    with clients.imap(lab, BOB) as session:
        with full_disk(lab):
            assert not renews(lab)
            said = lab.front.run(f"journalctl --quiet --output=cat --unit={UNIT} --since=-1min")
            assert re.search(rf"{SERVED}: .*, and it could not be renewed: .*No space left on device", said)
            assert on_wire(lab) == due
            lab.front.run(f"rm {PAIRS}/filler")
            assert renews(lab)
            assert on_wire(lab) != due
        clients.ok(session.noop())


@pytest.mark.usefixtures("due")
def test_what_a_run_left_half_written_is_cleared_away(lab: Lab) -> None:
    lab.front.run(
        f"mkdir {PAIRS}/.new-half && head -c 300 {TLS}/{SERVED}.pem > {PAIRS}/.new-half/chain.pem"
        f" && ln -s nowhere {PAIRS}/.new-{SERVED}"
    )
    assert renews(lab)
    is_whole(lab)


def killed(lab: Lab, step: int, *kinds: str) -> bool:
    """Whether a run was killed before the so-manieth of its steps of these kinds; else it came to its end."""
    return lab.front.run(f"python3 -B - {step} {' '.join(kinds)}; echo $?", stdin=KILLED).endswith("137\n")


def put_late(lab: Lab) -> str:
    """Has a certificate served that is due, in the files that a renewal left; its serial number."""
    made = late(lab)
    lab.front.run(f"cat > {TLS}/{SERVED}.key", stdin=made.key)
    lab.front.run(f"cat > {TLS}/{SERVED}.pem && {RELOAD}", stdin=made.certificate)
    until(lambda: on_wire(lab) == of_disk(lab), "the certificate that is late")
    return on_wire(lab)


def test_a_run_that_is_killed_anywhere_is_completed_by_the_next(lab: Lab) -> None:
    found = set()
    with clients.imap(lab, BOB) as session:
        for step in count(1):
            former = put_late(lab)
            if not killed(lab, step, "os.rename", "reload"):
                break
            found.add((of_disk(lab) == former, on_wire(lab) == former))
            assert renews(lab)
            is_whole(lab)
            assert of_disk(lab) != former
        clients.ok(session.noop())
    # It ended before the disk had the new one, between the disk and the services, and after both.
    assert found == {(True, True), (False, True), (False, False)}
    is_whole(lab)


def test_what_no_port_shows_is_loaded_by_the_next_run(lab: Lab) -> None:
    """Back ends alone see what a front end shows them, so it can't ask its own ports whether that is the new one."""
    stranger = issue(site_ca(other_authority()), lab.front.fqdn, usage="client")
    with in_place(lab.front, "peer", stranger, RELOAD):
        until(lambda: all(says(lab)), "nobody gets in")
        former = of_disk(lab, "peer")
        assert killed(lab, 1, "reload")
        assert of_disk(lab, "peer") != former
        assert all(says(lab))
        assert renews(lab)
        until(lambda: says(lab) == ("", ""), "logins")


def test_a_service_that_does_not_load_what_was_renewed_raises_an_alarm(lab: Lab, due: str) -> None:
    drop_in = "/run/systemd/system/dovecot.service.d"
    lab.front.run(
        f"mkdir -p {drop_in} && cat > {drop_in}/deaf.conf && systemctl daemon-reload",
        stdin="[Service]\nExecReload=\nExecReload=/bin/true\n",
    )
    try:
        assert not renews(lab)
        assert on_wire(lab) == due
        assert f'mailpair_certificate_served{{name="{SERVED}"}} 0' in lab.front.run(f"cat {METRICS}")
    finally:
        lab.front.run(f"rm -r {drop_in} && systemctl daemon-reload")
    assert renews(lab)
    assert on_wire(lab) != due
    assert f'mailpair_certificate_served{{name="{SERVED}"}} 1' in lab.front.run(f"cat {METRICS}")
