"""What one mailbox changes in files leaves them as a run for all mailboxes writes them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils.one_mailbox import with_entries, with_lines
from ansible_collections.mailpair.mail.plugins.module_utils.tables import stored

from mailpair.plan import mailbox, one_mailbox, places, portal, quota, receive_connector
from mailpair.plan.accounts import LOGINS, logins, stamps
from mailpair.plan.role import plain
from mailpair.plan.tables import Table
from mailpair.servers import Role, Server
from mailpair.site import Site, load, load_excerpt
from tests.unit.plugins.host import OWNER

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("192.0.2.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("192.0.2.21",))
OTHER = Server("back2", Role.MAILBOX, "back2.contoso.test", ("192.0.2.22",))
SERVERS = (FRONT, BACK, OTHER)

SITE = """\
mailpair_site:
  accepted_domains: [contoso.test]
  web_site: {enabled: true}
  mailbox_database: {prohibit_send_quota: 2 GB, prohibit_send_receive_quota: 3 GB}
"""
OTHERS = """\
mailpair_mailboxes:
  # Who is there all the time.
  ada@contoso.test: {server: back1, email_addresses: [ada.lovelace@contoso.test, zora@contoso.test]}
  chief@contoso.test:
    server: back1
    kind: administrator
  guest@contoso.test: {server: back1, kind: guest}
  zoe@contoso.test: {server: back2, pop_enabled: false}
"""


def hashed(address: str) -> str:
    return f"$argon2id$of-{address}"


def whole(site: Site) -> dict[str, str]:
    """The files as a run for all mailboxes writes them: on a front end by path, on a back end by its name."""
    connectors = receive_connector.plan(site, SERVERS, FRONT)
    page = portal.plan(site, SERVERS, FRONT)
    files = {}
    for name in ("aliases", "mailboxes", "senders"):
        entries = getattr(connectors, name)
        lines = "".join(f"{entry.key} {entry.value}\n" for entry in entries)
        files[f"{connectors.folder}/{name}"] = f"#\n# Ansible managed\n#\n{lines}"
    files[connectors.gate.accounts] = files[page.accounts] = stamps(site, hashed)
    for back in (BACK, OTHER):
        accounts = mailbox.plan(site, SERVERS, back).mailboxes
        files[back.name] = "".join(f"{each.address}:::::::{' '.join(each.fields)}\n" for each in accounts)
    files[page.file] = json.dumps(page.published, indent=4, sort_keys=True, separators=(",", ": ")) + "\n"
    return files


def tables(site: Site) -> dict[str, dict[str, Table]]:
    """The tables as a run for all mailboxes brings them, by the same names."""
    gate = quota.plan(site, SERVERS)
    hosts = {each.name: each.fqdn for each in SERVERS if each.role is Role.MAILBOX}
    return {places.ACCOUNTS: {LOGINS: logins(site, hashed, hosts)}, gate.file: gate.tables}


def told(site: Site, address: str) -> list[tuple[str, dict[str, Any]]]:
    """What hosts are told of one mailbox, by the same names."""
    front = one_mailbox.plain(one_mailbox.front_end(site, SERVERS, FRONT, address, hashed))
    files = [(file["path"], file) for each in front for file in each["files"]]
    for back in (BACK, OTHER):
        ((service,)) = one_mailbox.plain(one_mailbox.back_end(site, SERVERS, back, address))
        files += [(back.name, file) for file in service["files"]]
    return files


def brought(files: dict[str, str], site: Site, address: str) -> dict[str, str]:
    """The files once one mailbox was brought to all hosts."""
    changed = dict(files)
    for path, file in told(site, address):
        if not file["tables"]:
            text = changed[path]
            changed[path] = with_lines(text, file["lines"]) if file["lines"] else with_entries(text, file["entries"])
    return changed


def put(folder: Path, whole: dict[str, dict[str, Table]]) -> dict[str, Path]:
    """The tables in files, as a run for all mailboxes puts them there."""
    paths = {name: folder / name.replace("/", "_") for name in whole}
    for name, each in whole.items():
        stored({**HERE, "path": str(paths[name])}, plain(each)).put()
    return paths


def rows(path: Path) -> dict[str, list[Any]]:
    """All that is in a file."""
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(database.execute(f"SELECT * FROM {name}"), key=str) for name in names}


def written(folder: Path, mailboxes: str) -> Path:
    (folder / "site.yml").write_text(SITE)
    (folder / "mailboxes.yml").write_text(mailboxes)
    return folder


HERE: dict[str, Any] = {**OWNER, "mode": "0640", "in_place": True}
STATES = [
    "",
    "{server: back1}",
    "{server: back2}",
    "{server: back1, account_disabled: true}",
    "{server: back1, pop_enabled: false}",
    "{server: back1, email_addresses: [new@contoso.test, 1st@contoso.test]}",
    "{server: back1, email_addresses: [postmaster@contoso.test, new@contoso.test]}",
    "{server: back1, kind: administrator}",
    "{server: back1, kind: administrator, email_addresses: [abuse@contoso.test]}",
    "{server: back1, kind: guest}",
    "\n    server: back1\n    use_database_quota_defaults: false\n    prohibit_send_quota: unlimited",
]


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        *(("mid@contoso.test", before, after) for before in STATES for after in STATES),
        *((address, STATES[0], after) for address in ("aaa@contoso.test", "zzz@contoso.test") for after in STATES),
    ],
)
def test_files_are_as_a_run_for_all_leaves_them(tmp_path: Path, address: str, before: str, after: str) -> None:
    # The last in the document, whatever its place in the files.
    texts = [OTHERS + (f"  {address}: {state}\n" if state else "") for state in (before, after)]
    before_it = load(written(tmp_path, texts[0]))
    files, paths = whole(before_it), put(tmp_path, tables(before_it))
    excerpt = load_excerpt(written(tmp_path, texts[1]), address).site
    assert brought(files, excerpt, address) == whole(load(tmp_path))
    for name, file in told(excerpt, address):
        if file["tables"]:
            told_again = [
                stored({**file, **HERE, "path": str(paths[name])}, file["tables"], file["owners"]) for _ in "12"
            ]
            if not told_again[0].is_there():
                told_again[0].put()
            assert told_again[1].is_there()
    for name, each in tables(load(tmp_path)).items():
        assert rows(paths[name]) == {kind: sorted(table.rows, key=str) for kind, table in each.items()}


def test_nothing_of_others_comes_along(tmp_path: Path) -> None:
    files = whole(load(written(tmp_path, OTHERS)))
    pending = OTHERS.replace("pop_enabled: false", "imap_enabled: false") + "  bob@contoso.test: {server: back1}\n"
    excerpt = load_excerpt(written(tmp_path, pending), "bob@contoso.test").site
    without = OTHERS + "  bob@contoso.test: {server: back1}\n"
    assert brought(files, excerpt, "bob@contoso.test") == whole(load(written(tmp_path, without)))


def test_no_hash_is_told_where_none_is_given(tmp_path: Path) -> None:
    excerpt = load_excerpt(written(tmp_path, OTHERS), "ada@contoso.test").site
    told = one_mailbox.front_end(excerpt, SERVERS, FRONT, "ada@contoso.test", lambda _: "")
    assert "of-ada" not in str(told)
    assert "of-ada" in str(one_mailbox.front_end(excerpt, SERVERS, FRONT, "ada@contoso.test", hashed))
