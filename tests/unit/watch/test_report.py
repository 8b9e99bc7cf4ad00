"""The report of all hosts: its table, its data, and what goes wrong before a certificate is seen."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from mailpair.plan.places import PEER_CERTIFICATE
from mailpair.watch import Host, report
from tests.unit.watch.issuing import NOW, issued

FILE = "/etc/mailpair/tls/server.pem"
OLD, NEW = (issued("mail.contoso.test", serial=serial) for serial in (0xA1, 0xB2))


def seen(*ports: dict[str, Any], pem: str = NEW, reason: str = "", source: str = "private") -> dict[str, Any]:
    """What the module tells of a host with one file."""
    file = {"path": FILE, "source": source, "pem": [] if reason else [pem], "reason": reason}
    return {"files": [file], "ports": list(ports), "clock": NOW.timestamp()}


def port(pem: str = NEW, *, reason: str = "", service: str = "IMAP", address: str = "192.0.2.1") -> dict[str, Any]:
    """What it tells of a port."""
    shown = {"pem": [] if reason else [pem], "reason": reason}
    return {"service": service, "address": address, "port": 993, "name": "mail.contoso.test", "file": FILE, **shown}


def said(*hosts: Host) -> list[str]:
    return [str(finding) for finding in report(hosts, None, NOW).findings]


def test_the_table() -> None:
    root = issued("mailpair private CA 01234567", left=3000, life=3650, authority=True, serial=0xCA)
    made = report([Host("front1", seen(port(), port(OLD, address="2001:db8::1"), port(reason="no")))], root, NOW)
    lines = made.table()
    ca, server = "mailpair private CA 01234567", f"file {FILE}"
    mail = "mail.contoso.test"
    assert [re.split(" {2,}", line) for line in lines[:6]] == [
        ["Host", "Where", "Asked for", "Until", "Days", "Key", "Serial", "File", "Issuer", "Names"],
        ["controller", "CA root", "-", "2035-02-11", "3000", "ECDSA P-256", "CA", "-", ca, ca],
        ["front1", server, "-", "2027-01-24", "60", "ECDSA P-256", "B2", "-", ca, mail],
        ["front1", "IMAP 192.0.2.1:993", mail, "2027-01-24", "60", "ECDSA P-256", "B2", "same", ca, mail],
        ["front1", "IMAP [2001:db8::1]:993", mail, "2027-01-24", "60", "ECDSA P-256", "A1", "OTHER", ca, mail],
        ["front1", "IMAP 192.0.2.1:993", mail, "-", "-", "-", "-", "-", "-", "-"],
    ]
    assert {line.index("ECDSA") for line in lines[1:5]} == {lines[0].index("Key")}
    assert lines[6:] == [
        (
            "error: front1 IMAP [2001:db8::1]:993 mail.contoso.test: A1: must be what is in "
            "/etc/mailpair/tls/server.pem, B2; load it with systemctl reload dovecot"
        ),
        (
            "error: front1 IMAP 192.0.2.1:993 mail.contoso.test: no: must show a certificate; see systemctl status "
            "dovecot on front1"
        ),
    ]


def test_the_data() -> None:
    made = report([Host("front1", seen(port()))], None, NOW).data()
    assert json.loads(json.dumps(made)) == made
    assert made["at"] == "2026-11-25T12:00:00+00:00"
    assert made["problems"] == []
    assert made["certificates"][1] == {
        "host": "front1",
        "service": "IMAP",
        "place": "192.0.2.1:993",
        "asked_for": "mail.contoso.test",
        "file": FILE,
        "source": "private",
        "names": ["mail.contoso.test"],
        "issuer": "mailpair private CA 01234567",
        "serial": "B2",
        "not_before": "2026-10-26T12:00:00+00:00",
        "not_after": "2027-01-24T12:00:00+00:00",
        "days_left": 60,
        "key": "ECDSA P-256",
        "agrees": True,
    }


def test_a_problem_in_the_data() -> None:
    made = report([Host("front1", seen(pem=issued("mail.contoso.test", left=10), source="provided"))], None, NOW).data()
    assert made["problems"] == [
        {
            "level": "warning",
            "place": "front1 /etc/mailpair/tls/server.pem",
            "value": "mail.contoso.test, valid until 2026-12-05 12:00 UTC, 10 days left",
            "rule": "must have 21 days left",
            "remedy": "renew it and put it where the site document says",
        }
    ]


def test_what_can_not_be_seen() -> None:
    assert said(Host("front1", None)) == [
        "error: front1: no answer: must tell its certificates; see above why it did not"
    ]
    assert said(Host("front1", seen(port(), reason="it is not there"))) == [
        "error: front1 /etc/mailpair/tls/server.pem: it is not there: must hold a certificate; run playbooks/site.yml"
    ]
    assert said(Host("back1", seen({**port("rubbish", service="LMTP"), "file": PEER_CERTIFICATE}))) == [
        (
            "error: back1 LMTP 192.0.2.1:993 mail.contoso.test: what is there can't be read: must show a "
            "certificate; see systemctl status haproxy on back1"
        )
    ]


def test_a_clock_is_compared_with_the_time_at_which_it_was_asked() -> None:
    asked = NOW - timedelta(minutes=5)
    told = {**seen(), "clock": asked.timestamp()}
    assert said(Host("front1", told, asked)) == []
    assert len(said(Host("front1", told, NOW))) == 1
