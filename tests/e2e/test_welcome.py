"""The message that new mailboxes begin with, as its reader gets it."""

from __future__ import annotations

import secrets
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest

from mailpair.publish.handout import texts
from tests.e2e.support import clients
from tests.e2e.support.evidence import recap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

    # Gives new mailboxes settings and runs a playbook; returns what the playbook said.
    Apply = Callable[[dict[str, dict[str, Any]]], str]

NOTES = "/var/lib/mailpair/welcome"
ON = {"mailpair_site": {"welcome_message": {"enabled": True, "languages": ["en", "zh-TW"]}}}


@pytest.fixture(scope="module")
def apply(lab: Lab, stack: Stack) -> Iterator[Apply]:
    inventory = stack.inventory()
    stack.edit(ON)
    stack.playbook(inventory)

    def mailboxes(new: dict[str, dict[str, Any]]) -> str:
        for address in new:
            lab.state.ensure_password(address)
        stack.edit(
            {"mailpair_mailboxes": {name: {"server": "back1", **each} for name, each in new.items()}}, "mailboxes.yml"
        )
        done = stack.playbook(inventory, name="mailboxes.yml")
        return done.stdout + done.stderr

    yield mailboxes
    stack.restore()


@pytest.fixture
def newcomer() -> str:
    """An address that nobody has had before."""
    return f"new-{secrets.token_hex(4)}@contoso.test"


def inbox(lab: Lab, address: str) -> list[EmailMessage]:
    """All messages, oldest first."""
    with clients.imap(lab, address) as client:
        numbers = clients.ok(client.search(None, "ALL"))[0].split()
        return [message_from_bytes(clients.fetch(client, n.decode()), policy=policy.default) for n in numbers]


def test_a_new_mailbox_begins_with_its_settings_once(apply: Apply, stack: Stack, lab: Lab, newcomer: str) -> None:
    said = apply({newcomer: {}})
    (message,) = inbox(lab, newcomer)
    assert (message["From"], message["To"]) == ("postmaster@contoso.test", newcomer)
    assert (message["Auto-Submitted"], message["Return-Path"]) == ("auto-generated", "<>")
    text, words = message.get_content(), texts("en")
    for protocol, offers in lab.outputs["client_settings"]["outside"].items():
        for each in offers:
            told = {"server": each["server"], "port": each["port"], "encryption": words[each["encryption"]]}
            lines = [f"    {words[key]}: {value}\n" for key, value in told.items()]
            assert f"  {words[protocol.upper()]}\n{''.join(lines)}" in text.replace("\r\n", "\n")
    assert words["leave_a_copy"] in text
    assert recap(said)["back1"]["changed"] > 0

    again = apply({newcomer: {}})
    assert {host: counts["changed"] for host, counts in recap(again).items()} == {"back1": 0, "front1": 0}
    whole = stack.playbook(stack.inventory()).stdout
    assert {host: counts["changed"] for host, counts in recap(whole).items()} == {"back1": 0, "front1": 0}
    with clients.pop(lab, newcomer) as client:
        assert client.stat()[0] == 1


def test_it_says_the_same_in_each_language(apply: Apply, lab: Lab, newcomer: str) -> None:
    apply({newcomer: {"pop_enabled": False}})
    (message,) = inbox(lab, newcomer)
    text = message.get_content().replace("\r\n", "\n")
    english, chinese = texts("en"), texts("zh-TW")
    assert message["Subject"] == f"{english['subject']} / {chinese['subject']}"
    for part in ("sign_in", "idle", "when_advice"):
        assert text.index(english[part]) < text.index(chinese[part])
    for words in (english, chinese):
        assert words["leave_a_copy"] not in text
        assert text.count(f"{words['for_whom']} {newcomer}\n") == 1


def test_who_can_not_read_it_gets_it_later(apply: Apply, lab: Lab, newcomer: str) -> None:
    apply({newcomer: {"imap_enabled": False, "pop_enabled": False}})
    assert lab.back.run(f"test -e /srv/vmail/contoso.test/{newcomer.partition('@')[0]} || echo nothing") == "nothing\n"
    apply({newcomer: {}})
    assert len(inbox(lab, newcomer)) == 1


def test_a_mailbox_that_has_had_mail_gets_none(apply: Apply, stack: Stack, lab: Lab, newcomer: str) -> None:
    stack.edit({"mailpair_site": {"welcome_message": {"enabled": False}}})
    apply({newcomer: {}})
    subject = clients.unique()
    clients.submit(lab, "ada@contoso.test", newcomer, subject)
    with clients.imap(lab, newcomer) as client:
        clients.wait_for_message(client, subject)
    stack.edit(ON)
    apply({newcomer: {}})
    assert [message["Subject"] for message in inbox(lab, newcomer)] == [subject]


def test_a_run_that_was_ended_after_the_delivery_delivers_it_no_second_time(
    apply: Apply, lab: Lab, newcomer: str
) -> None:
    apply({newcomer: {}})
    lab.back.run(f"touch {NOTES}/{newcomer}")  # as such a run leaves it
    apply({newcomer: {}})
    assert len(inbox(lab, newcomer)) == 1
    assert newcomer not in lab.back.run(f"ls {NOTES}")


def test_a_full_mailbox_gets_it_once_there_is_room(apply: Apply, stack: Stack, lab: Lab, newcomer: str) -> None:
    small = {
        "use_database_quota_defaults": False,
        "issue_warning_quota": "unlimited",
        "prohibit_send_quota": "unlimited",
        "prohibit_send_receive_quota": "1 KB",
    }
    stack.edit({"mailpair_site": {"welcome_message": {"enabled": False}}})
    apply({newcomer: small})
    subject = clients.unique()
    clients.submit(lab, "ada@contoso.test", newcomer, subject, f"{'x' * 76}\r\n" * 30)
    with clients.imap(lab, newcomer) as client:
        clients.wait_for_message(client, subject)
    stack.edit(ON)
    lab.back.run(f"mkdir -p {NOTES} && touch {NOTES}/{newcomer}")  # as for one that was full from its first minute
    assert f"the next run tries again: {newcomer}: 552 5.2.2" in apply({newcomer: small})
    apply({newcomer: {}})
    assert [message["Subject"] == subject for message in inbox(lab, newcomer)] == [True, False]
