"""One mailbox is brought by a verb of its own: at once, whole, and as a run for all of them would have done."""

from __future__ import annotations

import imaplib
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from mailpair.applied import last_applied
from mailpair.publish.handout import texts
from tests.e2e.support import clients
from tests.e2e.support.evidence import look, recap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

    # Gives Eve's mailbox settings, or takes it out, and runs the verb; says whether that went well, and what it said
    Bring = Callable[[dict[str, Any] | None], tuple[bool, str]]

ADA, EVE = "ada@contoso.test", "eve@contoso.test"
FURTHER = "eve.adams@contoso.test"


@pytest.fixture(scope="module")
def bring(lab: Lab, stack: Stack) -> Iterator[Bring]:
    inventory = stack.inventory()

    def verb(of_eve: dict[str, Any] | None) -> tuple[bool, str]:
        stack.restore()
        if of_eve is not None:
            stack.edit({"mailpair_mailboxes": {EVE: {"server": "back1", **of_eve}}}, "mailboxes.yml")
        done = stack.playbook(inventory, "-e", f"mailbox={EVE}", name="mailbox.yml", check=False)
        return done.returncode == 0, done.stdout + done.stderr

    lab.state.ensure_password(EVE)
    yield verb
    verb(None)


def seen(lab: Lab) -> dict[str, list[str]]:
    """What hosts look like, but for connections that the firewall counts, which come and go with clients."""
    return {host: [line for line in lines if "ct count over" not in line] for host, lines in look(lab.hosts).items()}


def settings(lab: Lab) -> dict[str, Mapping[str, str]]:
    """What is remembered of all settings, by server."""
    return {name: each.settings for name, each in last_applied(lab.state).items()}


def nothing_is_left_for_a_run_for_all(lab: Lab, stack: Stack) -> None:
    """Files of the hosts are as such a run leaves them, and so is what is remembered of it."""
    before, kept = seen(lab), settings(lab)
    for count in recap(stack.playbook(stack.inventory(), name="mailboxes.yml").stdout).values():
        assert (count["changed"], count["failed"], count["unreachable"]) == (0, 0, 0)
    assert seen(lab) == before
    assert settings(lab) == kept


def refused(lab: Lab, password: str) -> bool:
    """Whether Eve is not let in over IMAP."""
    with clients.connect_imap(lab) as client:
        try:
            client.login(EVE, password)
        except imaplib.IMAP4.error as error:
            return "AUTHENTICATIONFAILED" in str(error)
        client.logout()
    return False


def test_one_that_is_new_is_used_at_once(bring: Bring, lab: Lab, stack: Stack) -> None:
    brought, said = bring({"email_addresses": [FURTHER], "use_database_quota_defaults": False})
    assert brought, said
    with clients.imap(lab, EVE) as client:
        subject = clients.unique()
        clients.submit(lab, ADA, FURTHER, subject)
        clients.wait_for_message(client, subject)
    clients.submit(lab, EVE, ADA, clients.unique())
    with clients.pop(lab, EVE) as pop:
        assert subject in clients.pop_subjects(pop)
    nothing_is_left_for_a_run_for_all(lab, stack)


def test_a_new_password_ends_sessions_of_the_old_one(bring: Bring, lab: Lab) -> None:
    assert bring({})[0]
    former, fresh = lab.password(EVE), secrets.token_urlsafe(12)
    with clients.imap(lab, ADA) as bystander, clients.connect_imap(lab) as client:
        client.login(EVE, former)
        lab.state.set_password(EVE, fresh)
        assert bring({})[0]
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            client.noop()
        bystander.noop()
    assert refused(lab, former)
    assert not refused(lab, fresh)
    lab.state.hash_file(EVE).unlink()
    lab.state.password_file(EVE).write_text(former + "\n")


def test_one_that_is_new_begins_with_the_welcome_message(lab: Lab, stack: Stack) -> None:
    newcomer = f"new-{secrets.token_hex(4)}@contoso.test"
    lab.state.ensure_password(newcomer)
    stack.restore()
    stack.edit({"mailpair_site": {"welcome_message": {"enabled": True}}})
    stack.edit({"mailpair_mailboxes": {newcomer: {"server": "back1"}}}, "mailboxes.yml")
    for changed in (2, 0):
        done = stack.playbook(stack.inventory(), "-e", f"mailbox={newcomer}", name="mailbox.yml")
        assert sum(count["changed"] for count in recap(done.stdout).values()) == changed
    with clients.imap(lab, newcomer) as client:
        assert len(clients.find(client, texts("en")["subject"])) == 1
    stack.restore()
    stack.playbook(stack.inventory(), "-e", f"mailbox={newcomer}", name="mailbox.yml")


def test_what_would_clash_is_refused_and_changes_nothing(bring: Bring, lab: Lab, stack: Stack) -> None:
    assert bring({})[0]
    before = seen(lab)
    brought, said = bring({"email_addresses": ["ada.lovelace@contoso.test"]})
    assert not brought
    assert f"{stack.site_dir}: nothing was changed on any host." in said
    assert (
        "mailboxes[eve@contoso.test].email_addresses[0]: 'ada.lovelace@contoso.test': must be an address of one "
        "mailbox; mailboxes[ada@contoso.test].email_addresses[0] has it"
    ) in said
    assert seen(lab) == before


def test_one_that_is_taken_out_is_gone_with_its_sessions(bring: Bring, lab: Lab, stack: Stack) -> None:
    assert bring({})[0]
    with clients.connect_imap(lab) as client:
        client.login(EVE, lab.password(EVE))
        assert bring(None)[0]
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            client.noop()
    assert refused(lab, lab.password(EVE))
    nothing_is_left_for_a_run_for_all(lab, stack)
