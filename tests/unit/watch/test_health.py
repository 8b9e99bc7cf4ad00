"""What is said of the health of hosts, word for word, and what of it is bad enough to fail."""

from __future__ import annotations

from typing import Any

import pytest

from mailpair.watch import Host, health, report
from tests.unit.watch.issuing import NOW, issued

SETS = ("IMAP", "HubTransport", "Certificates", "Disk", "Services")
NOTHING = report([], None, NOW)
WELL = "All is well; there is nothing to do."


def seen(**more: Any) -> dict[str, Any]:
    """What the module tells of a host on which all is well."""
    folder = {"path": "/", "space": 50.0, "inodes": 90.0}
    return {"sets": SETS, "probes": [probe("")], "folders": [folder], "units": [], "queue": {}, **more}


def probe(reason: str) -> dict[str, str]:
    return {
        "health_set": "IMAP",
        "place": "192.0.2.1:993",
        "rule": "must greet",
        "remedy": "start it",
        "reason": reason,
    }


def test_the_table_where_all_is_well() -> None:
    made = health({"front1": seen()}, NOTHING)
    assert made.table() == [
        "Server  HealthSet     AlertValue",
        *(f"front1  {name:<12}  Healthy" for name in SETS),
        WELL,
    ]
    assert made.unhealthy == ()


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            {"probes": [probe("nothing listens there")]},
            "Unhealthy: front1 IMAP 192.0.2.1:993: nothing listens there: must greet; start it",
        ),
        (
            {"queue": {"deferred": {"messages": 2, "oldest": 3661.0}}},
            (
                "Degraded: front1 HubTransport queue deferred: 2 messages, the oldest for 61 minutes: must be "
                "gone after 60 minutes; see what they wait for with postqueue -p on front1, mend it, "
                "and run postqueue -f there"
            ),
        ),
        (
            {"queue": {"incoming": {"messages": 1, "oldest": 961.0}}},
            (
                "Unhealthy: front1 HubTransport queue incoming: 1 message, the oldest for 16 minutes: must be "
                "gone after 15 minutes; see what they wait for with postqueue -p on front1, mend it, "
                "and run postqueue -f there"
            ),
        ),
        (
            {"folders": [{"path": "/srv/vmail", "space": 9.9, "inodes": 10.0}]},
            (
                "Degraded: front1 Disk /srv/vmail space: 9 % free: must be 10 % or more; see what takes them "
                "with du -x /srv/vmail on front1"
            ),
        ),
        (
            {"folders": [{"path": "/", "space": 10.0, "inodes": 2.9}]},
            (
                "Unhealthy: front1 Disk / inodes: 2 % free: must be 10 % or more; see what takes them with du "
                "--inodes -x / on front1"
            ),
        ),
        (
            {"units": [{"name": "a.service", "state": "failed"}]},
            (
                "Unhealthy: front1 Services a.service: failed: must not have failed; see journalctl -u "
                "a.service on front1, and run systemctl restart a.service there"
            ),
        ),
        (
            {"units": [{"name": "a.timer", "state": "inactive"}]},
            (
                "Unhealthy: front1 Services a.timer: inactive: must be active; see journalctl -u a.timer on "
                "front1, and run systemctl restart a.timer there"
            ),
        ),
    ],
)
def test_what_is_wrong(told: dict[str, Any], line: str) -> None:
    made = health({"front1": seen(**told), "back1": seen()}, NOTHING)
    assert [str(each) for each in made.ailments] == [line]
    assert bool(made.unhealthy) == line.startswith("Unhealthy")
    state, _, name = line.split()[:3]
    assert [(host, each) for host, each in made.sets if made.state(host, each).value != "Healthy"] == [("front1", name)]
    assert made.state("front1", name).value == state[:-1]
    assert made.table()[-1] == line


@pytest.mark.parametrize(
    "queue",
    [
        {"deferred": {"messages": 9, "oldest": 3599.0}},
        {"active": {"messages": 9, "oldest": 899.0}},
        {"hold": {"messages": 1, "oldest": 1e6}},
    ],
)
def test_what_may_wait(queue: dict[str, Any]) -> None:
    assert health({"front1": seen(queue=queue)}, NOTHING).table()[-1] == WELL


def test_a_host_that_says_nothing() -> None:
    made = health({"front1": seen(), "back1": None}, NOTHING)
    assert made.sets[-1] == ("back1", "Server")
    assert [str(each) for each in made.unhealthy] == [
        "Unhealthy: back1 Server: no answer: must tell how it is; see above why it did not"
    ]


def test_certificates_are_a_health_set_and_silent_ports_are_none_of_it() -> None:
    path = "/etc/mailpair/tls/server.pem"
    late = {"path": path, "source": "provided", "pem": [issued("mail.contoso.test", left=10)], "reason": ""}
    quiet = {"service": "IMAP", "address": "192.0.2.1", "port": 993, "name": "", "file": path}
    told = {"files": [late], "ports": [{**quiet, "pem": [], "reason": "no"}], "clock": NOW.timestamp()}
    root = issued("the CA", left=5, life=3650, authority=True)
    made = health({"front1": seen(), "back1": seen()}, report([Host("front1", told)], root, NOW))
    assert [str(each) for each in made.ailments] == [
        (
            "Degraded: front1 Certificates /etc/mailpair/tls/server.pem: mail.contoso.test, valid until "
            "2026-12-05 12:00 UTC, 10 days left: must have 21 days left; renew it and put it "
            "where the site document says"
        ),
        (
            "Unhealthy: controller Certificates CA root: the CA, valid until 2026-11-30 12:00 UTC, 5 days "
            "left: must have 21 days left; renew the CA"
        ),
    ]
    assert made.sets[-1] == ("controller", "Certificates")
    assert made.data()["problems"][1] == {
        "server": "controller",
        "health_set": "Certificates",
        "alert_value": "Unhealthy",
        "place": "CA root",
        "value": "the CA, valid until 2026-11-30 12:00 UTC, 5 days left",
        "rule": "must have 21 days left",
        "remedy": "renew the CA",
    }
