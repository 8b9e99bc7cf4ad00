"""The message that new mailboxes begin with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailpair.publish import View, client_settings
from mailpair.publish.handout import texts
from mailpair.publish.welcome import Welcome, welcome
from mailpair.site.model import Kind, Language, Mailbox, WebSite, WelcomeMessage
from tests.unit.publish.test_clients import ADA, DEFAULT, PUBLISHED, SERVERS

EN, ZH = Language.EN, Language.ZH_TW


def made(*languages: Language, mailbox: Mailbox = ADA, **changes: object) -> Welcome | None:
    site = replace(PUBLISHED, welcome_message=WelcomeMessage(enabled=True, languages=languages), **changes)  # type: ignore[arg-type]
    return welcome(site, SERVERS[:1], mailbox)


def text_of(*languages: Language, mailbox: Mailbox = ADA, **changes: object) -> str:
    message = made(*languages, mailbox=mailbox, **changes)
    assert message
    return message.text


def told(text: str, language: str = "en") -> list[tuple[str, str, str, str]]:
    """What a reader finds: protocol, server, port and encryption, in the words of the message."""
    words = texts(language)
    lines = [line.strip() for line in text.splitlines()]
    names = [words[name] for name in ("server", "port", "encryption")]
    found = []
    for at, line in enumerate(lines):
        if line.startswith(f"{names[0]}: "):
            values = [lines[at + i].removeprefix(f"{name}: ") for i, name in enumerate(names)]
            found.append((lines[at - 1], values[0], values[1], values[2]))
    return found


@pytest.mark.parametrize("language", Language)
def test_it_tells_what_is_advertised_and_nothing_else(language: Language) -> None:
    words = texts(language.value)
    advertised = [
        (words[each.protocol.value], each.server, str(each.port), words[each.encryption.value])
        for view in View
        for each in client_settings(PUBLISHED, SERVERS[:1], ADA, view)
    ]
    text = text_of(language)
    assert told(text, language.value) == advertised
    for part in ("title", "sign_in", "outside", "inside", "leave_a_copy", "imap_against_pop", "when_advice", "idle"):
        assert words[part] in text, part
    assert f"{words['for_whom']} {ADA.address}" in text


def test_languages_follow_one_another() -> None:
    message = made(ZH, EN)
    assert message == Welcome(
        f"{texts('zh-TW')['subject']} / {texts('en')['subject']}", f"{text_of(ZH)}\n\n{text_of(EN)}"
    )


def test_what_its_owner_may_not_use_is_left_out() -> None:
    without_pop = text_of(EN, mailbox=replace(ADA, pop_enabled=False))
    assert {row[0] for row in told(without_pop)} == {"Reading: IMAP", "Sending: SMTP"}
    assert texts("en")["leave_a_copy"] not in without_pop
    assert texts("en")["imap_against_pop"] not in without_pop
    assert texts("en")["idle"] not in text_of(EN, mailbox=replace(ADA, imap_enabled=False))


@pytest.mark.parametrize("kind", [Kind.ADMINISTRATOR, Kind.ANONYMOUS, Kind.GUEST])
def test_there_is_none_for_who_never_signs_in(kind: Kind) -> None:
    assert made(EN, mailbox=replace(ADA, kind=kind)) is None


@pytest.mark.parametrize("change", [{"account_disabled": True}, {"pop_enabled": False, "imap_enabled": False}])
def test_there_is_none_that_nobody_could_read(change: dict[str, bool]) -> None:
    assert made(EN, mailbox=replace(ADA, **change)) is None  # type: ignore[arg-type]


def test_there_is_none_before_publication() -> None:
    site = replace(DEFAULT, welcome_message=WelcomeMessage(enabled=True, languages=(EN,)))
    assert welcome(site, SERVERS, ADA) is None


def test_it_names_the_page_once_there_is_one() -> None:
    page = WebSite(enabled=True, host_name="post.contoso.test")
    assert text_of(EN, web_site=page).endswith("at\nhttps://post.contoso.test/\n")
    assert "https://" not in text_of(EN)


def test_nothing_is_escaped() -> None:
    assert "organisation's" in text_of(EN)
    assert "&" not in text_of(EN)
