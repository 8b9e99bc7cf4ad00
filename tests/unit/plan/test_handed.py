"""What roles are handed of accounts is text, in the form of the files that have it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mailpair.plan import plan
from mailpair.plan.handed import handed
from mailpair.servers import Role, Server
from mailpair.site.model import Kind, ServicePair
from tests.unit.plan.sites import mailbox, receive
from tests.unit.publish.test_clients import PUBLISHED

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
ON = ServicePair(front_end=True, back_end=True)
ROOT = mailbox("root@contoso.test", kind=Kind.ADMINISTRATOR)


def made(server: Server, *addresses: str) -> dict[str, Any]:
    boxes = [mailbox(each, f"also.{each}") for each in addresses]
    limited = [replace(each, use_database_quota_defaults=False, prohibit_send_receive_quota=1 << 30) for each in boxes]
    empty = replace(PUBLISHED, pop3=ON, imap4=ON, receive_connectors=(receive(),))
    everything = replace(
        empty,
        mailboxes=(*limited, ROOT),
        web_site=replace(empty.web_site, enabled=True),
        welcome_message=replace(empty.welcome_message, enabled=True),
    )
    return handed(plan(everything, (FRONT, BACK), server))


def values(found: Any) -> int:
    """How many values Ansible looks at."""
    match found:
        case dict():
            return 1 + sum(map(values, found.values()))
        case list():
            return 1 + sum(map(values, found))
    return 1


@pytest.mark.parametrize("server", [FRONT, BACK], ids=lambda server: server.name)
def test_a_large_directory_has_no_more_values_than_a_small_one(server: Server) -> None:
    few, many = (made(server, *(f"user{each}@contoso.test" for each in range(number))) for number in (1, 50))
    assert values(few) == values(many)
    assert "user49@contoso.test" in json.dumps(many)


def test_a_back_end_has_lines_of_a_passwd_file_and_whom_it_welcomes() -> None:
    given = made(BACK, "ada@contoso.test", "bob@contoso.test")["mailbox"]
    first, second, last = given["mailboxes"].splitlines(keepends=True)
    assert first.startswith("ada@contoso.test:::::::userdb_quota_storage_size=1073741824 userdb_quota/Mailbox/")
    assert second == first.replace("ada", "bob")
    assert last == "root@contoso.test:::::::\n"
    assert json.loads(given["welcome"]["mailboxes"]) == {"ada@contoso.test": 0, "bob@contoso.test": 0}
    (text,) = given["welcome"]["texts"]
    assert "%ADDRESS%" in text["text"]


def test_a_front_end_has_lines_of_maps() -> None:
    given = made(FRONT, "ada@contoso.test")["receive_connector"]
    way = "lmtp:[back1.contoso.test]:24"
    assert given["mailboxes"] == f"ada@contoso.test {way}\nroot@contoso.test {way}\n"
    assert given["senders"] == "ada@contoso.test ada@contoso.test\nalso.ada@contoso.test ada@contoso.test\n"
    assert given["aliases"].splitlines()[0] == "also.ada@contoso.test ada@contoso.test"
    assert "postmaster@contoso.test root@contoso.test\n" in given["aliases"]


def test_a_front_end_has_the_documents_of_programs() -> None:
    given = made(FRONT, "ada@contoso.test")
    assert given["portal"]["published"].startswith('{\n    "address": "https://')
    assert json.loads(given["portal"]["published"])["mailboxes"] == {"ada@contoso.test": {"imap": True, "pop": True}}
    assert json.loads(given["quota_gate"]["tables"])["mailboxes"]["rows"][0][:2] == [
        "ada@contoso.test",
        "back1.contoso.test",
    ]
