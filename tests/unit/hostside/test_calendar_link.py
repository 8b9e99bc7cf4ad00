"""Meeting requests become links, and every other byte stays as it was."""

from __future__ import annotations

import base64
import quopri
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hostside.calendar_link.__main__ import link, rewrite

URL = "https://mail.contoso.test/owa"
CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:040000008200E\r\n 0074@contoso\r\nEND:VEVENT\r\n"
LINK = b"https://mail.contoso.test/owa?uid=040000008200E0074%40contoso"


def part(kind: str, body: bytes, encoding: str | None = None) -> bytes:
    """A MIME part or a whole message."""
    encodings = f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    return f"Content-Type: {kind}\r\n{encodings}\r\n".encode() + body


def request(*parts: bytes, boundary: str = "one", kind: str = "alternative", last: bool = True) -> bytes:
    """A message of several parts."""
    marks = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts)
    end = f"--{boundary}--\r\nafter\r\n".encode() if last else b""
    return part(f'multipart/{kind}; boundary="{boundary}"', b"before\r\n" + marks + end)


def leaves(message: bytes) -> list[tuple[str, bytes]]:
    """Types and decoded texts of all parts that have no parts."""
    found: list[Message] = [each for each in message_from_bytes(message).walk() if not each.is_multipart()]
    return [(each.get_content_type(), bytes(each.get_payload(decode=True))) for each in found]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        (CALENDAR, LINK.decode()),
        (b"UID;X-A=b:one two\r\n", f"{URL}?uid=one%20two"),
        (b"uid:\xc3\xa9&?/\n", f"{URL}?uid=%C3%A9%26%3F%2F"),
        (b"SUMMARY:UID:no\r\n", URL),
        (b"", URL),
    ],
)
def test_a_link_carries_the_uid(calendar: bytes, expected: str) -> None:
    assert link(URL, calendar) == expected


def test_a_link_joins_a_query() -> None:
    assert link(f"{URL}?a=b", b"UID:c") == f"{URL}?a=b&uid=c"


@pytest.mark.parametrize(
    "calendar",
    [
        part("text/calendar; method=REQUEST", CALENDAR),
        part("TEXT/Calendar;\r\n charset=utf-8", base64.encodebytes(CALENDAR), "base64"),
        part("text/calendar", quopri.encodestring(CALENDAR), "quoted-printable"),
    ],
)
def test_the_part_becomes_a_link_wherever_it_is(calendar: bytes) -> None:
    text = part("text/plain; charset=utf-8", "Grüße".encode(), "8bit")
    assert leaves(rewrite(calendar, URL)) == [("text/plain", LINK + b"\r\n")]
    assert leaves(rewrite(request(text, calendar), URL))[1] == ("text/plain", LINK + b"\r\n")
    nested = request(request(text, calendar, boundary="two"), part("image/png", b"\x89PNG"), kind="mixed")
    assert [kind for kind, _ in leaves(rewrite(nested, URL))] == ["text/plain", "text/plain", "image/png"]
    assert leaves(rewrite(request(text, calendar, last=False), URL))[-1][1].strip() == LINK


def test_the_rest_stays_byte_for_byte() -> None:
    text = part("text/plain; charset=utf-8", "Grüße".encode(), "8bit")
    calendar = b"Content-ID: <c>\r\nX-Kept: yes\r\n" + part("text/calendar", CALENDAR)
    head = b"From: ada@contoso.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    linked = b"X-Kept: yes\r\n" + part("text/plain; charset=us-ascii", LINK + b"\r\n", "7bit")
    assert rewrite(head + request(text, calendar), URL) == head + request(text, linked)


def test_a_message_of_somebody_else_s_inside_stays() -> None:
    attached = request(part("message/rfc822", part("text/calendar", CALENDAR)), kind="mixed")
    assert rewrite(attached, URL) == attached


def test_line_ends_are_those_of_the_message() -> None:
    assert b"\r" not in rewrite(part("text/calendar", CALENDAR).replace(b"\r\n", b"\n"), URL)


@given(
    some.lists(
        some.one_of(
            some.binary(max_size=20),
            some.sampled_from(
                [b"\r\n", b"\n", b"--one", b"--one--", b"Content-Type: text/calendar", b"UID:x", b"--one\r\n\r\n"]
            ),
        ),
        max_size=12,
    )
)
def test_no_body_is_too_broken(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    whole = part("multipart/mixed; boundary=one", body)
    changed = rewrite(whole, URL)
    if b"text/calendar" not in body:
        assert changed == whole
