"""Front ends tell each other of guesses, and of who has signed in from where."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.security.test_guessing import tried
from tests.e2e.several.conftest import OWN, OWN_SUBNET
from tests.e2e.support import clients
from tests.e2e.support.outside import Outside, outside_host
from tests.e2e.support.wait import until
from tests.e2e.test_refusals import WRONG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
PORT = 12341
ATTACKER, SECOND, TRAVELLER, HOTEL = (str(OWN_SUBNET[number]) for number in (210, 211, 212, 213))
MANY = 12  # more than one client may guess in an hour for one mailbox
AT_A_TIME = 6  # fewer than Dovecot has processes that look at passwords

KNOWN = """
import json, sqlite3, sys
database = sqlite3.connect(f"/var/lib/mailpair-{sys.argv[1]}/known.db")
print(json.dumps(database.execute("SELECT mailbox, client FROM known").fetchall()))
"""
# Greets a noticeboard by its full name, and prints what it answers.
GREET = r"""
import socket, ssl, sys
host, address, port, certificate, key = sys.argv[1:]
tls = ssl.create_default_context(cafile="/etc/mailpair/tls/peers.pem" if certificate else None)
if certificate:
    tls.load_cert_chain(certificate, key)
else:
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
try:
    with socket.create_connection((address, int(port)), timeout=20) as plain:
        with tls.wrap_socket(plain, server_hostname=host) as there:
            print(there.recv(100).decode())
except OSError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Outside]:
    """A host with addresses that nobody has signed in from."""
    further = [f"{address}/{OWN_SUBNET.prefixlen}" for address in (SECOND, TRAVELLER, HOTEL)]
    with outside_host(StackNames(OWN).bridge, ATTACKER, OWN_SUBNET.prefixlen, further, ending="gs") as host:
        yield host


@pytest.fixture(scope="module", autouse=True)
def nothing_counted(lab: Lab) -> Iterator[None]:
    """No guess is counted, and nobody is known; so it is afterwards."""
    forget(lab)
    yield
    forget(lab)


def forget(lab: Lab) -> None:
    """All at once: each of them tells the others what it knows."""
    units = {"front": "mailpair-sessions.service", "back": "mailpair-noticeboard.service"}
    for verb in ("stop", "start"):
        for host in lab.hosts:
            unit = units[host.name[:-1]]
            clean = f"; rm -f /var/lib/{unit.removesuffix('.service')}/known.db*" if verb == "stop" else ""
            host.run(f"systemctl {verb} {unit}{clean}")


def is_refused(front: Host, mailbox: str, address: str) -> bool:
    """Whether a front end has refused an address for a mailbox since its program started."""
    since = front.run("systemctl show mailpair-sessions --property=ExecMainStartTimestamp --value").strip()
    said = front.run(f"journalctl --quiet --output=cat --unit=mailpair-sessions --since='{since}'")
    return f"{mailbox}: {address} is refused, after too many" in said


def known(host: Host, program: str = "sessions") -> list[list[str]]:
    """Mailboxes, and clients from which somebody has signed in to them."""
    found: list[list[str]] = json.loads(host.python(KNOWN, program))
    return found


def guess(lab: Lab, host: Outside, front: Host, address: str, mailbox: str, times: int = MANY) -> list[str]:
    """How wrong passwords went at a front end."""
    wrong = [("imap", address, mailbox, WRONG)] * times
    return [each for begin in range(0, times, AT_A_TIME) for each in tried(lab, host, wrong[begin:][:AT_A_TIME], front)]


def refused_elsewhere(lab: Lab, host: Outside, front: Host, address: str, mailbox: str) -> None:
    """Whoever has guessed at another front end is refused here, with the right password too."""

    def refused() -> bool:
        guess(lab, host, front, address, mailbox, 1)
        return is_refused(front, mailbox, address)

    until(refused, f"{front.name} has heard of {address}")
    assert tried(lab, host, [("imap", address, mailbox, lab.password(mailbox))], front) != ["in"]


