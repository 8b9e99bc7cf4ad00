"""The page for a mailbox's owner."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mailpair.publish.handout import LANGUAGES, handout, texts
from mailpair.site.model import CalendarItemRetrievalOption, WebSite
from tests.unit.publish.test_clients import ADA, DEFAULT, PUBLISHED, SERVERS


class Reader(HTMLParser):
    """Rows of the page's tables, and all that is read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.said = ""
        self.in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        self.said += data
        if self.in_cell:
            self.rows[-1][-1] += data


def page(language: str = "en", mailbox: object = ADA, **changes: object) -> Reader:
    site = replace(PUBLISHED, **changes)  # type: ignore[arg-type]
    return Reader(handout(site, SERVERS[:1], mailbox, language))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_the_settings_and_the_advice(language: str) -> None:
    text, made = texts(language), page(language)
    assert [text["POP"], "mail.contoso.test", "995", text["SSL"]] in made.rows
    assert [text["IMAP"], "mail.contoso.test", "143", text["TLS"]] in made.rows
    assert [text["SMTP"], "mail.contoso.test", "587", text["TLS"]] in made.rows
    for part in text.keys() - {"subject", "when_choices", "nothing", "calendar_linked", "page"}:
        assert text[part] in made.said, part
    assert all(choice in made.said for choice in text["when_choices"])


def test_every_language_says_the_same_things() -> None:
    assert len({tuple(texts(language)) for language in LANGUAGES}) == 1


def test_advice_is_about_what_the_owner_may_use() -> None:
    text = texts("en")
    without_pop = page(mailbox=replace(ADA, pop_enabled=False)).said
    assert text["leave_a_copy"] not in without_pop
    assert text["imap_against_pop"] not in without_pop
    assert text["idle"] in without_pop
    assert text["idle"] not in page(mailbox=replace(ADA, imap_enabled=False)).said


def test_meetings_come_as_the_document_says() -> None:
    text = texts("en")
    links = replace(PUBLISHED.imap_settings, calendar_item_retrieval_option=CalendarItemRetrievalOption.INTRANET_URL)
    assert text["calendar_linked"] in page(imap_settings=links).said
    forced = replace(ADA, imap_force_ical_for_calendar_retrieval_option=True)
    assert text["calendar_attached"] in page(imap_settings=links, mailbox=forced).said


def test_before_publication_there_is_nothing_to_look_up() -> None:
    made = Reader(handout(DEFAULT, SERVERS, ADA, "en"))
    assert texts("en")["nothing"] in made.said
    assert made.rows == []


def test_the_page_on_the_web_is_named_where_there_is_one() -> None:
    assert "https://post.contoso.test/" in page(web_site=WebSite(enabled=True, host_name="post.contoso.test")).said
    assert "https://" not in page().said


def test_text_that_means_something_in_html_stays_text() -> None:
    address = "<i>o'brien&@contoso.test"
    assert address in page(mailbox=replace(ADA, address=address)).said
