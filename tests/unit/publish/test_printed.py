"""The page for a mailbox's owner as PDF, read back by a reader that has nothing to do with its writer."""

from __future__ import annotations

import io
import re
import sys
import urllib.request
from pathlib import Path

import pypdf
import pytest

from mailpair.publish import View, client_settings, handout
from mailpair.publish.handout import LANGUAGES, texts
from mailpair.publish.printed import PrintingError, pdf
from tests.unit.publish.test_clients import ADA, PUBLISHED, SERVERS

REMEDY = "the page is whole with the fonts of `tools/bootstrap pdf` and nothing from elsewhere"


def read(language: str) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(handout(PUBLISHED, SERVERS[:1], ADA, language))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_printed_is_what_users_are_told(language: str) -> None:
    text = texts(language)
    said = "\n".join(page.extract_text() for page in read(language).pages)
    labels = "|".join(re.escape(text[each]) for each in ("POP", "IMAP", "SMTP"))
    rows = re.findall(rf"({labels})\s+([\w.-]+)\s+(\d+)\s+({text['SSL']}|{text['TLS']})", said)
    assert rows == [
        (text[each.protocol.value], each.server, str(each.port), text[each.encryption.value])
        for view in View
        for each in client_settings(PUBLISHED, SERVERS[:1], ADA, view)
    ]
    # Lines break anywhere in Chinese, and at spaces in English.
    bare = re.sub(r"\s", "", said)
    for part in (
        "title",
        "sign_in",
        "outside",
        "inside",
        "imap_against_pop",
        "leave_a_copy",
        "idle",
        "calendar_limits",
    ):
        assert re.sub(r"\s", "", text[part]) in bare, part


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_fonts_are_inside_it(language: str) -> None:
    fonts = {}
    for page in read(language).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            (descendant,) = font["/DescendantFonts"]
            descriptor = descendant.get_object()["/FontDescriptor"]
            fonts[font["/BaseFont"]] = descriptor.keys() & {"/FontFile2", "/FontFile3"}
    assert any("CJK-TC" in name for name in fonts)
    assert all(fonts.values()), fonts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_reader_is_told_title_language_and_structure(language: str) -> None:
    made = read(language)
    assert made.metadata is not None
    assert made.metadata.title == f"{texts(language)['title']}: {ADA.address}"
    assert str(made.root_object["/Lang"]) == language
    assert str(made.root_object["/MarkInfo"]) == "{'/Marked': True}"
    assert "/StructTreeRoot" in made.root_object
    width, height = made.pages[0].mediabox[2:]
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)


@pytest.mark.parametrize(
    "reference",
    [
        "<img src='{url}'>",
        "<link rel=stylesheet href='{url}'>",
        "<style>body {{ background: url({url}) }}</style>",
        "<style>@import '{url}';</style>",
        "<style>@font-face {{ font-family: x; src: url({url}) }}</style>",
    ],
)
@pytest.mark.parametrize("url", ["http://192.0.2.1/x", "file:///etc/hostname"])
def test_nothing_is_fetched_or_read_for_it(reference: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda _, asked, *a, **k: opened.append(asked))
    with pytest.raises(PrintingError, match=re.escape(REMEDY)):
        pdf(f"<html lang=en><title>x</title>{reference.format(url=url)}<p>text")
    assert opened == []


def test_a_character_that_no_font_has_is_an_error() -> None:
    with pytest.raises(PrintingError) as refused:
        pdf("<html lang=en><title>x</title><p>\U000105ff")
    assert str(refused.value) == (
        f'.notdef glyph rendered for Unicode string unsupported by fonts: "\U000105ff" (U+105FF): {REMEDY}'
    )


def test_without_pango_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "weasyprint.py").write_text(
        "print('advice')\nraise OSError(\"cannot load library 'libpango-1.0-0'\")\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PrintingError) as refused:
        pdf("<p>text")
    assert str(refused.value) == (
        "cannot load library 'libpango-1.0-0': a PDF needs Pango and HarfBuzz; `tools/bootstrap pdf` installs them"
    )
