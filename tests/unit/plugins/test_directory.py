"""The lookup that makes the texts of accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from argon2 import PasswordHasher

from mailpair.plan.accounts import DECOY
from mailpair.state import SiteState

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """\
mailpair_site:
  version: 1
  accepted_domains: [contoso.test]
"""
MAILBOXES = """\
mailpair_mailboxes:
  ada@contoso.test: {server: back1}
  admin@contoso.test: {server: back1, kind: administrator}
"""


def look(site_dir: Path, *terms: str, **options: object) -> list[Any]:
    found: list[Any] = lookup_loader.get("mailpair.mail.directory").run(list(terms), site_dir=str(site_dir), **options)
    return found


@pytest.fixture
def site_dir(tmp_path: Path) -> Path:
    """A site with a user and an administrator."""
    (tmp_path / "site.yml").write_text(DOCUMENT)
    (tmp_path / "mailboxes.yml").write_text(MAILBOXES)
    return tmp_path


def test_a_row_for_each_protocol_with_the_hash_of_the_password(site_dir: Path) -> None:
    (text,) = look(site_dir, "logins", back_ends={"back1": "back1.contoso.test"})
    nobody, *rows = json.loads(text)["logins"]["rows"]
    assert nobody == ["", "", DECOY, None, None]
    assert [row[:2] for row in rows] == [["ada@contoso.test", each] for each in ("imap", "pop3", "smtp", "portal")]
    assert [row[3:] for row in rows] == [["back1.contoso.test", 1993], ["back1.contoso.test", 1995]] + [[None] * 2] * 2
    password = SiteState(site_dir).password_file("ada@contoso.test").read_text().strip()
    assert PasswordHasher().verify(rows[0][2], password)
    assert {row[2] for row in rows} == {rows[0][2]}


def test_a_stamp_for_each_sender_that_changes_with_the_password_alone(site_dir: Path) -> None:
    (before,) = look(site_dir, "stamps")
    assert before.startswith("ada@contoso.test:")
    assert len(before.splitlines()) == 1
    assert look(site_dir, "stamps") == [before]
    SiteState(site_dir).set_password("ada@contoso.test", "another pa55word")
    (after,) = look(site_dir, "stamps")
    assert (after.partition(":")[0], after != before) == ("ada@contoso.test", True)


def test_nothing_changes_while_nothing_changes(site_dir: Path) -> None:
    assert look(site_dir, "logins") == look(site_dir, "logins")


def test_a_text_that_there_is_not(site_dir: Path) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        look(site_dir, "imap")
    assert str(refused.value) == "'imap' must be one of logins, stamps"


def test_a_document_that_is_wrong(site_dir: Path) -> None:
    (site_dir / "mailboxes.yml").write_text("mailpair_mailboxes: {ada@contoso.test: {server: back1, kind: king}}\n")
    with pytest.raises(AnsibleLookupError, match=r"mailboxes\[ada@contoso.test\].kind: 'king'"):
        look(site_dir, "logins")
