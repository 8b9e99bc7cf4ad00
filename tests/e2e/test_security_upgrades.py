"""Servers take security updates by themselves, in turn, and not while a front end is not well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.packages import package, published, version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

TIMER, SERVICE = "apt-daily-upgrade.timer", "apt-daily-upgrade.service"
SECURE, OTHER = "mailpair-test-secure", "mailpair-test-other"
KINDS = {SECURE: "Debian-Security", OTHER: "Debian"}  # by their sources' labels


@pytest.fixture
def updates(lab: Lab) -> Iterator[None]:
    """On both hosts two packages are installed of which there are newer versions, one of them a security update."""
    offered = [package(name, version, label=label) for name, label in KINDS.items() for version in "12"]
    with published(lab.front, *offered), published(lab.back, *offered):
        for host in lab.hosts:
            host.run(f"apt-get -qq update; apt-get -qq --yes install {SECURE}=1 {OTHER}=1")
        yield


def turn_comes(host: Host) -> str:
    """What the journal has of this time alone."""
    cursor = host.run("journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p'").strip()
    host.run(f"systemctl start {SERVICE}")
    return host.run(f"journalctl --quiet --output=cat --after-cursor='{cursor}' --unit={SERVICE}")


@pytest.mark.usefixtures("updates")
def test_a_security_update_is_taken_and_nothing_else(lab: Lab) -> None:
    turn_comes(lab.back)
    assert (version(lab.back, SECURE), version(lab.back, OTHER)) == ("2", "1")


@pytest.mark.usefixtures("updates")
def test_a_server_waits_while_a_front_end_is_not_well(lab: Lab) -> None:
    lab.front.run("systemctl stop postfix")
    try:
        said = turn_comes(lab.back)
        assert version(lab.back, SECURE) == "1"
        wanted = rf"updates wait for tomorrow: front1 at {re.escape(lab.front.address)} port 587: .*Connect call failed"
        assert re.search(wanted, said)
        assert lab.back.run(f"systemctl is-failed {SERVICE}", check=False).strip() == "inactive"
        turn_comes(lab.front)  # whose own service that is: another front end's would count
        assert version(lab.front, SECURE) == "2"
    finally:
        lab.front.run("systemctl start postfix")
    turn_comes(lab.back)
    assert version(lab.back, SECURE) == "2"


@pytest.mark.usefixtures("updates")
def test_services_that_use_a_former_library_are_restarted(lab: Lab) -> None:
    """A library's file is another one, as after an update of it."""
    before = lab.back.run("systemctl show --property=MainPID dovecot haproxy")
    lab.back.run("f=$(readlink -f /usr/lib/*/libssl.so.3) && cp -p $f $f.new && mv $f.new $f")
    turn_comes(lab.back)
    after = lab.back.run("systemctl show --property=MainPID dovecot haproxy")
    assert not set(before.splitlines()) & set(after.splitlines()) - {""}
    with clients.imap(lab, "ada@contoso.test") as imap:
        clients.ok(imap.noop())


def test_each_server_has_a_time_of_its_own(lab: Lab) -> None:
    times = {}
    for host in lab.hosts:
        shown = host.run(f"systemctl show {TIMER} --property=TimersCalendar,RandomizedDelayUSec,Persistent")
        times[host.name] = re.findall(r"OnCalendar=([^;]*?) ;", shown)
        assert "RandomizedDelayUSec=0\n" in shown
        assert "Persistent=no\n" in shown
    assert times == {"front1": ["*-*-* 02:00:00"], "back1": ["*-*-* 02:30:00"]}


def test_servers_take_none_where_it_is_switched_off(lab: Lab, stack: Stack) -> None:
    stack.edit({"mailpair_site": {"security_upgrades": {"enabled": False}}})
    stack.playbook(stack.plain_inventory())
    try:
        for host in lab.hosts:
            assert host.run("apt-config dump APT::Periodic::Unattended-Upgrade").split() == [
                "APT::Periodic::Unattended-Upgrade",
                '"0";',
            ]
            assert "OnCalendar=*-*-* 02" not in host.run(f"systemctl show {TIMER} --property=TimersCalendar")
    finally:
        stack.restore()
        stack.playbook(stack.plain_inventory())
    for host in lab.hosts:
        assert '"always"' in host.run("apt-config dump APT::Periodic::Unattended-Upgrade")
