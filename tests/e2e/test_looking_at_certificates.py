"""The playbook that says which certificates are served where, and what is wrong with them."""

from __future__ import annotations

import json
import ssl
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from tests.e2e.support import clients
from tests.e2e.support.issuing import in_place, issue, site_ca

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

SERVED = "mail"  # the certificate that clients see
NAMES = ("mail.contoso.test", "front1.contoso.test")


def look(stack: Stack, inventory: Path, *arguments: str) -> CompletedProcess[str]:
    """A run of the playbook, which may fail."""
    return stack.playbook(inventory, *arguments, name="certificates.yml", check=False)


def told(stack: Stack, inventory: Path) -> tuple[int, dict[str, Any]]:
    """Code and report of a run that answers in JSON."""
    done = look(stack, inventory, "-e", "mailpair_json=true")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return done.returncode, json.loads(line)


def at_ports(report: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """What ports show, by service and place."""
    rows = [each for each in report["certificates"] if each["service"] not in {"file", "CA"}]
    return {(each["service"], each["place"]): each for each in rows}


def test_all_ports_show_what_is_on_disk(lab: Lab, stack: Stack) -> None:
    code, report = told(stack, stack.inventory())
    assert (code, report["problems"]) == (0, [])
    rows = at_ports(report)
    front, back = lab.front.address, lab.back.address
    ports = {"IMAP": (993, 143), "POP": (995, 110), "SMTP": (587, 25)}
    expected = {(service, f"{front}:{port}") for service, numbers in ports.items() for port in numbers}
    expected |= {(s, f"{back}:{port}") for s, port in (("IMAP", 1993), ("POP", 1995), ("LMTP", 24), ("quota", 12340))}
    assert expected <= rows.keys()
    assert {row["agrees"] for row in rows.values()} == {True}
    with clients.connect_imap(lab) as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = x509.load_der_x509_certificate(client.sock.getpeercert(binary_form=True) or b"")
    seen = rows["IMAP", f"{front}:993"]
    assert int(seen["serial"], 16) == shown.serial_number
    assert seen["not_after"] == shown.not_valid_after_utc.isoformat()
    assert seen["days_left"] == (shown.not_valid_after_utc - datetime.fromisoformat(report["at"])).days
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert seen["names"] == names.get_values_for_type(x509.DNSName)
    assert seen["key"] == "ECDSA P-256"
    assert rows["IMAP", f"{back}:1993"]["names"] == [lab.back.fqdn]


def test_what_is_late_and_what_was_never_loaded(lab: Lab, stack: Stack) -> None:
    authority = site_ca(lab.state.certificate_authority())
    new = issue(authority, *NAMES, left=4.5, life=30)
    peer = issue(authority, lab.back.fqdn)
    with in_place(lab.front, SERVED, new), in_place(lab.back, "peer", peer):
        done = look(stack, stack.plain_inventory())
    assert done.returncode == 2
    lines = [line for line in done.stdout.splitlines() if line.startswith(("error: ", "warning: "))]
    for host, service, place, file, serial, unit in (
        (lab.front, "IMAP", f"{lab.front.address}:993 mail.contoso.test", SERVED, new.serial, "dovecot"),
        (lab.front, "POP", f"{lab.front.address}:110 mail.contoso.test", SERVED, new.serial, "dovecot"),
        (lab.back, "LMTP", f"{lab.back.address}:24 {lab.back.fqdn}", "peer", peer.serial, "haproxy"),
        (lab.back, "IMAP", f"{lab.back.address}:1993 {lab.back.fqdn}", "peer", peer.serial, "haproxy"),
    ):
        (line,) = [line for line in lines if line.startswith(f"error: {host.name} {service} {place}: ")]
        rule = f": must be what is in /etc/mailpair/tls/{file}.pem, {serial}; load it with systemctl reload {unit}"
        assert line.endswith(rule)
    (late,) = [line for line in lines if line.startswith(f"error: front1 /etc/mailpair/tls/{SERVED}.pem: ")]
    assert "4 days left: must have been renewed with 10 days left" in late


def test_a_warning_fails_nothing(lab: Lab, stack: Stack) -> None:
    late = issue(site_ca(lab.state.certificate_authority()), *NAMES, left=8.5, life=30)
    with in_place(lab.front, SERVED, late, "systemctl reload dovecot postfix"):
        done = look(stack, stack.inventory())
    lines = [line for line in done.stdout.splitlines() if line.startswith(("error: ", "warning: "))]
    assert (done.returncode, [line.partition(":")[0] for line in lines]) == (0, ["warning"])
    assert "8 days left: must have been renewed with 10 days left" in lines[0]
