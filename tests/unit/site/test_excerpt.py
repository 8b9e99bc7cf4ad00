"""The part of a directory that has to do with one mailbox: found in the text, and right where the text is unusual."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpair.site import SiteError, load, load_excerpt
from mailpair.site.excerpt import excerpt

KEY = "mailpair_mailboxes"
SITE = "mailpair_site: {accepted_domains: [contoso.test]}\n"
HEAD = f"# All of them.\n{KEY}:  # below\n\n"
ADA = "  ada@contoso.test: {server: back1, email_addresses: [Lovelace@contoso.test]}\n"
BOB = "  # Since May.\n  Bob@contoso.test:\n    server: back1\n    email_addresses:\n    - robert@contoso.test\n"
CHIEF = "  chief@contoso.test: {server: back1, kind: administrator}\n"
ROB = "  rob@contoso.test: {server: back1}\n"


def kept(text: str, name: str) -> list[str]:
    """The first words of the lines that stay, comments aside; all lines have to be where they were."""
    left = excerpt(text, KEY, name, ("administrator",))
    lines, before = left.splitlines(), text.splitlines()
    assert len(lines) == len(before)
    assert all(line in ("", former) for line, former in zip(lines, before, strict=True))
    return [line.split()[0].rstrip(":") for line in lines if "@" in line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (HEAD + ADA + BOB + ROB, "rob@contoso.test", ["rob@contoso.test"]),
        (HEAD + ADA + BOB + ROB, "bob@contoso.test", ["Bob@contoso.test", "-"]),
        (HEAD + ADA + BOB + CHIEF, "ada@contoso.test", ["ada@contoso.test", "chief@contoso.test"]),
        # Who has an address of it, as a name or a further one, whatever the case.
        (HEAD + ADA + ROB, "lovelace@contoso.test", ["ada@contoso.test"]),
        (HEAD + ADA + BOB + "  new@contoso.test: {email_addresses: [ROBERT@contoso.test]}\n", "new@contoso.test",
         ["Bob@contoso.test", "-", "new@contoso.test"]),
        (HEAD + ADA + BOB, "new@contoso.test", []),
        (HEAD + '  "ada@contoso.test": {server: back1}\n' + ROB, "ada@contoso.test", ['"ada@contoso.test"']),
        (HEAD + "  o'brien@contoso.test: {server: back1}  # his\n" + ROB, "rob@contoso.test", ["rob@contoso.test"]),
        (HEAD + "  'o''brien@contoso.test': {server: 'back1'}\n" + ROB, "rob@contoso.test", ["rob@contoso.test"]),
        (HEAD + ADA + ADA + ROB, "ada@contoso.test", ["ada@contoso.test", "ada@contoso.test"]),
    ],
)  # fmt: skip
def test_what_has_to_do_with_it_stays(text: str, name: str, expected: list[str]) -> None:
    assert kept(text, name) == expected


@pytest.mark.parametrize(
    "odd",
    [
        f"{KEY}: {{ada@contoso.test: {{server: back1}}, rob@contoso.test: {{server: back1}}}}\n",
        HEAD + ADA + '  "r\\x6fb@contoso.test": {server: back1}\n',
        HEAD + ADA + "  rob@contoso.test: {server: back1,\n  pop_enabled: true}\n",
        HEAD + ADA + "  rob@contoso.test: {server: 'back1\n    '}\n",
        HEAD + ADA + '  rob@contoso.test: {server: "back1\n    "}\n',
        HEAD + ADA + "  rob@contoso.test: {server: 'back''1 \n    '}\n",
        HEAD + ADA + "  rob@contoso.test: {server: {a: b},\n  pop_enabled: true}\n",
        HEAD + ADA + "  rob@contoso.test: {server: back1, # }\n  pop_enabled: true}\n",
        HEAD + ADA + '  rob@contoso.test: {server: "}",\n  pop_enabled: true}\n',
        HEAD + ADA + "  rob@contoso.test: {server: '}',\n  pop_enabled: true}\n",
        HEAD + ADA + "  rob@contoso.test: {server: back1, email_addresses: [a@contoso.test, # ]\n  b@contoso.test]}\n",
        HEAD + ADA + ROB + "...\n",
        HEAD + ADA + "  # \x85  rob@contoso.test: {server: back1}\n",
        HEAD + ADA + "  # \u2028  rob@contoso.test: {server: back1}\n",
        HEAD + ADA + "  # \u2029  rob@contoso.test: {server: back1}\n",
        HEAD + ADA + "  rob@contoso.test:\n    email_addresses: [a@contoso.test,\n  b@contoso.test]\n",
        HEAD + ADA + "  ? rob@contoso.test\n  : {server: back1}\n",
        HEAD + ADA + "  rob@contoso.test:\n    server: |\n      back1\n",
        HEAD + ADA + "  rob@contoso.test:\n    server: >\n      back1\n",
        HEAD + ADA + ROB + "---\n",
        HEAD + ADA + "  rob@contoso.test:\t{server: back1}\n",
        HEAD + ADA + "  # \u0130\n" + ROB,  # two letters in lower case
        "",
    ],
)
def test_a_text_that_can_not_be_taken_apart_stays_whole(odd: str) -> None:
    assert excerpt(odd, KEY, "eve@contoso.test", ()) == odd


def problems(folder: Path, mailboxes: str, address: str | None) -> list[str]:
    """What is wrong, of all of it or of what has to do with one."""
    (folder / "site.yml").write_text(SITE)
    (folder / "mailboxes.yml").write_text(mailboxes)
    with pytest.raises(SiteError) as caught:
        load_excerpt(folder, address) if address else load(folder)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "{server: back1, email_addresses: [robert@contoso.test]}",
            (
                "mailboxes[eve@contoso.test].email_addresses[0]: 'robert@contoso.test': must be an address of one "
                "mailbox; mailboxes[bob@contoso.test].email_addresses[0] has it"
            ),
        ),
        (
            "{server: back1, email_addresses: [rob@contoso.test]}",
            (
                "mailboxes[eve@contoso.test].email_addresses[0]: 'rob@contoso.test': must be an address of one "
                "mailbox; mailboxes[rob@contoso.test] has it"
            ),
        ),
        (
            "{server: back1, email_addresses: [eve@fabrikam.test]}",
            (
                "mailboxes[eve@contoso.test].email_addresses[0]: 'eve@fabrikam.test': must be in an accepted domain; "
                "those are contoso.test"
            ),
        ),
        (
            "{}",
            (
                "mailboxes[eve@contoso.test].server: missing: must be given; add server, a server's name in "
                "the inventory, of 1 to 253 letters, digits and . _ -"
            ),
        ),
        (
            "{server: back1}\n  eve@contoso.test: {server: back1}",
            (
                "mailboxes.yml line 13: 'eve@contoso.test': must be there once, and is in line 12 already; remove one "
                "of the two"
            ),
        ),
    ],
)
def test_what_is_wrong_about_it_is_said_as_of_the_whole(tmp_path: Path, entry: str, said: str) -> None:
    text = HEAD + ADA + BOB + CHIEF + ROB + f"  eve@contoso.test: {entry}\n"
    assert problems(tmp_path, text, "eve@contoso.test") == [said] == problems(tmp_path, text, None)


def test_what_is_wrong_about_others_is_not_looked_for(tmp_path: Path) -> None:
    text = HEAD + ADA + CHIEF + "  rob@contoso.test: {servers: back1}\n"
    assert len(problems(tmp_path, text, None)) == 2
    loaded = load_excerpt(tmp_path, "ada@contoso.test")
    assert [each.address for each in loaded.site.mailboxes] == ["ada@contoso.test", "chief@contoso.test"]
    assert loaded.settings["mailboxes[ada@contoso.test].email_addresses"] == "[lovelace@contoso.test]"


def test_one_who_is_an_address_of_another_clashes(tmp_path: Path) -> None:
    text = HEAD + ADA + CHIEF + "  lovelace@contoso.test: {server: back1}\n"
    said = problems(tmp_path, text, "lovelace@contoso.test")
    assert said == problems(tmp_path, text, None)
    assert said == [
        (
            "mailboxes[ada@contoso.test].email_addresses[0]: 'lovelace@contoso.test': must be an address of one "
            "mailbox; mailboxes[lovelace@contoso.test] has it"
        )
    ]
