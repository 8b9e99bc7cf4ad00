"""A directory in which much is alike: little of it is parsed, and it says what all of it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpair.site import SiteError, document, load
from mailpair.site.folding import fold

KEY = "mailpair_mailboxes"
SITE = "mailpair_site: {accepted_domains: [contoso.test]}\n"
HEAD = f"# All of them.\n{KEY}:  # below\n\n  chief@contoso.test: {{server: back1, kind: administrator}}\n"
ADA = "  ada@contoso.test: {server: back1}\n"
BOB = "  bob@contoso.test: {server: back1}\n"
EVE = "  eve@contoso.test:\n    server: back1\n    email_addresses: [%s@contoso.test]\n"
DAN = "  dan@contoso.test:\n    server: back1\n"


def test_what_says_the_same_is_parsed_once() -> None:
    text = HEAD + ADA + DAN + BOB + DAN.replace("dan", "dora")
    folded, same = fold(text, KEY)
    assert folded == HEAD + ADA + DAN + "\n\n\n"
    assert same == {"bob@contoso.test": "ada@contoso.test", "dora@contoso.test": "dan@contoso.test"}


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ADA + BOB,
        HEAD + ADA + "  # Since May.\n" + BOB + "# The end.\n",
        HEAD + ADA + BOB + EVE % "e" + EVE.replace("eve", "zoe") % "z",
        HEAD + ADA + "  'bob@contoso.test': {server: back1}\n  Zoe@contoso.test: {server: back1}\n",
        HEAD + ADA + BOB.replace("{server", "{server: back2, pop_enabled: false} # {server"),
        HEAD + ADA.replace("{server: back1}", "") + BOB.replace("{server: back1}", ""),
        HEAD.replace("\n", "\r\n") + ADA.replace("\n", "\r\n") + BOB.replace("\n", "\r\n"),
        f"{KEY}: {{ada@contoso.test: {{server: back1}}, bob@contoso.test: {{server: back1}}}}\n",
        HEAD + "  ada@contoso.test: {server: back1,\n  pop_enabled: true}\n",
        HEAD + ADA + "  dan@contoso.test: {server: back1, # }\n  pop_enabled: false}\n" + BOB,
        HEAD + ADA + "  ? bob@contoso.test\n  : {server: back1}\n",
    ],
)
def test_it_says_what_all_of_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "mailboxes.yml"
    path.write_text(text)
    read = document.read(path, KEY)
    monkeypatch.setattr(document, "fold", lambda text, _: (text, {}))
    assert read == document.read(path, KEY)
    assert read[1] == []


def test_those_that_are_alike_are_changed_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "mailboxes.yml").write_text(HEAD + ADA + BOB)
    content, _ = document.read(tmp_path / "mailboxes.yml", KEY)
    assert content is not None
    ada, bob = (content[f"{name}@contoso.test"] for name in ("ada", "bob"))
    assert ada == bob
    assert ada is not bob


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            HEAD + ADA + BOB + ADA,
            "mailboxes.yml line 7: 'ada@contoso.test': must be there once, and is in line 5 already",
        ),
        (
            HEAD + ADA + BOB + BOB,
            "mailboxes.yml line 7: 'bob@contoso.test': must be there once, and is in line 6 already",
        ),
        (HEAD + ADA + BOB + "other: 1\n", f"mailboxes.yml: 'other': must have the key {KEY} alone; remove it"),
        (
            HEAD + ADA + BOB + "  eve@contoso.test: &a {server: back1}\n",
            "mailboxes.yml line 7: &a: must not have anchors; remove it",
        ),
        (HEAD + ADA.replace("{", "!x {") + BOB.replace("{", "!x {"), "mailboxes.yml line 5: !x"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "site.yml").write_text(SITE)
    (tmp_path / "mailboxes.yml").write_text(text)
    with pytest.raises(SiteError) as caught:
        load(tmp_path)
    assert str(caught.value).splitlines()[0].startswith(problem)
