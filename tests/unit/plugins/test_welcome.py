"""New mailboxes are noted, get their message over LMTP once, and are left noted where they did not take it."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.modules import welcome

from tests.unit.plugins.host import Ended, FakeModule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
TEXTS = [{"subject": "Your mailbox", "text": "Good morning, %ADDRESS%.\n\n歡迎。\n"}]
WAITS = "the welcome message is not delivered yet, the next run tries again: "


class Session(socketserver.StreamRequestHandler):
    """One connection of LMTP (RFC 2033), as far as the module speaks it."""

    server: Lmtp

    def handle(self) -> None:
        self.say("220 ready")
        recipient, lines = "", list[bytes]()
        while line := self.rfile.readline():
            word = line.strip().decode().upper()
            if word.startswith("RCPT"):
                recipient = word.partition("<")[2].rstrip(">").lower()
                self.say(self.server.store.refusals.get(recipient, "250 ok"))
            elif word == "DATA":
                self.say("354 go on")
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line)
                self.server.store.accepted.append((recipient, b"".join(lines)))
                lines = []
                self.say(self.server.store.after.get(recipient, "250 stored"))
            elif word == "QUIT":
                self.say("221 bye")
                return
            elif word.startswith("MAIL"):
                self.server.store.senders.append(word)
                self.say("250 ok")
            else:
                self.say("250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@dataclass
class Store:
    """What came over LMTP, and to whom it says what else than 250."""

    path: str
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)

    def message(self, number: int = 0) -> EmailMessage:
        return message_from_bytes(self.accepted[number][1], policy=policy.default)

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]


class Lmtp(socketserver.ThreadingUnixStreamServer):
    store: Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Lmtp(str(tmp_path / "lmtp"), Session) as server:
        server.store = Store(str(tmp_path / "lmtp"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.store
        server.shutdown()


@dataclass
class Host:
    """A back end's folders, and what the module says of them."""

    folder: Path
    mailboxes: dict[str, int]
    searched: str = ""
    only: str | None = None
    commands: list[str] = field(default_factory=list)

    def run(self, state: str, *, check_mode: bool = False) -> dict[str, Any]:
        params = {
            "state": state,
            "mailboxes": self.mailboxes,
            "texts": TEXTS,
            "sender": "postmaster@contoso.test",
            "homes": str(self.folder / "homes"),
            "folder": str(self.folder / "notes"),
            "socket": str(self.folder / "lmtp"),
            "only": self.only,
        }
        module = FakeModule(params, str(self.folder), lambda _: (0, self.searched, ""), check_mode)
        with pytest.raises(Ended) as end:
            welcome.run(module)
        self.commands = module.commands
        return end.value.said

    def has_mail(self, address: str) -> None:
        name, _, domain = address.partition("@")
        (self.folder / "homes" / domain / name).mkdir(parents=True)

    @property
    def notes(self) -> set[str]:
        folder = self.folder / "notes"
        return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path, {ADA: 0, BOB: 0})


def test_a_new_mailbox_gets_it_once(host: Host, store: Store) -> None:
    host.has_mail(BOB)
    assert host.run("noted") == {"changed": True, "welcomed": []}
    assert host.notes == {ADA}
    assert host.run("delivered") == {"changed": True, "welcomed": [ADA], "warnings": []}
    assert (store.recipients, host.notes) == ([ADA], set())
    host.has_mail(ADA)
    assert host.run("noted") == {"changed": False, "welcomed": []}
    assert host.run("delivered") == {"changed": False, "welcomed": [], "warnings": []}
    assert store.recipients == [ADA]


def test_notes_of_others_stay_where_it_is_for_one(host: Host, store: Store) -> None:
    host.run("noted")
    host.only, host.mailboxes = ADA, {}
    assert host.run("noted") == {"changed": True, "welcomed": []}
    assert host.notes == {BOB}
    host.mailboxes = {ADA: 0}
    host.run("noted")
    assert host.run("delivered")["welcomed"] == [ADA]
    assert (store.recipients, host.notes) == ([ADA], {BOB})


