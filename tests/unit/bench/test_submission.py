"""What is made of the seconds that submissions took, what is sent, and what stock Postfix is given."""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import Self

import pytest

from bench import stock_postfix, submission
from bench.doors import Account
from bench.submission import OURS, STOCK


def test_figures_are_medians_with_their_range_and_a_ratio() -> None:
    found = submission.figures(
        "10 sessions", {OURS: [9.0, 10.0, 11.0], STOCK: [10.0, 20.0, 40.0]}, {OURS: [0.1, 0.1], STOCK: [0.05, 0.05]}
    )
    assert [(each.name, each.text(), each.note) for each in found[:3]] == [
        ("submission, 10 sessions, our front end", "10.0 a second", "9 to 11"),
        ("submission, 10 sessions, stock Postfix", "20.0 a second", "10 to 40"),
        ("submission, 10 sessions, ours to stock", "0.50", "p50"),
    ]
    assert [(each.name, each.text()) for each in found[3:]] == [
        ("a message's answer, 10 sessions, our front end, p50", "100.0 ms"),
        ("a message's answer, 10 sessions, our front end, p99", "100.0 ms"),
        ("a message's answer, 10 sessions, stock Postfix, p50", "50.0 ms"),
        ("a message's answer, 10 sessions, stock Postfix, p99", "50.0 ms"),
    ]


def test_the_two_take_turns_and_every_other_round_begins_with_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int] | str] = []

    def turn(door: str, people: object, *, sessions: int, messages: int) -> tuple[float, list[float]]:
        asked.append((door, sessions))
        return messages, [0.1, 0.1]

    monkeypatch.setattr(submission, "turn", turn)
    doors = {OURS: "ours", STOCK: "stock"}
    found = submission.rates(doors, [], lambda: asked.append("drained"), turns=2, messages=7)  # type: ignore[arg-type]
    ours, stock = [("ours", 1), "drained"], [("stock", 1), "drained"]
    assert asked[:12] == [*stock, *ours, *ours, *stock, *stock, *ours]
    assert asked[12] == ("stock", 10)
    assert [each.value for each in found if each.unit == "a second"] == [7] * 4


@pytest.mark.parametrize("address", ["ada@contoso.test", "holding0001@contoso.test"])
def test_a_message_has_its_size_and_can_be_sent_as_it_is(address: str) -> None:
    sent = submission.message(address, "mark")
    assert len(sent) == submission.SIZE
    assert message_from_bytes(sent)["Subject"] == "mark"
    assert sent.endswith(b"\r\n")
    assert not re.search(rb"^\.", sent, re.MULTILINE)
    assert max(map(len, sent.split(b"\r\n"))) <= 2 * 76


def test_stock_postfix_is_debians_with_the_way_to_the_same_back_end() -> None:
    configuration = stock_postfix.settings("front1.contoso.test", "contoso.test", "back1.contoso.test")
    assert configuration["virtual_transport"] == "lmtp:[back1.contoso.test]:24"
    assert not {name for name in configuration if "milter" in name or "filter" in name}
    assert "'virtual_mailbox_domains=contoso.test'" in stock_postfix.before(configuration)
    assert stock_postfix.SUBMISSION.startswith(f"{stock_postfix.PORT} inet ")


class Silent:
    """A session in which all is accepted, and nothing comes."""

    def __init__(self, *_: object) -> None:
        """Signs in to nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes nothing."""

    def send(self, *_: object) -> float:
        """Takes no time."""
        return 0.0

    def lines(self, _: str) -> list[bytes]:
        """There is nothing new."""
        return [b"a OK\r\n"]


def test_a_message_that_does_not_come_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ImapSession", "SmtpSession"):
        monkeypatch.setattr(submission, name, Silent)
    monkeypatch.setattr(submission, "PATIENCE", 0)
    account = Account("ada@contoso.test", "")
    with pytest.raises(RuntimeError, match=r"^our front end: [0-9a-f]{32} was accepted and has not come in 0 s$"):
        submission.arrivals({OURS: None}, None, account, messages=1)  # type: ignore[arg-type, dict-item]
