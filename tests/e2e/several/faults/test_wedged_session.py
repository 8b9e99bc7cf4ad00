"""A back end that goes away in the middle of a session: what ends the session, so that its client signs in anew."""

from __future__ import annotations

import imaplib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.several.faults.test_back_end_faults import frozen, unreachable
from tests.e2e.several.test_any_front_end import BOB, by
from tests.e2e.support import clients
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab

SILENCE = 120  # seconds after which one end of a session asks whether the other one is there
GIVES_UP = "net.ipv4.tcp_retries2"


def silences(host: Host, ports: tuple[int, ...]) -> list[int]:
    """In how many seconds each live session at these ports is asked about, by the kernel (``ss -o``); -1: never."""
    either = " or ".join(f"sport = :{port} or dport = :{port}" for port in ports)
    found = []
    for line in host.run(f"ss -tnoH state established '( {either} )'").splitlines():
        timer = re.search(r"timer:\(keepalive,(?:(\d+)min)?(?:(\d+)(?:\.\d+)?sec)?", line)
        found.append(int(timer[1] or 0) * 60 + int(timer[2] or 0) if timer else -1)
    return found


@contextmanager
def gives_up_early(host: Host) -> Iterator[None]:
    """Unacknowledged data is sent again three times, for seconds in all."""
    before = host.run(f"sysctl -n {GIVES_UP}").strip()
    host.run(f"sysctl -q -w {GIVES_UP}=3")
    try:
        yield
    finally:
        host.run(f"sysctl -q -w {GIVES_UP}={before}")


def asked_within(host: Host, ports: tuple[int, ...], sessions: int) -> int:
    """The longest silence of so many sessions; where something was sent a moment ago, another timer runs first."""

    def look() -> list[int]:
        seen = silences(host, ports)
        return seen if len(seen) >= sessions and -1 not in seen else []

    return max(until(look, f"{sessions} sessions of {host.name} that are asked about"))


def test_both_ends_of_a_session_ask_whether_the_other_is_there(lab: Lab) -> None:
    front, back = lab.fronts[0], lab.backs[1]
    with by(lab, front), clients.imap(lab, BOB), clients.pop(lab, BOB):
        # Towards the client and towards the back end, for each protocol; and what the back end has of them.
        assert asked_within(front, (993, 995, 1993, 1995), 4) <= SILENCE
        assert asked_within(back, (1993, 1995), 2) <= SILENCE
    for host in lab.hosts:
        values = host.run("sysctl -n net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes " + GIVES_UP).split()
        assert values == ["15", "4", "8"], host.name


def test_a_session_whose_back_end_went_away_is_ended_and_the_next_one_works(lab: Lab) -> None:
    front, back = lab.fronts[0], lab.backs[1]
    with by(lab, front), gives_up_early(front), clients.connect_imap(lab) as client:
        client.login(BOB, lab.password(BOB))
        clients.ok(client.select())
        with unreachable(lab, back), pytest.raises(imaplib.IMAP4.abort):
            client.noop()
        assert says(lab) == ("", "")


def test_a_session_whose_back_end_stood_still_goes_on(lab: Lab) -> None:
    with clients.imap(lab, BOB) as client:
        with frozen(lab, lab.backs[1]):
            tag = client._new_tag()
            client.send(tag + b" NOOP\r\n")
        assert until(lambda: client.readline().startswith(tag + b" OK"), "the answer")
