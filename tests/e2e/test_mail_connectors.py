"""Receive connectors change by a reload, and a binding that would end Postfix is refused before."""

from __future__ import annotations

import re
import smtplib
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients, ports
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
KIB = 1024


@pytest.fixture
def connectors(stack: Stack) -> Iterator[Stack]:
    """The stack, whose connectors are put back."""
    yield stack
    stack.restore()


def change(stack: Stack, **settings: object) -> None:
    """Lays settings over those of the connectors, named with _ for a blank, and brings them up."""
    names = {name.replace("_", " "): value for name, value in settings.items()}
    stack.edit({"mailpair_site": {"receive_connectors": names}})
    stack.up()


def test_connectors_change_under_an_open_session(lab: Lab, connectors: Stack) -> None:
    subject = clients.unique("through a reload")
    started = lab.front.run("systemctl show -p ExecMainStartTimestampMonotonic postfix")
    with clients.connect_smtp(lab) as session:
        session.login(ADA, lab.password(ADA))
        change(
            connectors,
            Client_Frontend={
                "ssl_bindings": ["0.0.0.0:465"],
                "max_message_size": "64 KB",
                "max_recipients_per_message": 1,
            },
            Default_Frontend={"enabled": False},
        )
        assert {25, 465, 587} & {*ports.open_ports(lab.front.address)} == {465, 587}
        session.sendmail(ADA, [BOB], f"Subject: {subject}\r\n\r\nGood morning.\r\n")

    with smtplib.SMTP_SSL("mail.contoso.test", 465, context=lab.tls) as client:
        client.login(ADA, lab.password(ADA))
        assert client.esmtp_features["size"] == str(64 * KIB)
        client.mail(ADA)
        client.rcpt(BOB)
        assert client.data("Subject: large\r\n\r\n" + ("x" * 70 + "\r\n") * KIB)[0] == 552
        client.rset()
        client.mail(ADA)
        assert [client.rcpt(recipient)[0] for recipient in (BOB, ADA)] == [250, 452]
    assert lab.front.run("systemctl show -p ExecMainStartTimestampMonotonic postfix") == started
    with clients.imap(lab, BOB) as client:
        clients.wait_for_message(client, subject)


@pytest.fixture
def squatter(lab: Lab) -> Iterator[int]:
    """A port of the front end that another program listens on."""
    lab.front.run("systemd-run --quiet --unit mailpair-squatter python3 -m http.server 2526")
    until(lambda: "python3" in lab.front.run("ss -ltnp sport = :2526"), "a listener on 2526")
    yield 2526
    lab.front.run("systemctl stop mailpair-squatter")


def test_a_port_that_is_taken_changes_nothing(lab: Lab, connectors: Stack, squatter: int) -> None:
    changes_nothing(
        lab,
        connectors,
        f"0.0.0.0:{squatter}",
        f"0.0.0.0:{squatter}: python3 listens there already; stop it, or change the connector's bindings",
    )


def test_an_address_that_is_not_the_hosts_changes_nothing(lab: Lab, connectors: Stack) -> None:
    reason = "192.0.2.99:25: this host has no such address; change the connector's bindings"
    changes_nothing(lab, connectors, "192.0.2.99:25", reason)


def changes_nothing(lab: Lab, stack: Stack, binding: str, reason: str) -> None:
    """Sees that a binding is refused with a reason, and that Postfix goes on as it was."""
    before = lab.front.run("cat /etc/postfix/*.cf")
    stack.edit({"mailpair_site": {"receive_connectors": {"Default Frontend": {"bindings": [binding]}}}})
    failed = stack.up(check=False)
    assert failed.returncode != 0
    assert reason in " ".join((failed.stdout + failed.stderr).split())
    assert lab.front.run("cat /etc/postfix/*.cf") == before
    with smtplib.SMTP(lab.front.address, 25, timeout=10) as session:  # the firewall has not gone ahead
        assert session.noop()[0] == 250
    clients.submit(lab, ADA, BOB, clients.unique("all the same"))
    stack.restore()
    stack.up()
    opened = lab.front.run("nft list set inet mailpair public_ports")
    assert {"25", "2526"} & {*re.findall(r"\d+", opened)} == {"25"}  # nor does it stay behind
