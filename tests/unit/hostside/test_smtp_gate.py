"""The milter: its protocol, the limits that it keeps, and a log without secrets."""

from __future__ import annotations

import asyncio
import json
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hostside.smtp_gate.accounts import Accounts
from hostside.smtp_gate.gate import CHANGED, Gate
from hostside.smtp_gate.limits import Limits
from hostside.smtp_gate.log import Log
from hostside.smtp_gate.milter import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "Client Frontend"
MACROS = {"{daemon_name}": NAME, "{daemon_addr}": "10.0.0.11", "{daemon_port}": "587"}
NOW = datetime(2026, 1, 31, 23, 59, 58, 7000, tzinfo=UTC)


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    """Three places, half of the free ones for an address, two messages a minute; it is logged."""
    file = tmp_path / "connectors.json"
    file.write_text(json.dumps({NAME: {"places": 4, "percentage": 50, "rate": 2, "log": True}}))
    return Limits(file)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log at a moment."""
    log = Log(tmp_path, lambda: NOW)
    yield log
    log.close()


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """Two users."""
    file = tmp_path / "accounts"
    file.write_text("ada@contoso.test:1\nbob@contoso.test:1\n")
    return Accounts(file)


def test_an_address_has_its_share_of_the_places_that_are_free(limits: Limits) -> None:
    assert [limits.come(NAME, "10.0.0.1") for _ in range(3)] == [True, False, False]
    # One place is free: an address that has none gets one in any case.
    assert limits.come(NAME, "10.0.0.2")
    for _ in range(3):
        limits.go(NAME, "10.0.0.1")
    assert limits.come(NAME, "10.0.0.1")


def test_nothing_is_counted_against_a_connector_that_is_not_known(limits: Limits) -> None:
    assert all(limits.come("Other", "10.0.0.1") for _ in range(9))
    assert all(limits.send("Other", "ada@contoso.test") for _ in range(9))


def test_a_user_sends_so_much_in_any_minute(limits: Limits) -> None:
    assert [limits.send(NAME, "ada", second) for second in (0, 30, 59, 60, 61, 90)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert limits.send(NAME, "bob", 61)


def test_a_changed_file_is_read_anew(limits: Limits) -> None:
    assert limits.connector(NAME).rate == 2
    limits.file.with_suffix(".new").write_text("{}")
    limits.file.with_suffix(".new").replace(limits.file)
    assert limits.connector(NAME).rate is None


def test_the_log_has_the_dialogue_and_no_command_that_could_be_a_secret(
    limits: Limits, accounts: Accounts, log: Log, tmp_path: Path
) -> None:
    asked = Gate(limits, accounts, log)
    assert asked.connect("fd00::1", 1234, MACROS) is None
    asked.hello("client.test")
    assert asked.sender(["<ada@contoso.test>", "SIZE=9"], {"{auth_authen}": "ada@contoso.test"}) is None
    asked.recipient(["<nobody@contoso.test>"], {"{rcpt_mailer}": "error", "{rcpt_addr}": "5.1.1 no such mailbox"})
    asked.data()
    asked.unknown("hunter2")
    asked.end()
    lines = (tmp_path / "RECV20260131-1.LOG").read_text().splitlines()
    assert lines[0] == "#Log-type: SMTP receive protocol log"
    assert lines[3].startswith(f"2026-01-31T23:59:58.007Z,{NAME},")
    assert [line.split(",", 4)[4] for line in lines[3:]] == [
        "10.0.0.11:587,[fd00::1]:1234,+,,",
        "10.0.0.11:587,[fd00::1]:1234,<,EHLO client.test,",
        "10.0.0.11:587,[fd00::1]:1234,<,MAIL FROM:<ada@contoso.test> SIZE=9,signed in as ada@contoso.test",
        "10.0.0.11:587,[fd00::1]:1234,<,RCPT TO:<nobody@contoso.test>,",
        "10.0.0.11:587,[fd00::1]:1234,>,5.1.1 no such mailbox,",
        "10.0.0.11:587,[fd00::1]:1234,<,DATA,",
        "10.0.0.11:587,[fd00::1]:1234,<,7 characters,unknown command",
        "10.0.0.11:587,[fd00::1]:1234,-,,",
    ]
    assert [line.split(",")[3] for line in lines[3:]] == [str(number) for number in range(8)]


def test_a_log_that_can_t_be_written_stops_no_mail(
    limits: Limits, accounts: Accounts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Gate(limits, accounts, Log(tmp_path / "missing"))
    assert asked.connect("10.0.0.1", 1, MACROS) is None
    assert "the protocol log can't be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("user", "then", "answer"),
    [
        ("ada@contoso.test", "ada@contoso.test:1\n", None),
        ("ada@contoso.test", "ada@contoso.test:2\n", CHANGED),
        ("Ada@contoso.test", "bob@contoso.test:1\n", CHANGED),
        ("ada@contoso.test", None, CHANGED),
        ("carol@contoso.test", "carol@contoso.test:1\n", CHANGED),
        ("robot", "", None),
        ("", "", None),
    ],
)
def test_a_session_whose_account_has_changed_sends_nothing_more(
    limits: Limits, accounts: Accounts, log: Log, user: str, then: str | None, answer: str | None
) -> None:
    asked = Gate(limits, accounts, log)
    asked.connect("10.0.0.1", 1, MACROS)
    accounts.file.unlink()
    if then is not None:
        accounts.file.write_text(then)
    assert asked.sender(["<ada@contoso.test>"], {"{auth_authen}": user} if user else {}) == answer


def packet(command: bytes, data: bytes = b"") -> bytes:
    return struct.pack("!I", len(data) + 1) + command + data


def test_the_protocol(limits: Limits, accounts: Accounts, log: Log) -> None:
    macros = b"".join(f"{name}\0{value}\0".encode() for name, value in MACROS.items())
    client = b"client.test\0" + b"4" + struct.pack("!H", 99) + b"10.0.0.1\0"
    sent = [
        packet(b"O", struct.pack("!III", 6, 0x1FF, 0x1FFFFF)),
        packet(b"D", b"C" + macros),
        packet(b"C", client),
        packet(b"H", b"client.test\0"),
        *[packet(b"M", b"<ada@contoso.test>\0")] * 3,
        packet(b"Q"),
    ]

    async def talk() -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(sent))
        reader.feed_eof()
        answers = bytearray()

        class Writer:
            def write(self, data: bytes) -> None:
                answers.extend(data)

            async def drain(self) -> None: ...

            def close(self) -> None: ...

        await serve(reader, Writer(), Gate(limits, accounts, log))  # type: ignore[arg-type]
        return bytes(answers)

    refused = b"y450 4.7.1 Too many messages from ada@contoso.test in a minute\0"
    expected = [b"O" + struct.pack("!III", 6, 0, 0x870), b"c", b"c", b"c", b"c", refused]
    assert asyncio.run(talk()) == b"".join(struct.pack("!I", len(each)) + each for each in expected)
    assert limits.come(NAME, "10.0.0.1"), "the session's end frees its place"
