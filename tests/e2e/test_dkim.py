"""Signatures of outgoing mail, verified by somebody else's program with the records that the verb prints."""

from __future__ import annotations

import re
import smtplib
from typing import TYPE_CHECKING

import dkim
import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import PATIENCE, until
from tests.e2e.support.world import World, led_to, outside_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
OUT = {"Litware": {"address_spaces": ["litware.test"]}}


def document(selector: str) -> dict[str, object]:
    """The site with signatures."""
    configs = {"contoso.test": {"selector": selector}}
    return {"mailpair_site": {"send_connectors": OUT, "dkim_signing_configs": configs}}


@pytest.fixture(scope="module")
def world(lab: Lab, stack: Stack, outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The outside world, which gets signed mail."""
    stack.edit(document("spring"))
    stack.up()  # while the front end still has the network's own DNS, and finds packages
    with (
        outside_world(outside, tmp_path_factory.mktemp("world"), lab.state.ca_certificate) as world,
        led_to(world, lab.front),
    ):
        lab.front.run("systemctl reload postfix")
        yield world
    stack.restore()


def records(stack: Stack) -> dict[str, str]:
    """What DNS would have: the texts by name, from the lines that the verb prints."""
    said = stack.playbook(stack.inventory(), name="dkim.yml").stdout
    lines = re.findall(r"(\S+\._domainkey\.\S+) IN TXT ((?:\"[^\"]*\"\s*)+)", said.replace('\\"', '"'))
    return {name: "".join(re.findall(r'"([^"]*)"', strings)) for name, strings in lines}


def verified(message: bytes, known: dict[str, str]) -> bool:
    """Whether a message has a signature that holds."""

    def look_up(name: bytes, timeout: float = 5) -> bytes | None:
        assert timeout
        text = known.get(name.decode())
        return text.encode() if text else None

    return bool(dkim.verify(message, dnsfunc=look_up))


def selector(message: bytes) -> str:
    """The selector of a message's signature."""
    found = re.search(rb"^DKIM-Signature:(?:.|\r\n[ \t])*?\bs=([^;\s]+)", message, re.MULTILINE)
    assert found, message
    return found[1].decode()


def sent(lab: Lab, world: World) -> bytes:
    """A message as it arrives outside that Ada sends."""
    subject = clients.unique("signed")
    clients.submit(lab, ADA, "somebody@litware.test", subject, "Grüße.\r\n\r\n  two  blanks \r\n")
    return str(world.wait(subject)["data"]).encode("latin-1")


def test_what_a_user_sends_has_a_signature_that_holds(lab: Lab, stack: Stack, world: World) -> None:
    message, known = sent(lab, world), records(stack)
    assert [*known] == ["spring-front1._domainkey.contoso.test."]
    assert selector(message) == "spring-front1"
    assert verified(message, known)
    assert not verified(message.replace(b"two", b"2"), known)
    assert not verified(b"From: mallory@contoso.test\r\n" + message, known)


@pytest.mark.usefixtures("world")
def test_keys_are_readable_to_the_signer_alone(lab: Lab) -> None:
    found = lab.front.run("find /etc/opendkim/keys -name '*.private' -printf '%U:%u %m\n'").splitlines()
    assert {line.partition(":")[2] for line in found} == {"opendkim 600"}


def test_a_bounce_is_signed(lab: Lab, stack: Stack, world: World) -> None:
    subject = clients.unique("to nobody")
    clients.submit(lab, ADA, "nobody@litware.test", subject)
    with clients.imap(lab, ADA) as client:

        def reports() -> list[bytes]:
            found = clients.find(client, "Undelivered Mail Returned to Sender")
            return [each for each in (clients.fetch(client, number) for number in found) if subject.encode() in each]

        (report,) = until(reports, f"a report of {subject!r}")
    assert world.messages(subject) == []
    assert verified(report, records(stack))


@pytest.mark.usefixtures("world")
def test_what_strangers_bring_is_not_signed(lab: Lab) -> None:
    subject = clients.unique("from a stranger")
    text = f"From: {ADA}\r\nTo: {BOB}\r\nSubject: {subject}\r\n\r\nPay me.\r\n"
    with smtplib.SMTP(clients.PUBLIC_NAME, 25, timeout=PATIENCE) as client:
        client.sendmail("stranger@example.test", [BOB], text)
    with clients.imap(lab, BOB) as reader:
        message = clients.fetch(reader, clients.wait_for_message(reader, subject))
    assert b"DKIM-Signature" not in message


def test_a_new_key_takes_over_and_old_signatures_still_hold(lab: Lab, stack: Stack, world: World) -> None:
    before, old = sent(lab, world), records(stack)
    stack.edit(document("summer"))
    new = records(stack)
    assert [*new] == ["summer-front1._domainkey.contoso.test."]
    assert selector(sent(lab, world)) == "spring-front1"  # the record is known before the key is used
    master = lab.front.run("systemctl show --property MainPID opendkim")
    stack.up()
    after = sent(lab, world)
    assert selector(after) == "summer-front1"
    assert verified(after, new)
    assert verified(before, old)
    assert lab.front.run("systemctl show --property MainPID opendkim") == master
