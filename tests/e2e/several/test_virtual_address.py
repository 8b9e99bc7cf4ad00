"""Clients find the site at one address, whichever front end is well."""

from __future__ import annotations

import os
import re
import signal
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_stack.platforms.nspawn import processes
from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.several.conftest import OWN, OWN_SUBNET
from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.edited import edited
from tests.e2e.support.ports import is_open
from tests.e2e.support.wait import until
from tests.stack.support.world import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

VIRTUAL = str(OWN_SUBNET[100])  # nobody's own
WEB_NAMES = [f"{label}.contoso.test" for label in ("mail", "autoconfig", "autodiscover", "ua-auto-config")]
UNIT = "mailpair-virtual-address"
FILE = "/etc/mailpair/keepalived.conf"
ADVERTISE = (Path(__file__).parents[1] / "outside/advertise.py").read_text()
ROUTER_ID = "51"
WATCH = "ip mailpair_test_vrrp"
COUNT = 5


@pytest.fixture(scope="module", autouse=True)
def shared(lab: Lab, stack: Stack) -> Iterator[None]:
    """The front ends share an address, and serve over HTTPS as well."""
    served = {"mail": {"services": ["POP", "IMAP", "SMTP", "IIS"], "domain_name": WEB_NAMES}}
    site = {"virtual_address": VIRTUAL, "web_site": {"enabled": True}, "certificates": served}
    stack.edit({"mailpair_site": site})
    stack.up()
    yield
    stack.restore()
    if lab.front.run(f"ls {FILE}", check=False):
        stack.up()


def has(host: Host) -> bool:
    """Whether a front end has the address."""
    return f" {VIRTUAL}/32" in host.run("ip -4 -brief address")


def holder(lab: Lab) -> tuple[Host, Host]:
    """The one front end that has the address, and the other one."""

    def look() -> list[Host]:
        found = sorted(lab.fronts, key=has, reverse=True)
        return found if [has(each) for each in found] == [True, False] else []

    first, other = until(look, "one front end with the address")
    return first, other


def told(host: Host, since: str, pattern: str, what: str) -> None:
    """Waits until a front end's keepalived has a line since a time with a pattern's match at its end."""
    journal = f"journalctl --output=cat --unit={UNIT} --since=@{since}"
    until(lambda: re.search(f"(?:{pattern})$", host.run(journal), re.MULTILINE), f"{host.name} is {what}")


def well_again(host: Host, since: str) -> None:
    """Waits until a front end says that all its services answer."""
    told(host, since, r"to 100|answering\) succeeded", "well")


def now(host: Host) -> str:
    """The host's time, as its journal takes it."""
    return host.run("date +%s.%N").strip()


def used(lab: Lab) -> None:
    """Mail is read over IMAP and POP3, and sent, at the address alone."""
    subject = clients.unique("at the address")
    with by(lab, replace(lab.front, addresses=(VIRTUAL,))):
        clients.submit(lab, ADA, BOB, subject)
        with clients.imap(lab, BOB) as imap:
            assert imap.socket().getpeername()[0] == VIRTUAL
            clients.wait_for_message(imap, subject)
        clients.pop_wait(lab, BOB, subject)


def test_clients_sign_in_and_send_at_the_address(lab: Lab) -> None:
    holder(lab)
    used(lab)


@pytest.mark.parametrize("unit", ["dovecot", "nginx"])
def test_the_address_leaves_a_front_end_whose_service_is_stopped(lab: Lab, unit: str) -> None:
    first, other = holder(lab)
    first.run(f"systemctl stop {unit}")
    try:
        until(lambda: has(other) and not has(first), "the address moves")
        used(lab)
    finally:
        since = now(first)
        first.run(f"systemctl start {unit}")
    # Who comes back takes nothing from who serves.
    well_again(first, since)
    assert holder(lab) == (other, first)
    used(lab)


def test_where_no_front_end_is_well_one_has_the_address_all_the_same(lab: Lab) -> None:
    since = {front.name: now(front) for front in lab.fronts}
    for front in lab.fronts:
        front.run("systemctl stop postfix")
    try:
        for front in lab.fronts:
            told(front, since[front.name], r"listening\) failed.*", "unwell")
        holder(lab)
        with by(lab, replace(lab.front, addresses=(VIRTUAL,))), clients.imap(lab, BOB) as imap:
            clients.ok(imap.noop())
    finally:
        for front in lab.fronts:
            front.run("systemctl start postfix")
    for front in lab.fronts:
        well_again(front, since[front.name])
    used(lab)


