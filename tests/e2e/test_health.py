"""The playbook that says which health sets are healthy, and what mends the others."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

# While the storage may not be read.
PROVOKED = ("missing +x perm: /srv/vmail",)
WELL = "All is well; there is nothing to do."


def look(stack: Stack, inventory: Path) -> tuple[int, dict[tuple[str, str], str], list[str]]:
    """Code, the states by host and health set, and the lines after the table."""
    done = stack.playbook(inventory, name="health.yml", check=False)
    lines = done.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if line.split() == ["Server", "HealthSet", "AlertValue"])
    rows = [line.split() for line in lines[head + 1 :]]
    count = next(number for number, row in enumerate(rows) if len(row) != 3)
    shown = lines[head + 1 + count :]
    ailments = [line for line in shown if line.startswith(("Unhealthy: ", "Degraded: ", WELL))]
    return done.returncode, {(host, name): state for host, name, state in rows[:count]}, ailments


@contextmanager
def stopped(host: Host, unit: str) -> Iterator[None]:
    """A service is down while the context lasts."""
    host.run(f"systemctl stop {unit}")
    try:
        yield
    finally:
        host.run(f"systemctl start {unit}")


def test_all_is_well(stack: Stack) -> None:
    code, states, ailments = look(stack, stack.inventory())
    assert ailments == [WELL]
    assert (code, set(states.values())) == (0, {"Healthy"})
    front = ("IMAP", "POP", "FrontendTransport", "IMAP.Proxy", "POP.Proxy", "HubTransport")
    back = ("IMAP.Protocol", "POP.Protocol", "MailboxTransport")
    every = ("Certificates", "Disk", "Services")
    expected = {("front1", name) for name in (*front, *every)} | {("back1", name) for name in (*back, *every)}
    assert set(states) == {*expected, ("controller", "Certificates")}


def test_a_back_end_without_dovecot(lab: Lab, stack: Stack) -> None:
    with stopped(lab.back, "dovecot"):
        code, states, ailments = look(stack, stack.plain_inventory())
    start = "see systemctl status dovecot on back1, and run systemctl restart dovecot there"
    beyond = "if that is healthy, see systemctl status haproxy on back1"
    away = "hangs up without an answer"
    assert ailments == [
        f"Unhealthy: {where}: {rule}; {remedy}"
        for where, rule, remedy in (
            (
                f"front1 IMAP.Proxy back1.contoso.test:1993: {away}",
                "must open a mailbox",
                f"mend IMAP.Protocol of back1; {beyond}",
            ),
            (
                f"front1 POP.Proxy back1.contoso.test:1995: {away}",
                "must open a mailbox",
                f"mend POP.Protocol of back1; {beyond}",
            ),
            (
                f"front1 HubTransport back1.contoso.test:24: {away}",
                "must greet front ends",
                f"mend MailboxTransport of back1; {beyond}",
            ),
            ("back1 IMAP.Protocol 127.0.0.1:4002: nothing listens there", "must open a mailbox", start),
            ("back1 POP.Protocol 127.0.0.1:4003: nothing listens there", "must open a mailbox", start),
            ("back1 MailboxTransport /run/dovecot/lmtp: nothing listens there", "must greet front ends", start),
        )
    ]
    bad = {
        *(("front1", name) for name in ("IMAP.Proxy", "POP.Proxy", "HubTransport")),
        *(("back1", name) for name in ("IMAP.Protocol", "POP.Protocol", "MailboxTransport")),
    }
    assert {where for where, state in states.items() if state == "Unhealthy"} == bad
    assert {state for where, state in states.items() if where not in bad} == {"Healthy"}
    assert code == 2
    code, states, ailments = look(stack, stack.plain_inventory())
    assert (code, set(states.values()), ailments) == (0, {"Healthy"}, [WELL])


def test_a_storage_that_cannot_be_read(lab: Lab, stack: Stack) -> None:
    """Dovecot greets and lets in, haproxy passes it on: only what opens a mailbox sees this."""
    mode = lab.back.run("stat -c %a /srv/vmail").strip()
    lab.back.run("chmod 0 /srv/vmail")
    try:
        code, states, ailments = look(stack, stack.inventory())
    finally:
        lab.back.run(f"chmod {mode} /srv/vmail")
    bad = {("front1", "IMAP.Proxy"), ("front1", "POP.Proxy"), ("back1", "IMAP.Protocol"), ("back1", "POP.Protocol")}
    assert {where for where, state in states.items() if state != "Healthy"} == bad
    assert (code, len(ailments)) == (2, len(bad))
    (line,) = [line for line in ailments if line.startswith("Unhealthy: back1 IMAP.Protocol 127.0.0.1:4002: answers ")]
    assert " to STATUS: must open a mailbox; see systemctl status dovecot on back1" in line


def test_a_front_end_without_its_services(lab: Lab, stack: Stack) -> None:
    lab.front.run("systemd-run --unit=mailpair-test-broken --wait /bin/false", check=False)
    try:
        with stopped(lab.front, "postfix"), stopped(lab.front, "mailpair-renewal.timer"):
            code, states, ailments = look(stack, stack.inventory())
    finally:
        lab.front.run("systemctl reset-failed mailpair-test-broken")
    assert code == 2
    assert {where for where, state in states.items() if state != "Healthy"} == {
        ("front1", "FrontendTransport"),
        ("front1", "Services"),
    }
    address = lab.front.address
    start = "see systemctl status postfix on front1, and run systemctl restart postfix there"
    assert (
        f"Unhealthy: front1 FrontendTransport {address}:587: nothing listens there: must greet clients; {start}"
    ) in ailments
    for unit, state, rule in (
        ("mailpair-test-broken.service", "failed", "must not have failed"),
        ("mailpair-renewal.timer", "inactive", "must be active"),
    ):
        remedy = f"see journalctl -u {unit} on front1, and run systemctl restart {unit} there"
        assert f"Unhealthy: front1 Services {unit}: {state}: {rule}; {remedy}" in ailments


def test_a_disk_that_fills_up_and_json(lab: Lab, stack: Stack) -> None:
    lab.back.run("mount -t tmpfs -o size=1m,nr_inodes=20 tmpfs /var/log && touch /var/log/{1..18}")
    try:
        done = stack.playbook(stack.inventory(), "-e", "mailpair_json=true", name="health.yml", check=False)
    finally:
        lab.back.run("umount /var/log")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    told: dict[str, Any] = json.loads(line)
    # One of 20 inodes is the root's.
    (problem,) = told["problems"]
    assert problem == {
        "server": "back1",
        "health_set": "Disk",
        "alert_value": "Degraded",
        "place": "/var/log inodes",
        "value": "5 % free",
        "rule": "must be 10 % or more",
        "remedy": "see what takes them with du --inodes -x /var/log on back1",
    }
    assert {"server": "back1", "health_set": "Disk", "alert_value": "Degraded"} in told["health_sets"]
    assert done.returncode == 0
