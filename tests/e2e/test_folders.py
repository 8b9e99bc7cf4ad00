"""Folders over IMAP, and what POP3 makes of the same mailbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    import imaplib

    from tests.e2e.support.lab import Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"


def test_folders_are_made_and_survive(lab: Lab) -> None:
    folder, subject = clients.unique("Projects"), clients.unique()
    clients.submit(lab, ADA, BOB, subject)
    with clients.imap(lab, BOB) as client:
        clients.ok(client.create(f'"{folder}"'))
        clients.ok(client.create(f'"{folder}/2013"'))
        clients.ok(client.subscribe(f'"{folder}/2013"'))
        clients.ok(client.copy(clients.wait_for_message(client, subject), f'"{folder}/2013"'))
    lab.back.run("systemctl restart dovecot")
    with clients.imap(lab, BOB, folder=None) as client:
        for found in (client.list(f'"{folder}/"', "%"), client.lsub(f'"{folder}/"', "%")):
            assert [line.split(b' "/" ')[1].decode() for line in clients.ok(found)] == [f'"{folder}/2013"']
        clients.ok(client.select(f'"{folder}/2013"'))
        assert clients.find(client, subject) == ["1"]


def special_folder(client: imaplib.IMAP4, use: bytes) -> str:
    """Name of the folder that has a special use."""
    lines = clients.ok(client.list())
    (line,) = [line for line in lines if use in line.split(b")")[0]]
    found = re.search(rb'"?([^" ]+)"?$', line)
    assert found
    return found[1].decode()


def test_a_sent_copy_is_seen_by_a_second_client(lab: Lab) -> None:
    subject = clients.unique()
    with clients.imap(lab, ADA) as desk, clients.imap(lab, ADA, "TLS") as phone:
        sent = special_folder(phone, b"\\Sent")
        clients.ok(phone.select(sent))
        message = clients.submit(lab, ADA, BOB, subject)
        clients.ok(desk.append(special_folder(desk, b"\\Sent"), "(\\Seen)", "", message.as_bytes()))
        number = clients.wait_for_message(phone, subject)
        assert clients.fetch(phone, number) == message.as_bytes()
        assert b"\\Seen" in clients.ok(phone.fetch(number, "(FLAGS)"))[0]


def test_every_special_use_has_one_folder(lab: Lab) -> None:
    with clients.imap(lab, ADA) as client:
        names = {use: special_folder(client, use) for use in (b"\\Sent", b"\\Drafts", b"\\Trash", b"\\Junk")}
    assert len(set(names.values())) == len(names)


def test_what_pop_deletes_is_gone_and_what_it_leaves_is_seen_over_imap(lab: Lab) -> None:
    taken, left = clients.unique("taken"), clients.unique("left")
    for subject in (taken, left):
        clients.submit(lab, ADA, BOB, subject)
        clients.pop_wait(lab, BOB, subject)
    with clients.pop(lab, BOB) as client:
        numbers = clients.pop_subjects(client)
        client.retr(numbers[left])
        client.retr(numbers[taken])
        client.dele(numbers[taken])
    with clients.imap(lab, BOB) as reader:
        assert clients.find(reader, taken) == []
        assert len(clients.find(reader, left)) == 1
    with clients.pop(lab, BOB) as client:
        subjects = clients.pop_subjects(client)
    assert taken not in subjects
    assert left in subjects


def test_pop_names_a_message_the_same_in_every_session(lab: Lab) -> None:
    subject = clients.unique()
    clients.submit(lab, ADA, BOB, subject)
    clients.pop_wait(lab, BOB, subject)
    names = []
    for encryption in ("SSL", "TLS"):
        with clients.pop(lab, BOB, encryption) as client:
            names.append(client.uidl(clients.pop_subjects(client)[subject]).split()[-1])
    assert names[0] == names[1]


def test_pop_sees_the_inbox_alone(lab: Lab) -> None:
    folder, moved, stays = clients.unique("Elsewhere"), clients.unique("moved"), clients.unique("stays")
    for subject in (moved, stays):
        clients.submit(lab, ADA, BOB, subject)
    with clients.imap(lab, BOB) as client:
        clients.ok(client.create(f'"{folder}"'))
        clients.wait_for_message(client, stays)
        number = clients.wait_for_message(client, moved)
        clients.ok(client.copy(number, f'"{folder}"'))
        clients.ok(client.store(number, "+FLAGS", "(\\Deleted)"))
        clients.ok(client.expunge())
    with clients.pop(lab, BOB) as session:
        subjects = clients.pop_subjects(session)
    assert stays in subjects
    assert moved not in subjects


def test_there_are_no_public_or_shared_folders(lab: Lab) -> None:
    with clients.imap(lab, ADA) as client:
        assert re.fullmatch(rb'\(\("" "/"\)\) NIL NIL', clients.ok(client.namespace())[0])
        names = clients.ok(client.list('""', '"*"'))
        assert not [name for name in names if re.search(rb"public|shared|bob", name, re.IGNORECASE)]
        for foreign in ("Public", "Shared/bob", "#public", "~bob@contoso.test/INBOX", "../bob@contoso.test/INBOX"):
            assert client.select(f'"{foreign}"')[0] == "NO"


def test_what_one_mailbox_holds_no_other_sees(lab: Lab) -> None:
    subject = clients.unique()
    clients.submit(lab, ADA, BOB, subject)
    with clients.imap(lab, BOB) as bob, clients.imap(lab, ADA) as ada:
        clients.wait_for_message(bob, subject)
        assert clients.find(ada, subject) == []


def test_a_flag_is_seen_by_a_second_client_at_once(lab: Lab) -> None:
    subject = clients.unique()
    clients.submit(lab, ADA, BOB, subject)
    with clients.imap(lab, BOB) as desk, clients.imap(lab, BOB, "TLS") as phone:
        clients.wait_for_message(desk, subject)
        number = clients.wait_for_message(phone, subject)
        clients.ok(desk.store(number, "+FLAGS", "(\\Flagged)"))
        until(lambda: b"\\Flagged" in clients.ok(phone.fetch(number, "(FLAGS)"))[0], "the other client's flag")
