"""What a run would change, word for word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailpair.applied import Applied
from mailpair.changes import differences, report
from mailpair.plan import plan
from mailpair.servers import Role, Server
from mailpair.site import Loaded, load_written

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
SECOND = Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
SERVERS = (FRONT, SECOND, BACK)

SITE = """\
mailpair_site:
  accepted_domains: [contoso.test]
  services: {imap4: {front_end: true, back_end: true}}
"""
MAILBOXES = """\
mailpair_mailboxes:
  root@contoso.test: {server: back1, kind: administrator}
  ada@contoso.test: {server: back1}
"""


def loaded(folder: Path, site: str = SITE, mailboxes: str = MAILBOXES) -> Loaded:
    (folder / "site.yml").write_text(site)
    (folder / "mailboxes.yml").write_text(mailboxes)
    return load_written(folder)


@pytest.fixture
def applied(tmp_path: Path) -> dict[str, Applied]:
    """What the documents above made of three servers."""
    before = loaded(tmp_path)
    return {server.name: Applied(before.settings, SERVERS, plan(before.site, SERVERS, server)) for server in SERVERS}


def test_nothing_was_applied_yet(tmp_path: Path) -> None:
    assert (
        report(loaded(tmp_path), SERVERS, {}) == "Nothing was applied from here yet: a run configures every server.\n"
    )


def test_nothing_has_changed(tmp_path: Path, applied: dict[str, Applied]) -> None:
    assert report(loaded(tmp_path), SERVERS, applied) == (
        "A run would change nothing: this is what was last applied to back1, front1 and front2.\n"
    )


BOB = "  bob@contoso.test: {server: back1}\n"


def test_nothing_has_changed_once_single_mailboxes_were_brought(tmp_path: Path, applied: dict[str, Applied]) -> None:
    now = loaded(tmp_path, mailboxes=MAILBOXES + BOB)
    later = {name: replace(each, settings=now.settings, added=True) for name, each in applied.items()}
    nothing = "A run would change nothing: this is what was last applied to back1, front1 and front2.\n"
    assert report(now, SERVERS, later, values=True) == nothing
    # Servers that are others concern each server's plan, whatever was brought.
    moved = (replace(FRONT, addresses=("10.0.0.99",)), SECOND, BACK)
    assert "A run would change on back1: " in report(now, moved, later)
    # What a run for all of them applied has its plan: another one, of a new version for example, is a change.
    whole = {name: replace(each, settings=now.settings) for name, each in applied.items()}
    assert "A run would change on front1: quota_gate, receive_connector.\n" in report(now, SERVERS, whole)


def test_what_has_changed_is_said_once_for_all_servers(tmp_path: Path, applied: dict[str, Applied]) -> None:
    site = SITE + "  imap_settings: {banner: Welcome., max_connections_per_user: 2147483647}\n"
    site += "  receive_connectors: {Branch: {bindings: ['0.0.0.0:26'], permission_groups: AnonymousUsers}}\n"
    mailboxes = MAILBOXES.replace("ada", "bob").replace(
        "kind: administrator", "kind: administrator, email_addresses: a@contoso.test"
    )
    assert (
        report(loaded(tmp_path, site, mailboxes), SERVERS, applied)
        == """\
Settings that differ from what was last applied to back1, front1 and front2:
  imap_settings.banner: The IMAP4 service is ready. -> Welcome.
  imap_settings.max_connections_per_user: 16 -> 2147483647
  mailboxes[ada@contoso.test]: gone
  mailboxes[bob@contoso.test]: new
  mailboxes[root@contoso.test].email_addresses: [] -> [a@contoso.test]
  receive_connectors[Branch]: new
A run would change on back1: mailbox.
A run would change on front1: base, renewal, client_access, quota_gate, receive_connector.
A run would change on front2: base, renewal, client_access, quota_gate, receive_connector.
"""
    )


def test_servers_that_were_left_behind_are_told_apart(tmp_path: Path, applied: dict[str, Applied]) -> None:
    behind = replace(applied["front2"], settings={**applied["front2"].settings, "imap_settings.banner": "Hello."})
    del applied["back1"]
    assert (
        report(loaded(tmp_path), SERVERS, applied | {"front2": behind})
        == """\
Settings that differ from what was last applied to front2:
  imap_settings.banner: Hello. -> The IMAP4 service is ready.
Nothing was applied from here to back1 yet: a run configures it from the beginning.
"""
    )


def test_what_another_version_would_do_is_said_without_settings(tmp_path: Path, applied: dict[str, Applied]) -> None:
    base = {**applied["front1"].plan["base"], "packages": []}
    before = replace(applied["front1"], plan={**applied["front1"].plan, "base": base, "gone": {}})
    assert report(loaded(tmp_path), SERVERS, applied | {"front1": before}) == (
        "A run would change on front1: base, gone.\n"
    )


def test_values_are_shown_on_demand(tmp_path: Path, applied: dict[str, Applied]) -> None:
    site = SITE + "  imap_settings: {banner: Welcome.}\n"
    text = report(loaded(tmp_path, site), SERVERS, applied, values=True)
    assert "--- front1 client_access, last applied\n+++ front1 client_access, from now on\n" in text
    assert '-   "greeting": "The IMAP4 service is ready."' in text
    assert '+   "greeting": "Welcome."' in text


def test_differences_are_in_the_order_of_documents() -> None:
    before = {"a[10]": "1", "a[2]": "1", "b": "1", "c": "1"}
    after = {"a[10]": "2", "a[2]": "2", "b": "1", "d": "x" * 300}
    assert differences(before, after) == [
        "a[2]: 1 -> 2",
        "a[10]: 1 -> 2",
        "c: 1 -> nothing",
        f"d: nothing -> {'x' * 197}...",
    ]
