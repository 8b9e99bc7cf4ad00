"""Files that are no documents, and YAML that is read as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mailpair.site import SiteError, document, load
from mailpair.site.document import read

SITE = "mailpair_site:\n  accepted_domains: [contoso.test]\n"
MAILBOXES = "mailpair_mailboxes:\n  root@contoso.test: {server: back1, kind: administrator}\n"

# Text of site.yml, and all that is said of the site.
REFUSED = {
    "": ["site.yml: empty: must have a document"],
    " \n": ["site.yml: empty: must have a document"],
    "# nothing yet\n": [
        "site.yml: nothing: must be a mapping with the key mailpair_site; begin it with mailpair_site:"
    ],
    "[]": ["site.yml: an empty list: must be a mapping with the key mailpair_site; begin it with mailpair_site:"],
    "hello": ["site.yml: 'hello': must be a mapping with the key mailpair_site; begin it with mailpair_site:"],
    "accepted_domains: [contoso.test]": [
        "site.yml: a mapping: must be a mapping with the key mailpair_site; begin it with mailpair_site:"
    ],
    "mailpair_site: [contoso.test]": ["mailpair_site: a list: must be a mapping; indent what is under mailpair_site:"],
    "mailpair_site:": [
        "accepted_domains: missing: must be given; add accepted_domains, a list, each a full name such as contoso.com"
    ],
    SITE + "mailpair_mailboxes: {}\n": [
        "site.yml: 'mailpair_mailboxes': must have the key mailpair_site alone; remove it"
    ],
    SITE + "  accepted_domains: [fabrikam.test]\n": [
        "site.yml line 3: 'accepted_domains': must be there once, and is in line 2 already; remove one of the two"
    ],
    SITE + "  5: five\n": ["site.yml line 3: 5: must be text, as every key; put it in quotes"],
    SITE + "  ? [a, b]\n  : c\n": ["site.yml line 3: a list or mapping: must be text, as every key; put it in quotes"],
    SITE + "  banner: &b hello\n": ["site.yml line 3: &b: must not have anchors; remove it"],
    SITE + "  banner: *b\n": ["site.yml line 3: *b: must not refer to anchors; write the value out"],
    SITE + "  banner: !vault hello\n": ["site.yml line 3: !vault: must not have tags; write plain values"],
    SITE + "---\n": ["site.yml line 3: ---: must be one document; remove what comes after it"],
    SITE + "  x: " + "[" * 30 + "]" * 30: ["site.yml line 3: a value: must not be nested deeper than 20"],
}


@pytest.fixture(autouse=True, params=["libyaml", "Python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers; a system may lack the first."""
    if request.param == "Python":
        monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)


def folder(tmp_path: Path, site: bytes | str | None, mailboxes: str | None = MAILBOXES) -> Path:
    for name, text in (("site.yml", site), ("mailboxes.yml", mailboxes)):
        if text is not None:
            (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return tmp_path


def told(tmp_path: Path, site: bytes | str | None, mailboxes: str | None = MAILBOXES) -> list[str]:
    with pytest.raises(SiteError) as caught:
        load(folder(tmp_path, site, mailboxes))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("text", "problems"), REFUSED.items())
def test_what_is_no_document_is_refused(tmp_path: Path, text: str, problems: list[str]) -> None:
    assert told(tmp_path, text) == problems


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "a: 'b", "\ta: b", "a: \x01", "a: @b", "%YAML 9.9 x\n---\n"])
def test_what_is_not_yaml_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (problem,) = told(tmp_path, SITE + text)
    assert problem.startswith("site.yml")
    assert ": text: must be YAML; " in problem


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    assert told(tmp_path, b"mailpair_site: \xff") == ["site.yml: other bytes: must be UTF-8 text; save it as UTF-8"]


def test_missing_files_are_named_both(tmp_path: Path) -> None:
    rule = "no such file or directory: must be a readable file; write it, or name the folder that has it"
    assert told(tmp_path, None, None) == [f"mailboxes.yml: {rule}", f"site.yml: {rule}"]


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "site.yml").mkdir()
    assert told(tmp_path, None) == ["site.yml: is a directory: must be a readable file"]


def test_one_unreadable_document_does_not_hide_what_is_wrong_with_the_other(tmp_path: Path) -> None:
    mailboxes = """mailpair_mailboxes:
      ada@contoso.test: {server: back1, email_addresses: [bob@contoso.test]}
      bob@contoso.test: {server: back1, kind: lord}
      eve@contoso.test: {server: back1, email_addresses: [ada@contoso.test]}
    """
    *others, last = told(tmp_path, "mailpair_site: [", mailboxes)
    assert others == [
        "mailboxes[bob@contoso.test].kind: 'lord': must be user, administrator, anonymous or guest",
        (
            "mailboxes[eve@contoso.test].email_addresses[0]: 'ada@contoso.test': must be an address of one mailbox; "
            "mailboxes[ada@contoso.test] has it"
        ),
    ]
    assert last.startswith("site.yml line ")


# Text of a value, and what it is.
VALUES = {
    "10:00:00": "10:00:00",
    "yes": "yes",
    "No": "No",
    "true": True,
    "FALSE": False,
    "12": 12,
    "-3": -3,
    "010": "010",
    "0x1F": "0x1F",
    "1_000": "1_000",
    "1.5": "1.5",
    "1e3": "1e3",
    "2026-11-24": "2026-11-24",
    "'12'": "12",
    '"true"': "true",
    "None": "None",
    "null": None,
    "~": None,
    "": None,
    "=": "=",
    "<<": "<<",
    "9" * 30: "9" * 30,
    "[a, 1, null]": ["a", 1, None],
    "{a: {b: [c]}}": {"a": {"b": ["c"]}},
}


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_values_are_what_was_written(tmp_path: Path, text: str, value: object) -> None:
    path = tmp_path / "site.yml"
    path.write_text(f"key:\n  value: {text}\n")
    data, problems = read(path, "key")
    assert (data, problems) == ({"value": value}, [])
    assert data is not None
    assert type(data["value"]) is type(value)


def test_a_byte_order_mark_is_no_part_of_the_document(tmp_path: Path) -> None:
    assert load(folder(tmp_path, "\ufeff" + SITE)).accepted_domains == ("contoso.test",)
