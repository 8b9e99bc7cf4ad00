"""A back end whose clock is moved by an hour while it serves: its users are served, or told to wait.

Dovecot ends its sessions when its clock goes back, and begins none for three minutes; started anew it serves at once.
"""

from __future__ import annotations

import email.utils
import imaplib
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.outlasting import WRONG, is_told, others_go_on, outlasted
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

FOLDER, DROP_IN = "/run/moved-clock", "/run/systemd/system/dovecot.service.d"
CAROL = "carol@contoso.test"  # on back1, as Ada
CLOCK = "/etc/faketimerc"  # where libfaketime looks, in chroots too
CHROOTS = ("", "/run/dovecot/login", "/run/dovecot/empty")
VARIABLES = {
    "LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "FAKETIME_TIMESTAMP_FILE": CLOCK,
    "FAKETIME_CACHE_DURATION": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}
# Dovecot's processes have no variables but those that its configuration names.
CONFIGURATION = "import_environment {\n" + "".join(f"  {each} = %{{env:{each}}}\n" for each in VARIABLES) + "}\n"
SERVICE = (
    "[Service]\n"
    + "".join(f"Environment={name}={value}\n" for name, value in VARIABLES.items())
    + f"BindReadOnlyPaths={FOLDER}/dovecot.conf:/etc/dovecot/dovecot.conf\n"
)
APT = "DEBIAN_FRONTEND=noninteractive apt-get -q -y"


@pytest.fixture(scope="module")
def clock(lab: Lab, stack: Stack) -> Iterator[Callable[[str], None]]:
    """Sets the clock of a back end's Dovecot while it runs: so much later or earlier than it is, such as +1h."""
    stack.settle()
    host = lab.backs[1]
    try:
        host.run(f"apt-get -q update && {APT} --no-install-recommends install libfaketime")
        host.run(f"mkdir -p {FOLDER} {DROP_IN} && cat > {DROP_IN}/clock.conf", stdin=SERVICE)
        host.run(f"cat /etc/dovecot/dovecot.conf - > {FOLDER}/dovecot.conf", stdin=CONFIGURATION)
        set_clock(host, "+0")
        host.run("systemctl daemon-reload && systemctl restart dovecot")
        yield lambda shift: set_clock(host, shift)
    finally:
        host.run(
            f"rm -rf {DROP_IN} {FOLDER} {CLOCK} {' '.join(f'{chroot}/etc' for chroot in CHROOTS[1:])}; "
            f"systemctl daemon-reload && systemctl restart dovecot; {APT} purge libfaketime; rm -f /dev/shm/*faketime_*"
        )


def set_clock(host: Host, shift: str) -> None:
    """Writes it where processes read it; they do so every second."""
    for chroot in CHROOTS:
        host.run(f"mkdir -p {chroot}/etc && cat > {chroot}{CLOCK}", stdin=f"{shift}\n")


def hours_between(lab: Lab, subject: str) -> int:
    """By how many hours the back end had a message later than the front end, as each of them says."""
    with clients.imap(lab, BOB) as client:
        number = clients.wait_for_message(client, subject)
        traces = message_from_bytes(clients.fetch(client, number)).get_all("Received", [])
    back, front = (email.utils.parsedate_to_datetime(each.rpartition(";")[2].strip()) for each in traces[:2])
    return round((back - front).total_seconds() / 3600)


def sent_and_kept(lab: Lab, taken: list[str]) -> int:
    """How many hours later than it was sent a message is there, by the servers' clocks."""
    taken.append(clients.unique("with a moved clock"))
    clients.submit(lab, ADA, BOB, taken[-1])
    return hours_between(lab, taken[-1])


def told(lab: Lab) -> tuple[str, str]:
    """What Bob is told over IMAP and POP, never that they are wrong; a session that has just begun may end."""
    try:
        imap, pop = says(lab, BOB)
    except OSError as error:
        return repr(error), ""
    assert not any(word in imap + pop for word in WRONG), (imap, pop)
    return imap, pop


def is_put_off(lab: Lab) -> bool:
    """Whether Bob is told to wait."""
    imap, pop = told(lab)
    return "UNAVAILABLE" in imap or "SYS/TEMP" in pop


def is_answered(lab: Lab) -> bool:
    """Whether Bob is served or told to wait, rather than cut off."""
    imap, pop = told(lab)
    return (imap == "" or "UNAVAILABLE" in imap) and (pop == "" or "SYS/TEMP" in pop)


def is_back(lab: Lab, taken: list[str]) -> bool:
    """Whether a message is there at the time at which it was sent, as it is where Dovecot goes on serving."""
    try:
        return sent_and_kept(lab, taken) == 0
    except (imaplib.IMAP4.error, OSError):  # it has ended meanwhile
        return False
    except AssertionError:  # no message came, where what takes mail has ended and what shows it has not
        return any(front.run("postqueue -j") for front in lab.fronts)


def test_users_of_a_back_end_whose_clock_is_moved_are_served_or_told_to_wait(
    lab: Lab, clock: Callable[[str], None]
) -> None:
    with outlasted(lab, BOB, ADA) as taken:
        clock("+1h")
        until(lambda: sent_and_kept(lab, taken) == 1, "a message that comes an hour later")
        for front in lab.fronts:
            with by(lab, front):
                assert is_told(lab, BOB) == ("", "")
        others_go_on(lab, BOB, ADA)
        clock("+0")  # an hour back
        until(lambda: is_put_off(lab) or is_back(lab, taken), "the clock is back", 180)
        for front in lab.fronts:
            with by(lab, front):
                # A process that notices only now ends with the session that it has just begun; who comes again is told.
                until(lambda: is_answered(lab), "an answer after the clock went back")
                taken.append(clients.unique("after the clock went back"))
                clients.submit(lab, ADA, BOB, taken[-1])
        others_go_on(lab, ADA, CAROL)
        lab.backs[1].run("systemctl restart dovecot")
