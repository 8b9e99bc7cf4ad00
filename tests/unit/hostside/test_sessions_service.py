"""The program as a whole, over sockets of its own; the connections are the test's."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from hostside.sessions import policy
from hostside.sessions.configuration import parse
from hostside.sessions.logons import Enough, Logons
from hostside.sessions.service import Service

CONFIGURATION: dict[str, Any] = {
    "program": "1",
    "protocols": {
        "imap": {"ports": [993, 143], "silent": 1800, "silent_before": 60, "per_user": 1, "log": None},
        "pop3": {
            "ports": [995],
            "silent": 600,
            "silent_before": 30,
            "per_user": 16,
            "log": {"folder": "/var/log/mailpair/pop3", "prefix": "POP3", "period": "Daily", "quota": 0},
        },
    },
    "connectors": [{"name": "client", "ports": [587], "total": 600, "logon_failures": 3}],
    "guesses": None,
    "sharing": None,
}
CLIENT = {"remote_ip": "192.0.2.1", "remote_port": 50000, "local_port": 993, "protocol": "imap"}
QUESTION = CLIENT | {"login": "Ada@contoso.test", "asked": "Ada@contoso.test", "right": "yes"}
ESTABLISHED = {
    "event": "proxy_session_established",
    "fields": CLIENT | {"user": "ada@contoso.test", "source_port": 40000, "dest_port": 1993},
}


def service(folder: Path, **given: object) -> Service:
    (folder / "sessions.json").write_text(json.dumps(CONFIGURATION | given))
    return Service(folder / "sessions.json", folder / "state.json")


def other(port: int) -> dict[str, object]:
    return QUESTION | {"remote_port": port}


def test_events_and_questions_meet(tmp_path: Path) -> None:
    it = service(tmp_path)
    assert it.decide(QUESTION)
    it.hear(json.dumps(ESTABLISHED).encode())
    assert not it.decide(other(2))
    it.hear(json.dumps(ESTABLISHED | {"event": "proxy_session_finished"}).encode())
    assert it.decide(other(2))


def test_a_sign_in_that_failed_after_its_grant_gives_the_place_back(tmp_path: Path) -> None:
    it = service(tmp_path)
    assert it.decide(QUESTION)
    it.hear(json.dumps({"event": "login_aborted", "fields": CLIENT}).encode())
    assert it.decide(other(2))


def test_postfix_s_sign_ins_are_not_counted(tmp_path: Path) -> None:
    it = service(tmp_path)
    assert all(it.decide(QUESTION | {"protocol": "smtp"}) for _ in range(5))


def test_what_is_no_event_of_a_session_is_passed_over(tmp_path: Path) -> None:
    it = service(tmp_path)
    for line in (b"\xff\n", b"[]\n", b'{"event": "x", "fields": {}}\n'):
        it.hear(line)
    assert not it.table.sessions


def test_a_restart_knows_the_sessions_of_before(tmp_path: Path) -> None:
    first = service(tmp_path)
    first.hear(json.dumps(ESTABLISHED).encode())
    first.store()
    assert not service(tmp_path).decide(other(2))


def test_a_state_that_can_t_be_read_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    assert not service(tmp_path).table.sessions


def test_limits_are_by_port() -> None:
    limits = parse(CONFIGURATION).limits
    assert (limits[143].silent, limits[995].silent_before, limits[587].total) == (1800, 30, 600)
    assert limits[587].silent is None


def test_a_refusal_is_what_dovecot_expects(tmp_path: Path) -> None:
    async def ask() -> list[bytes]:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        task = asyncio.create_task(policy.serve(*await asyncio.open_connection(sock=theirs), service(tmp_path).answer))
        answers = []
        for question in (QUESTION, other(2)):
            body = json.dumps(question).encode()
            writer.write(b"POST /?command=allow HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            answers.append(await reader.readexactly(int(head.split(b"Content-Length: ")[1])))
        writer.close()
        await task
        return answers

    assert [json.loads(answer) for answer in asyncio.run(ask())] == [
        {"status": 0, "msg": ""},
        {"status": -1, "msg": "Too many connections for this user"},
    ]


def test_guesses_are_counted_for_all_that_sign_people_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = {"per_client_and_mailbox": 2, "per_client": None, "per_mailbox": None}
    it = service(tmp_path, guesses={"limits": limits, "known": str(tmp_path / "known.db")})

    def asks(protocol: str, address: str = "192.0.2.1", *, asked: str = "Ada@contoso.test") -> int:
        before = QUESTION | {"protocol": protocol, "remote_ip": address, "right": "", "asked": asked}
        return it.answer("allow", before)[0]

    def tells(address: str = "192.0.2.1", *, success: bool = False, refused: bool = False, why: str = "") -> None:
        said = QUESTION | {"remote_ip": address, "right": "", "success": success, "policy_reject": refused}
        said["fail_type"] = why or ("" if success else "policy" if refused else "credentials")
        assert it.answer("report", said) == (0, "")

    def guessed(protocol: str) -> int:
        status = asks(protocol)
        tells(refused=status < 0)
        return status

    assert [guessed(each) for each in ("imap", "smtp", "pop3", "portal")] == [0, 0, -1, -1]
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{protocol}: ada@contoso.test: 192.0.2.1 is refused, after too many wrong passwords or with too many at once"
        for protocol in ("pop3", "portal")
    ]
    assert [asks("imap", asked="") for _ in range(9)] == [0] * 9

    # What could not be looked at counts for nothing.
    for _ in range(30):
        assert asks("imap", "192.0.2.3") == 0
        tells("192.0.2.3", why="internal")

    # Right ones count for nothing, those of whoever has too many sessions among them.
    for port, expected in enumerate((0, -1, -1, -1)):
        assert asks("imap", "192.0.2.2") == 0
        assert it.answer("allow", other(port) | {"remote_ip": "192.0.2.2"})[0] == expected
        tells("192.0.2.2", success=expected == 0, refused=expected < 0)
    again = Service(it.configuration_file, it.state_file)
    assert again.guesses
    assert again.guesses.judge("ada@contoso.test", "192.0.2.2", 0) == 0
    for _ in range(3):
        again.guesses.wrong("ada@contoso.test", "192.0.2.2", 0)
    assert again.guesses.judge("ada@contoso.test", "192.0.2.2", 0) == 4


def test_limits_change_by_a_reload_and_counts_stay_without_one(tmp_path: Path) -> None:
    limits = {"per_client_and_mailbox": 2, "per_client": None, "per_mailbox": None}
    guesses = {"limits": limits, "known": str(tmp_path / "known.db")}
    it = service(tmp_path, guesses=guesses)
    counted = it.guesses
    assert counted is not None
    it.reload()
    assert it.guesses is counted
    service(tmp_path, guesses={**guesses, "limits": limits | {"per_client": 5}})
    it.reload()
    assert it.guesses is not counted


SHARING = {"boards": ["back1.contoso.test"], "port": 12341, "front_ends": 2}


@pytest.mark.parametrize("wrong", [{"boards": []}, {"port": 0}, {"port": 1 << 16}, {"front_ends": 1}])
def test_sharing_that_can_t_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be at least one board, its port, and two front ends or more"):
        parse(CONFIGURATION | {"sharing": SHARING | wrong})


def test_what_is_wrong_is_told_to_other_front_ends_where_there_are_some(tmp_path: Path) -> None:
    limits = {"per_client_and_mailbox": 2, "per_client": None, "per_mailbox": None}
    guesses = {"limits": limits, "known": str(tmp_path / "known.db")}
    assert service(tmp_path, guesses=guesses).sharing is None
    it = service(tmp_path, guesses=guesses, sharing=SHARING)
    assert it.sharing
    told: list[tuple[str, str]] = []
    it.sharing.guessed = lambda mailbox, address: told.append((mailbox, address))  # type: ignore[method-assign]
    before = {"right": "", "policy_reject": False}
    for success, why in ((False, "credentials"), (False, "internal"), (True, "")):
        it.answer("allow", QUESTION | before)
        it.answer("report", QUESTION | before | {"success": success, "fail_type": why})
    assert told == [("ada@contoso.test", "192.0.2.1")]


def test_the_third_wrong_password_of_a_session_is_enough() -> None:
    connectors, logons = parse(CONFIGURATION).connectors, Logons()

    def hear(message: str, name: str = "client") -> Enough | None:
        return logons.hear(f"postfix/{name}/smtpd", message, connectors)

    failed = "warning: unknown[192.0.2.1]:4000: SASL PLAIN authentication failed: no, sasl_username=ada"
    assert [hear(failed) for _ in range(3)] == [None, None, Enough("192.0.2.1", 4000, (587,))]
    assert [hear(failed) for _ in range(2)] == [None, None]
    assert hear("connect from unknown[192.0.2.1]:4000") is None
    assert [hear(failed) for _ in range(2)] == [None, None]
    assert [hear(failed, "other") for _ in range(9)] == [None] * 9
