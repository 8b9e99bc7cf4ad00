"""Back ends whose certificates are not good: clients are told to come back, mail waits, and nothing is sent."""

from __future__ import annotations

import imaplib
import poplib
import shlex
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailpair.authority import CertificateAuthority, make_key
from tests.e2e.support import clients
from tests.e2e.support.issuing import Issued, issue, peer_ca, site_ca
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab

BOB = "bob@contoso.test"
BOUNCE = "Undelivered Mail Returned to Sender"
PORTS = ("1993", "1995", "24")
PROGRAM = (Path(__file__).parent / "outside" / "stand_in.py").read_text()
UNIT = "mailpair-stand-in"

# What a front end rightly complains of in its journal while these tests run.
PROVOKED = (
    "Failed to start SSL handshake",
    "SSL_connect() failed",
    "Received invalid SSL certificate",
)


def other_authority() -> CertificateAuthority:
    """A CA that nobody trusts."""
    passphrase = b"only for the tests"
    return CertificateAuthority.create(make_key(passphrase), passphrase)


def bad(host: Host, fault: str) -> Issued | None:
    """A back end's certificate that is not good for one reason alone; None is no certificate at all."""
    match fault:
        case "missing":
            return None
        case "expired":
            return issue(peer_ca(host), host.fqdn, left=-1, life=14)
        case "of another CA":
            return issue(site_ca(other_authority()), host.fqdn)
        case _:
            return issue(peer_ca(host), host.fqdn, usage="client")


class StandIn:
    """A program in a back end's place, see outside/stand_in.py."""

    def __init__(self, host: Host, process: subprocess.Popen[str]) -> None:
        self._host = host
        self._process = process

    def heard(self) -> dict[str, list[bytes]]:
        """What was sent to each port, a connection at a time; ends it."""
        self._host.run(f"systemctl stop {UNIT}")
        heard: dict[str, list[bytes]] = {port: [] for port in PORTS}
        for line in self._process.communicate()[0].splitlines():
            port, _, data = line.partition(" ")
            heard[port].append(bytes.fromhex(data))
        return heard


@contextmanager
def stand_in(host: Host, shown: Issued | None) -> Iterator[StandIn]:
    """A program on the back end's ports that shows a certificate, or none."""
    run = f"systemd-run --quiet --pipe --wait --collect --unit {UNIT}"
    command = [*host.ssh, f"{run} python3 -c {shlex.quote(PROGRAM)} {' '.join(PORTS)}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(shown.certificate + shown.key if shown else "")
        process.stdin.close()
        process.stdin = None
        try:
            assert process.stdout.readline() == "ready\n"
            yield StandIn(host, process)
        finally:
            host.run(f"systemctl stop {UNIT}", check=False)


def says(lab: Lab, address: str = BOB) -> tuple[str, str]:
    """What clients are told that sign in over IMAP and over POP; empty where they get in."""
    imap = pop = ""
    try:
        with clients.imap(lab, address):
            pass
    except imaplib.IMAP4.error as error:
        imap = str(error)
    try:
        with clients.pop(lab, address):
            pass
    except poplib.error_proto as error:
        pop = str(error)
    return imap, pop


@contextmanager
def waiting_message(lab: Lab) -> Iterator[None]:
    """A message that the front end takes and can't deliver; it arrives once all is well again, and none bounces."""
    subject = clients.unique("through a fault")
    clients.submit(lab, BOB, BOB, subject)
    yield
    lab.front.run("postqueue -f")
    with clients.imap(lab, BOB) as client:
        clients.wait_for_message(client, subject)
        assert clients.ok(client.search(None, "SUBJECT", f'"{BOUNCE}"', "TEXT", f'"{subject}"')) in ([], [b""])


def deferred(lab: Lab) -> str:
    """What the log says of one more try to deliver what waits."""
    now = lab.front.run("date +%s").strip()
    lab.front.run("postqueue -f")
    log = f"journalctl --quiet --output cat --since @{now} --unit 'postfix*' --grep 'status=(deferred|bounced|sent)'"
    return until(lambda: lab.front.run(log, check=False), "one more try to deliver a message")


@pytest.fixture(scope="module")
def vacated(lab: Lab) -> Iterator[Host]:
    """The back end, which serves nobody, while a message waits for it."""
    with ExitStack() as message:
        lab.back.run("systemctl stop dovecot haproxy")
        try:
            message.enter_context(waiting_message(lab))
            yield lab.back
        finally:
            lab.back.run("systemctl start dovecot haproxy")
            until(lambda: says(lab) == ("", ""), "logins once the back end is itself again")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("missing", "Cannot start TLS: handshake failure"),
        *((fault, "Server certificate not verified") for fault in ("expired", "of another CA", "for another purpose")),
    ],
)
def test_a_back_end_whose_certificate_is_not_good_is_sent_nothing(
    lab: Lab, vacated: Host, fault: str, reason: str
) -> None:
    with stand_in(vacated, bad(vacated, fault)) as program:
        imap, pop = says(lab)
        assert "UNAVAILABLE" in imap
        assert "SYS/TEMP" in pop
        assert f"status=deferred ({reason}" in deferred(lab)
        heard = program.heard()
    for port, connections in heard.items():
        assert connections, f"nobody asked at {port}"
        # In the clear there is the beginning of TLS, and Postfix takes its leave once it has seen the certificate.
        assert [data for data in connections if data not in {b"", b"QUIT\r\n"} and data[:2] != b"\x16\x03"] == [], port
