"""Renewals that go wrong: what was served goes on being served, somebody is told, and the next run completes it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.issuing import TLS, Issued, in_place, issue, site_ca
from tests.e2e.support.wait import until

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

# What systemd rightly says while these tests run.
PROVOKED = ("Failed to start mailpair-renewal.service",)


def late(lab: Lab) -> Issued:
    """A certificate that is still good and has to be renewed now."""
    return issue(site_ca(lab.state.certificate_authority()), *NAMES, left=3, life=30)


def on_wire(lab: Lab) -> str:
    """The serial number that IMAP's clients are shown."""
    return lab.front.run(
        f"openssl s_client -connect {lab.front.address}:993 -servername {clients.PUBLIC_NAME} </dev/null 2>/dev/null"
        " | openssl x509 -noout -serial"
    ).strip()


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
    assert lab.front.run(f"openssl x509 -noout -serial -in {TLS}/{SERVED}.pem").strip() == on_wire(lab)
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


def test_a_run_that_is_killed_anywhere_is_completed_by_the_next(lab: Lab) -> None:
    with clients.imap(lab, BOB) as session:
        for hundredths in range(5, 100, 8):
            lab.front.run(f"timeout -s KILL 0.{hundredths:02} mailpair-renew --force {SERVED}", check=False)
            with clients.imap(lab, BOB):
                pass
        clients.ok(session.noop())
    assert renews(lab)
    is_whole(lab)


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
