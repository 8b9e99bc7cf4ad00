from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hostside.sessions.configuration import LogSettings
from hostside.sessions.log_files import FIELDS, LogFiles, period_name, stamp
from hostside.sessions.protocol_log import ProtocolLog

NOW = datetime(2026, 11, 25, 9, 30, 15, 42000, tzinfo=UTC)  # a Wednesday
CLIENT: dict[str, Any] = {
    "session": "abc",
    "user": "ada@contoso.test",
    "protocol": "imap",
    "local_ip": "fd00::11",
    "local_port": 993,
    "remote_ip": "192.0.2.1",
    "remote_port": 50000,
}


def lines(log: ProtocolLog, event: str, **fields: object) -> list[str]:
    return log.lines(event, CLIENT | fields, NOW)


def test_a_session_from_begin_to_end() -> None:
    log = ProtocolLog()
    told = [
        *lines(log, "auth_request_finished", mechanism="PLAIN"),
        *lines(log, "auth_request_finished", mechanism="PLAIN", success="yes", policy_result="ok"),
        *lines(log, "proxy_session_established", dest_host="back1.contoso.test"),
        *lines(log, "proxy_session_finished", net_in_bytes=10, net_out_bytes=20, disconnect_reason=""),
    ]
    start = "2026-11-25T09:30:15.042Z,,abc"
    place = "[fd00::11]:993,192.0.2.1:50000"
    assert told == [
        f"{start},0,{place},+,,",
        f"{start},1,{place},<,AUTHENTICATE PLAIN,ada@contoso.test",
        f"{start},2,{place},>,NO,",
        f"{start},3,{place},<,AUTHENTICATE PLAIN,ada@contoso.test",
        f"{start},4,{place},>,OK,",
        f"{start},5,{place},*,,ada@contoso.test proxied to back1.contoso.test",
        f"{start},6,{place},-,,received=20 sent=10",
    ]
    assert all(line.count(",") == FIELDS.count(",") for line in told)


def test_a_new_session_of_the_same_ports_begins_anew() -> None:
    log = ProtocolLog()
    assert [line.split(",")[6] for line in lines(log, "login_aborted", reason="Aborted login")] == ["+", "-"]
    assert lines(log, "login_aborted")[0].split(",")[3] == "0"


def test_a_session_without_a_sign_in_has_a_name_of_its_own() -> None:
    log = ProtocolLog()
    names = [line.split(",")[2] for _ in range(2) for line in lines(log, "login_aborted", session="", reason="bye")]
    assert names[0] == names[1] != names[2] == names[3]
    assert all(len(name) == 16 for name in names)


def test_commands_and_their_answers() -> None:
    told = lines(
        ProtocolLog(),
        "imap_command_finished",
        cmd_name="FETCH",
        cmd_args="1,2 FLAGS",
        tagged_reply="OK Fetch completed",
    )
    assert [line.split(",", 6)[6] for line in told[1:]] == [
        '<,"FETCH 1,2 FLAGS",ada@contoso.test',
        ">,OK Fetch completed,",
    ]


def test_a_command_that_is_not_known_may_be_a_password() -> None:
    told = lines(ProtocolLog(), "pop3_command_finished", cmd_name="unknown", cmd_args="hunter2", reply_state="FAIL")
    assert not any("hunter2" in line for line in told)


def test_a_back_end_s_session_ends_with_the_name_that_the_front_end_gives_it() -> None:
    log = ProtocolLog()
    lines(log, "pop3_command_finished", cmd_name="STAT", reply_state="OK")
    told = lines(log, "mail_user_session_finished", session="8yodWyJhwNwK3QAB", net_in_bytes=26, net_out_bytes=71)
    assert [line.split(",", 6)[6] for line in told] == ["-,,received=26 sent=71 session=8yodWyJhwNwK3QAB"]


def test_what_a_client_sent_begins_no_line_of_its_own() -> None:
    (_, line, _) = lines(ProtocolLog(), "imap_command_finished", cmd_name="SELECT", cmd_args="a\r\nb\x1b")
    assert "SELECT a??b?" in line


def test_other_events_say_nothing() -> None:
    assert lines(ProtocolLog(), "imap_client_hibernated") == []


@pytest.mark.parametrize(
    ("period", "name", "same", "other"),
    [
        ("Hourly", "2026112509", timedelta(minutes=29), timedelta(minutes=30)),
        ("Daily", "20261125", timedelta(hours=14), timedelta(hours=15)),
        ("Weekly", "20261123", timedelta(days=4), timedelta(days=5)),
        ("Monthly", "202611", timedelta(days=5), timedelta(days=6)),
    ],
)
def test_periods(period: str, name: str, same: timedelta, other: timedelta) -> None:
    assert period_name(period, NOW) == period_name(period, NOW + same) == name
    assert period_name(period, NOW + other) != name


def written(folder: Path) -> dict[str, list[str]]:
    return {
        file.name: [line for line in file.read_text().splitlines() if not line.startswith("#")]
        for file in sorted(folder.iterdir())
    }


def test_a_new_file_begins_when_the_clock_says_so(tmp_path: Path) -> None:
    files = LogFiles(LogSettings(str(tmp_path), "IMAP4", "Hourly", 0))
    files.write("one", NOW)
    files.write("two", NOW + timedelta(hours=1))
    files.close()
    assert written(tmp_path) == {"IMAP42026112509-1.log": ["one"], "IMAP42026112510-1.log": ["two"]}
    assert (tmp_path / "IMAP42026112509-1.log").read_text().splitlines()[1:3] == [
        f"#Date: {stamp(NOW)}",
        f"#Fields: {FIELDS}",
    ]


def test_a_new_file_begins_when_one_is_full_and_a_restart_goes_on_with_it(tmp_path: Path) -> None:
    settings = LogSettings(str(tmp_path), "POP3", "Daily", 400)
    files = LogFiles(settings)
    for text in ("a" * 100, "b" * 100, "c" * 100):
        files.write(text, NOW)
    files.close()
    again = LogFiles(settings)
    again.write("d", NOW)
    again.close()
    assert written(tmp_path) == {"POP320261125-1.log": ["a" * 100, "b" * 100], "POP320261125-2.log": ["c" * 100, "d"]}
    assert all(file.stat().st_size <= 400 for file in tmp_path.iterdir())
