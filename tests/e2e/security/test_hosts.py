"""What runs on the hosts: what the roles ask for and nothing else, in sandboxes, in versions without known holes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from mailpair.plan.places import DOVECOT_VERSION

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

EXPOSED = 3.0  # of systemd-analyze security: 0 to 10, where it calls up to 4 OK
# Of Debian's bare system, whatever the roles do.
SYSTEM = {
    "console-getty.service",
    "dbus.service",
    "ssh.service",
    "systemd-journald.service",
    "systemd-logind.service",
    "systemd-networkd.service",
}
# Begun by their sockets.
ASKED = {"mailpair-inspection", "mailpair-quota"}
DOVECOT_S_OWN = "run/dovecot/dovecot.conf.binary"  # its configuration, with the keys that this names
FRONT = {"dovecot", "postfix", "mailpair-sessions", "mailpair-smtp-gate"}
BACK = {"dovecot", "haproxy"}


def running(lab: Lab, number: int) -> set[str]:
    """The services of a host that run, but for those of the bare system and those that come and go."""
    listed = lab.hosts[number].run("systemctl list-units --type=service --state=running --plain --no-legend")
    names = {line.split()[0] for line in listed.splitlines()}
    passing = {name for name in names if re.match(r"systemd-(timedated|hostnamed|localed)|user@|getty@|apt-", name)}
    return {name.removesuffix(".service") for name in names - SYSTEM - passing}


def test_a_front_end_runs_what_it_offers(lab: Lab) -> None:
    assert running(lab, 0) - ASKED == FRONT


def test_a_back_end_runs_what_it_offers(lab: Lab) -> None:
    # Postfix hands messages over there that Dovecot writes: warnings of quotas.
    assert running(lab, 1) - {"postfix"} == BACK


def test_nothing_is_there_that_compiles_or_lets_people_in_by_other_ways(lab: Lab) -> None:
    unwanted = "gcc g++ make telnetd rsh-server vsftpd samba cups rpcbind exim4-base snapd"
    query = "dpkg-query --show --showformat '${Package} ${db:Status-Status}\\n'"
    for host in lab.hosts:
        assert "openssh-server installed" in host.run(f"{query} openssh-server {unwanted}", check=False)
        found = host.run(f"{query} {unwanted}", check=False)
        assert [line for line in found.splitlines() if line.endswith(" installed")] == [], host.name


def test_what_is_added_runs_in_a_sandbox(lab: Lab) -> None:
    for host in lab.hosts:
        units = host.run("cd /etc/systemd/system && ls -d mailpair-*.service").split()
        assert units
        for unit in units:
            said = host.run(f"systemd-analyze security --no-pager {unit} | tail -n 1")
            found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
            assert found, said
            assert float(found[1]) <= EXPOSED, f"{host.name}: {said}"


@pytest.mark.parametrize(("package", "least"), [("dovecot-core", DOVECOT_VERSION), ("postfix", "3.10.13")])
def test_versions_have_no_known_holes(lab: Lab, package: str, least: str) -> None:
    for host in lab.hosts:
        version = host.run(f"dpkg-query --show --showformat '${{Version}}' {package}")
        assert host.run(f"dpkg --compare-versions '{version}' ge '{least}' && echo newer").strip() == "newer"


def test_keys_and_hashes_are_where_the_docs_say_and_for_few(lab: Lab) -> None:
    # The last two are in memory: systemd's for services that may read nothing else, and Dovecot's for itself.
    places = {"etc/mailpair", "etc/ssh", "var/lib/mailpair", "root/.ssh", "run/credentials", DOVECOT_S_OWN}
    for host in lab.hosts:
        pattern = r"PRIVATE KEY-----|\$argon2id?\$"
        found = host.run(
            f"cd / && grep -rlsE -e '{pattern}' etc home opt root run srv tmp var --exclude-dir=proc "
            "--exclude-dir=journal",
            check=False,
        ).split()
        assert found
        assert [file for file in found if not file.startswith((*places,))] == [], host.name
        modes = host.run("cd / && stat -c '%a %n' " + " ".join(found)).splitlines()
        assert [line for line in modes if int(line.split()[0], 8) & 0o007] == [], host.name


def test_files_that_make_up_somebody_s_rights_are_debian_s(lab: Lab) -> None:
    for host in lab.hosts:
        found = host.run("find / -xdev -perm /6000 -type f -not -path '/proc/*'").split()
        owned = host.run("dpkg -S " + " ".join(found) + " | cut -d' ' -f2").split()
        statoverride = host.run("dpkg-statoverride --list | awk '{print $4}'").split()
        assert set(found) - set(owned) - set(statoverride) == set(), host.name
