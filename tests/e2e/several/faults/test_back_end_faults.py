"""A back end that does not answer: its own users are told so in seconds, nobody else notices, and no mail is lost."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.e2e.support.lab import Host, Lab

TABLE = "inet mailpair_test_fault"


@contextmanager
def frozen(lab: Lab, host: Host) -> Iterator[None]:
    """All processes of Dovecot stand still; connections are taken all the same, by HAProxy and the kernel."""
    del lab
    host.run("systemctl kill --signal=STOP dovecot")
    try:
        yield
    finally:
        host.run("systemctl kill --signal=CONT dovecot")


@contextmanager
def unreachable(lab: Lab, host: Host) -> Iterator[None]:
    """Whatever front ends send is dropped without an answer."""
    sources = ", ".join(front.address for front in lab.fronts), ", ".join(front.at(6) for front in lab.fronts)
    host.run(
        f"nft add table {TABLE}; nft 'add chain {TABLE} input {{ type filter hook input priority -50; }}'; "
        f"nft add rule {TABLE} input ip saddr '{{ {sources[0]} }}' drop; "
        f"nft add rule {TABLE} input ip6 saddr '{{ {sources[1]} }}' drop"
    )
    try:
        yield
    finally:
        host.run(f"nft delete table {TABLE}")


@pytest.mark.parametrize("fault", [frozen, unreachable])
def test_its_users_are_told_in_seconds_and_nobody_else_notices(
    lab: Lab, fault: Callable[[Lab, Host], AbstractContextManager[None]], capsys: pytest.CaptureFixture[str]
) -> None:
    waiting, passing = clients.unique("waits"), clients.unique("passes")
    with fault(lab, lab.backs[1]):
        for front in lab.fronts:
            began = time.monotonic()
            with by(lab, front):
                imap_says, pop_says = says(lab)
            took = (time.monotonic() - began) / 2
            with capsys.disabled():
                print(f"\na back end is {fault.__name__}: an answer of {front.name} after {took:.1f} s")  # noqa: T201
            assert "UNAVAILABLE" in imap_says
            assert "SYS/TEMP" in pop_says
            # The password and the way to the client come on top of this.
            assert front.run("doveconf -h login_proxy_timeout").strip() == "4 s"
        clients.submit(lab, ADA, BOB, waiting)  # and nobody says that there is no such mailbox
        clients.submit(lab, BOB, ADA, passing)
        with clients.imap(lab, ADA) as imap:
            clients.wait_for_message(imap, passing)
        with clients.pop(lab, ADA) as pop:
            pop.stat()
    assert says(lab) == ("", "")
    for front in lab.fronts:
        front.run("postqueue -f")
    with clients.imap(lab, BOB) as imap:
        clients.wait_for_message(imap, waiting)
    until(lambda: all(front.run("postqueue -j") == "" for front in lab.fronts), "empty queues", 180)
    with clients.imap(lab, BOB) as imap:
        assert len(clients.find(imap, waiting)) == 1