def slowed_and_let_in(lab: Lab, host: Outside, front: Host, address: str, mailbox: str) -> None:
    """Whoever has signed in at another front end gets in here after wrong passwords, too."""
    until(lambda: [mailbox, address] in known(front), f"{front.name} knows {address}")
    guess(lab, host, front, address, mailbox)
    assert tried(lab, host, [("imap", address, mailbox, lab.password(mailbox))], front) == ["in"]
    assert not is_refused(front, mailbox, address)


def test_guesses_and_sign_ins_at_one_front_end_are_known_at_the_other(lab: Lab, elsewhere: Outside) -> None:
    one, other = lab.fronts
    assert tried(lab, elsewhere, [("imap", TRAVELLER, BOB, lab.password(BOB))], one) == ["in"]
    guess(lab, elsewhere, one, ATTACKER, ADA)
    refused_elsewhere(lab, elsewhere, other, ATTACKER, ADA)
    slowed_and_let_in(lab, elsewhere, other, TRAVELLER, BOB)
    with lab.names(clients.PUBLIC_NAME, fronts=[other]), clients.imap(lab, ADA) as owner:
        clients.ok(owner.noop())


def test_a_front_end_that_was_away_is_told_what_it_missed_though_the_other_is_away_now(
    lab: Lab, elsewhere: Outside
) -> None:
    one, other = lab.fronts
    program = "systemctl {} mailpair-sessions.socket mailpair-sessions"
    board = "systemctl {} mailpair-noticeboard.socket mailpair-noticeboard"
    other.run(program.format("stop"))
    lab.backs[0].run(board.format("stop"))
    try:
        assert tried(lab, elsewhere, [("imap", HOTEL, BOB, lab.password(BOB))], one) == ["in"]
        guess(lab, elsewhere, one, SECOND, ADA)
        one.run(program.format("stop"))
        other.run(program.format("start"))
        refused_elsewhere(lab, elsewhere, other, SECOND, ADA)
        slowed_and_let_in(lab, elsewhere, other, HOTEL, BOB)
    finally:
        for host, command in ((one, program), (other, program), (lab.backs[0], board)):
            host.run(command.format("start"))
    # The noticeboard that was away has missed all of it.
    until(lambda: [BOB, HOTEL] in known(lab.backs[0], "noticeboard"), "the noticeboard has heard of it")


def test_clients_are_served_while_nobody_can_be_told_and_that_is_made_good(lab: Lab, elsewhere: Outside) -> None:
    one, other = lab.fronts
    for back in lab.backs:
        back.run("systemctl stop mailpair-noticeboard.socket")
    try:
        assert tried(lab, elsewhere, [("imap", HOTEL, ADA, lab.password(ADA))], one) == ["in"]
        assert tried(lab, elsewhere, [("imap", HOTEL, BOB, lab.password(BOB))], other) == ["in"]
    finally:
        for back in lab.backs:
            back.run("systemctl start mailpair-noticeboard.socket")
    until(lambda: [ADA, HOTEL] in known(other), f"{other.name} has heard of it")


def test_nobody_but_front_ends_reaches_a_noticeboard(lab: Lab, elsewhere: Outside, outside: Outside) -> None:
    one, back, another = lab.fronts[0], lab.backs[0], lab.backs[1]
    files = ("/etc/mailpair/tls/peer.pem", "/etc/mailpair/tls/peer.key")
    connect = f"import socket; socket.create_connection(({back.address!r}, {PORT}), timeout=3)"
    one.python(connect)
    for refused in (outside.python, another.python):
        with pytest.raises((AssertionError, subprocess.CalledProcessError)):
            refused(connect)
    assert re.match(r'\["hello",1,"[0-9a-f]{32}",\d+\]', one.python(GREET, back.fqdn, back.address, str(PORT), *files))
    assert "hello" not in one.python(GREET, back.fqdn, back.address, str(PORT), "", "")
    assert back.run("ss -Hltn 'sport = 12341'").count("\n") == 2
    modes = back.run("stat --dereference -c '%a' /var/lib/mailpair-noticeboard /var/lib/mailpair-noticeboard/known.db")
    assert modes.split() == ["700", "600"]
