"""What front ends and noticeboards say to each other, and what nobody is believed."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostside.sessions import messages
from hostside.sessions.guesses import client_of
from hostside.sessions.known import Row
from hostside.sessions.messages import (
    BATCH,
    LONGEST,
    LONGEST_MAILBOX,
    Alive,
    Guesses,
    Hello,
    Known,
    Since,
    is_client,
    parse,
    shared,
)
from hostside.sessions.recent import Guess

NAME = "0123456789abcdef" * 2
ADA = "ada@contoso.test"
ROW: list[Any] = [7, ADA, "192.0.2.1", 20000]
GUESS: list[Any] = [NAME, 1, 0.5, ADA, "192.0.2.1"]


def changed(given: list[Any], place: int, value: object) -> list[Any]:
    return [*given[:place], value, *given[place + 1 :]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (messages.hello(NAME, 9), Hello(NAME, 9)),
        (messages.since(0), Since(0)),
        (messages.known([Row(*ROW)]), Known((Row(*ROW),))),
        # A sign-in on the host itself is nobody's else.
        (messages.known([Row(1, ROW[1], "", ROW[3]), Row(*ROW)]), Known((Row(*ROW),))),
        (
            messages.guesses([Guess(NAME, 1, 100.0, "ädä 💌", "2001:db8::/64")], 160.0),
            Guesses((Guess(NAME, 1, 940.0, "ädä 💌", "2001:db8::/64"),)),
        ),
        (messages.alive(), Alive()),
    ],
)
def test_what_is_said_is_understood(line: bytes, message: object) -> None:
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse(line, 1000.0) == message


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["hello", 2, NAME, 0], "it speaks version 2, this is version 1"),
        (["hello", True, NAME, 0], "it speaks version True, this is version 1"),
        (["hello", 1, "../known", 0], "'../known' is no name"),
        (["hello", 1, NAME, -1], "-1 is no number from 0 on"),
        (["hello", 1, NAME], "it says"),
        (["since", 1.5], "1.5 is no number from 0 on"),
        (["since", True], "True is no number from 0 on"),
        (["since", 1 << 63], "9223372036854775808 is no number from 0 on"),
        (["known", [ROW] * (BATCH + 1)], "it says"),
        (["known", [[]]], "[] is no known client"),
        (["known", [changed(ROW, 0, "7")]], "'7' is no number from 0 on"),
        (["known", [changed(ROW, 1, "x" * (LONGEST_MAILBOX + 1))]], "is no mailbox"),
        (["known", [changed(ROW, 1, "\ud800")]], "'\\ud800' is no mailbox"),
        (["known", [changed(ROW, 1, None)]], "is no known client"),
        (["known", [changed(ROW, 2, "192.0.2.0/24")]], "'192.0.2.0/24' is no client"),
        (["known", [changed(ROW, 2, "")]], "'' is no client"),
        (["known", [changed(ROW, 3, -1)]], "-1 is no number from 0 on"),
        (["guesses", {}], "it says"),
        (["guesses", [changed(GUESS, 0, "")]], "'' is no name"),
        (["guesses", [changed(GUESS, 2, -1)]], "is no guess"),
        (["guesses", [changed(GUESS, 2, True)]], "is no guess"),
        (["guesses", [changed(GUESS, 2, 1e300)]], "is no guess"),
        (["guesses", [changed(GUESS, 2, math.nan)]], "NaN is no number"),
        (["guesses", [changed(GUESS, 4, "2001:db8::1")]], "'2001:db8::1' is no client"),
        (["alive", 1], "it says"),
        ({"hello": 1}, "it says"),
        (None, "it says"),
        ("hello", "it says"),
    ],
)
def test_what_nobody_would_say_is_refused_by_what_it_is(said: object, why: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 its text is looked at
        parse(json.dumps(said).encode() + b"\n", 0.0)
    assert why in str(refused.value)


@pytest.mark.parametrize("line", [b"\n", b"{\n", b"\xff\n", b"[" * 100_000 + b"\n", b"1" * 5000 + b"\n"])
def test_what_is_no_json_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 it is json's
        parse(line, 0.0)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())
)
def test_whatever_is_said_nothing_else_is_raised(line: bytes) -> None:
    try:
        parse(line, 0.0)
    except ValueError:
        return


@given(st.text(max_size=2 * LONGEST_MAILBOX) | st.just("\ud800" * LONGEST_MAILBOX) | st.just("\0" * 999))
def test_any_mailbox_that_clients_ask_for_is_told_in_a_line_that_is_understood(asked: str) -> None:
    guess = Guess(NAME, 1, 0.0, shared(asked), "192.0.2.1")
    line = messages.guesses([guess] * BATCH, 0.0)
    assert len(line) < LONGEST
    assert parse(line, 0.0) == Guesses((guess,) * BATCH)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("192.0.2.1", True),
        ("192.0.2.1/32", False),
        ("192.0.2.0/24", False),
        ("0192.0.2.1", False),
        ("2001:db8::/64", True),
        ("2001:DB8::/64", False),
        ("2001:db8::", False),
        ("2001:db8::/63", False),
        ("2001:db8::1/64", False),
        ("local", False),
        ("", False),
    ],
)
def test_a_client_is_written_in_one_way(text: str, is_one: bool) -> None:
    assert is_client(text) is is_one


@given(st.ip_addresses())
def test_every_address_is_some_client(address: object) -> None:
    assert is_client(client_of(str(address))) or "%" in str(address)