def test_what_comes_before_the_message_does_not_keep_it_away(host: Host, store: Store) -> None:
    host.run("noted")
    host.has_mail(ADA)
    assert host.run("delivered")["welcomed"] == [ADA, BOB]
    assert store.recipients == [ADA, BOB]


def test_the_message_is_whole_and_answers_to_it_go_nowhere(host: Host, store: Store) -> None:
    host.mailboxes = {ADA: 0}
    host.run("noted")
    host.run("delivered")
    message = store.message()
    assert store.senders == ["MAIL FROM:<>"]
    assert (message["From"], message["To"]) == ("postmaster@contoso.test", ADA)
    assert (message["Subject"], message["Auto-Submitted"]) == ("Your mailbox", "auto-generated")
    assert message["Message-ID"].endswith("@contoso.test>")
    assert message["Date"]
    assert message.get_content().replace("\r\n", "\n") == f"Good morning, {ADA}.\n\n歡迎。\n"
    assert store.accepted[0][1].isascii()


def test_a_run_that_was_ended_before_it_took_the_note_away_is_not_repeated(host: Host, store: Store) -> None:
    host.mailboxes = {ADA: 0}
    host.run("noted")
    host.has_mail(ADA)
    host.searched = "1234 1\n"
    assert host.run("delivered") == {"changed": False, "welcomed": [], "warnings": []}
    (command,) = host.commands
    assert command.startswith(f"doveadm search -u {ADA} mailbox * header Message-ID <welcome.")
    assert (store.recipients, host.notes) == ([], set())


@pytest.mark.parametrize("when", ["refusals", "after"])
def test_a_mailbox_that_takes_nothing_is_told_and_tried_again(host: Host, store: Store, when: str) -> None:
    host.run("noted")
    getattr(store, when)[ADA] = "452 4.2.2 Mailbox is full"
    said = host.run("delivered")
    assert said["welcomed"] == [BOB]
    assert said["warnings"] == [f"{WAITS}{ADA}: 452 4.2.2 Mailbox is full"]
    assert host.notes == {ADA}
    getattr(store, when).clear()
    assert host.run("delivered")["welcomed"] == [ADA]


def test_a_server_that_does_not_answer_is_told_and_tried_again(host: Host) -> None:
    host.run("noted")
    said = host.run("delivered")
    assert (said["changed"], said["welcomed"]) == (False, [])
    (warning,) = said["warnings"]
    assert warning.startswith(f"{WAITS}{ADA}: [Errno 2]")
    assert host.notes == {ADA, BOB}


def test_a_warning_names_the_first_few(host: Host) -> None:
    host.mailboxes = {f"user{number}@contoso.test": 0 for number in range(8)}
    host.run("noted")
    (warning,) = host.run("delivered")["warnings"]
    assert warning.count("@contoso.test: ") == 5
    assert warning.endswith("; and 3 more")


def test_who_has_gone_in_the_meantime_gets_nothing(host: Host, store: Store) -> None:
    host.run("noted")
    host.mailboxes = {BOB: 0}
    assert host.run("noted")["changed"] is True
    assert host.notes == {BOB}
    assert host.run("delivered")["welcomed"] == store.recipients == [BOB]


def test_check_mode_says_who_would_get_it(host: Host, store: Store) -> None:
    assert host.run("noted", check_mode=True) == {"changed": True, "welcomed": []}
    assert host.run("delivered", check_mode=True) == {"changed": True, "welcomed": [ADA, BOB]}
    assert (host.notes, store.recipients) == (set(), [])


def test_a_name_with_special_characters_is_no_path(host: Host, store: Store) -> None:
    host.mailboxes = {"a/../b%@contoso.test": 0}
    host.run("noted")
    assert host.notes == {"a%2F..%2Fb%25@contoso.test"}
    assert host.run("delivered")["welcomed"] == store.recipients == ["a/../b%@contoso.test"]
