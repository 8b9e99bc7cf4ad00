"""No setting is taken and then ignored: a change of each is a change of what hosts or users get."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailpair.plan import plan
from mailpair.plan.accounts import logins
from mailpair.publish import client_settings_json
from mailpair.servers import Role, Server
from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.site import rules
from mailpair.site.build import build
from mailpair.site.schema import check
from tests.unit.settings.test_records import ALL
from tests.unit.site.conftest import put

SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",)),
    Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.12",)),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.13",)),
    Server("back2", Role.MAILBOX, "back2.contoso.test", ("10.0.0.14",)),
)
BASE: dict[str, Any] = {
    "accepted_domains": ["contoso.test"],
    "services": {name: {"front_end": True, "back_end": True} for name in ("pop3", "imap4")},
    "pop_settings": {"external_connection_settings": ["pop.contoso.test:995:SSL"]},
    "imap_settings": {"external_connection_settings": ["imap.contoso.test:993:SSL"]},
    "send_connectors": {"Out": {"address_spaces": ["*"]}},
    "certificates": {"mail": {"domain_name": ["mail.contoso.test"]}},
    "mailboxes": {
        "ada@contoso.test": {"server": "back1"},
        "root@contoso.test": {"server": "back1", "kind": "administrator"},
    },
}
# What nobody gets anything of by itself: other settings say as much, and are refused where they say something else.
DECIDED = {
    "version": "there is one",
    "receive_connectors[].enable_auth_gssapi": "auth_mechanism",
    "send_connectors[].dns_routing_enabled": "smart_hosts",
    "mailboxes[].pop_use_protocol_defaults": "what it lets be given",
    "mailboxes[].imap_use_protocol_defaults": "what it lets be given",
}

Changes = dict[str, Any]


def table() -> Iterator[tuple[Changes, Changes]]:
    """Each change, and what holds before and after."""
    change: Changes = {}
    given: Changes = {}
    for line in Path(__file__).with_name("every_setting.txt").read_text().splitlines():
        path, _, value = line.lstrip("+ ").partition(" = ")
        if line.startswith("    "):
            given[path] = json.loads(value)
        elif line.startswith("+"):
            change[path] = json.loads(value)
        elif line and not line.startswith("#"):
            if change:
                yield change, given
            change, given = {path: json.loads(value)}, {}
    yield change, given


def cases() -> Iterator[tuple[Changes, Changes]]:
    """The table, and what it says of IMAP4 for POP3 and for one server."""
    rows = list(table())
    said = {path for change, _ in rows for path in change}
    for change, given in rows:
        yield change, given
        ((path, value), *others) = change.items()
        group, _, name = path.partition(".")
        if group == "imap_settings" and not others:
            for place in ("pop_settings", "servers[front1].imap_settings", "servers[front1].pop_settings"):
                parameter = ALL.get(f"{place.replace('[front1]', '[]')}.{name}")
                if parameter and not parameter.settled and f"{place}.{name}" not in said:
                    yield {f"{place}.{name}": value}, given


CASES = list(cases())


def outcome(changes: Changes) -> Any:
    """All that hosts and users get of the documents with some changes."""
    documents = copy.deepcopy(BASE)
    for path, value in changes.items():
        put(documents, path, copy.deepcopy(value))
    mailboxes = check(MAILBOXES, {"mailboxes": documents.pop("mailboxes")})
    site = check(SITE, documents)
    assert [*site.problems, *mailboxes.problems] == []
    built = build(site.values, mailboxes.values["mailboxes"])
    assert list(rules.problems(built, frozenset())) == []
    back_ends = {server.name: server.fqdn for server in SERVERS}
    return (
        [plan(built, SERVERS, server) for server in SERVERS],
        logins(built, str, back_ends),
        client_settings_json(built, SERVERS),
    )


@pytest.mark.parametrize(("change", "given"), CASES, ids=[next(iter(change)) for change, _ in CASES])
def test_a_change_of_a_setting_is_a_change_of_what_is_had(change: Changes, given: Changes) -> None:
    assert outcome(given) != outcome({**given, **change})


def test_every_setting_is_changed() -> None:
    changed = {re.sub(r"\[[^]]+\]", "[]", path) for change, _ in CASES for path in change}
    assert changed | DECIDED.keys() == {path for path, parameter in ALL.items() if not parameter.settled}