def test_the_address_leaves_a_front_end_whose_service_says_nothing(lab: Lab) -> None:
    first, other = holder(lab)
    with edited(first, FILE, "s/interval 20/interval 2/; s/timeout 15/timeout 3/"):
        first.run(f"systemctl reload {UNIT} && systemctl kill --signal=STOP dovecot")
        try:
            until(lambda: has(other) and not has(first), "the address moves")
            used(lab)
        finally:
            since = now(first)
            first.run("systemctl kill --signal=CONT dovecot")
        well_again(first, since)
    first.run(f"systemctl reload {UNIT}")
    assert holder(lab) == (other, first)


@contextmanager
def without_power(host: Host, stack: Stack) -> Iterator[None]:
    """A machine ends at once, without a word to anybody; ``pulumi up`` has it back."""
    running = processes.find(StackNames(OWN).machine(host.name))
    assert running
    for process in [*(each for parent in running for each in children(parent)), *running]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    until(lambda: not is_open(host.address, 22), f"the end of {host.name}")
    try:
        yield
    finally:
        stack.up()


def test_the_address_leaves_a_front_end_that_lost_its_power(lab: Lab, stack: Stack) -> None:
    first, other = holder(lab)
    with without_power(first, stack):
        until(lambda: has(other), "the address moves")
        used(lab)
        since = now(other)
    well_again(first, since)
    assert holder(lab) == (other, first)
    used(lab)


def test_nobody_but_a_peer_takes_the_address(lab: Lab, outside: Outside) -> None:
    first, other = holder(lab)
    since = now(first)

    def counted() -> list[int]:
        """Of the stranger and of the peer, how much came with the highest priority, and how much was let in."""
        return [int(each) for each in re.findall(r"packets (\d+)", first.run(f"nft list table {WATCH}"))]

    rules = "".join(
        f"add rule {WATCH} {chain} ip saddr {source} ip protocol 112 @th,16,8 255 counter\n"
        for source in (outside.address, other.address)
        for chain in ("before", "after")
    )
    chains = {"before": "prerouting priority 0", "after": "input priority 10"}
    made = "".join(f"add chain {WATCH} {name} {{ type filter hook {at}; }}\n" for name, at in chains.items())
    first.run("nft --file -", stdin=f"add table {WATCH}\n{made}{rules}")
    try:
        words = (first.address, VIRTUAL, ROUTER_ID)
        outside.python(ADVERTISE, outside.address, *words, "255", str(COUNT))
        other.python(ADVERTISE, other.address, *words, "64", str(COUNT))  # as if it came through routers
        # Rules are listed by their chains: what has come, then what was let in.
        until(lambda: counted()[:2] == [COUNT, COUNT], "all of it has come")
        assert counted()[2:] == [0, 0]
        assert has(first)
        other.python(ADVERTISE, other.address, *words, "255", str(COUNT))
        until(lambda: has(other) and not has(first), "a peer is believed")
        assert counted()[2:] == [0, COUNT]
    finally:
        first.run(f"nft delete table {WATCH}")
    heard = first.run(f"journalctl --output=cat --unit={UNIT} --since=@{since}")
    assert f"advert from {other.address} with higher priority 255" in heard
    assert outside.address not in heard
    used(lab)


def test_an_address_of_another_network_changes_nothing(lab: Lab, stack: Stack) -> None:
    served = holder(lab)
    stack.edit({"mailpair_site": {"virtual_address": "192.0.2.100"}})
    done = stack.playbook(stack.plain_inventory(), check=False)
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    for front in lab.fronts:
        assert (
            f"virtual_address: '192.0.2.100': must be in the network in which {front.name} has {front.address}; "
            "take an address of that network that is free"
        ) in said
    assert set(re.findall(r"changed=(\d+)", said)) == {"0"}
    assert holder(lab) == served


def test_nothing_of_it_is_left_without_the_setting(lab: Lab, stack: Stack) -> None:
    stack.restore()
    stack.up()
    for front in lab.fronts:
        assert not has(front)
        assert front.run(f"ls {FILE} /etc/systemd/system/{UNIT}.service /run/{UNIT} 2>/dev/null", check=False) == ""
        assert front.run("pgrep keepalived", check=False) == ""
        assert "elements" not in front.run("nft list set inet mailpair vrrp_peers")
    assert not is_open(VIRTUAL, 993)
    with clients.imap(lab, BOB) as imap:
        clients.ok(imap.noop())
