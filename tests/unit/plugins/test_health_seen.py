"""The module health_seen: conversations, queues, file systems and units; the actions around it."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.action import health_report
from ansible_collections.mailpair.mail.plugins.modules import health_seen as seen

from mailpair.watch import health, report
from tests.unit.plugins.host import FakeModule
from tests.unit.watch.issuing import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ASKED = {"timeout": 10.0}


def probe(port: int, protocol: str = "imap", **more: Any) -> dict[str, Any]:
    plain = {"address": "127.0.0.1", "port": port, "protocol": protocol, "tls": "", "name": ""}
    return {**plain, "proxied": False, "mailbox": "", **more}


@contextmanager
def server(script: Sequence[tuple[str, str]]) -> Iterator[int]:
    """A port that expects lines and answers them as a script says; an empty line is expected from nobody."""

    def serve() -> None:
        client, _ = listening.accept()
        with client, client.makefile("rb", buffering=0) as lines:
            for expected, answer in script:
                if expected and lines.readline().decode().strip("\r\n") != expected:
                    return
                client.sendall(answer.encode())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


IMAP = [
    ("", "* OK ready\r\n"),
    ('a2 LOGIN "ada@contoso.test" ""', "* CAPABILITY IMAP4rev1\r\na2 OK in\r\n"),
    ("a3 STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 3)\r\na3 OK done\r\n"),
    ("a4 LOGOUT", "* BYE\r\na4 OK done\r\n"),
]
POP = [
    ("", "+OK ready\r\n"),
    ("USER ada@contoso.test", "+OK\r\n"),
    ("PASS ", "+OK in\r\n"),
    ("STAT", "+OK 1 2\r\n"),
    ("QUIT", "+OK\r\n"),
]


@pytest.mark.parametrize(
    ("protocol", "mailbox", "script"),
    [
        ("imap", "ada@contoso.test", IMAP),
        ("imap", "", [("", "* OK ready\r\n"), ("a2 CAPABILITY", "* CAPABILITY x\r\na2 OK done\r\n")]),
        ("pop3", "ada@contoso.test", POP),
        ("pop3", "", [("", "+OK ready\r\n"), ("QUIT", "+OK\r\n")]),
        ("smtp", "", [("", "220 a\r\n"), ("EHLO localhost", "250-a\r\n250 b\r\n"), ("QUIT", "221 bye\r\n")]),
        ("lmtp", "", [("", "220 a\r\n"), ("LHLO localhost", "250 b\r\n"), ("QUIT", "221 bye\r\n")]),
    ],
)
def test_what_goes_well(protocol: str, mailbox: str, script: Sequence[tuple[str, str]]) -> None:
    with server(script) as port:
        assert seen.tried(probe(port, protocol, mailbox=mailbox), ASKED) == ""


@pytest.mark.parametrize(
    ("protocol", "script", "reason"),
    [
        ("imap", [], "hangs up without an answer"),
        ("imap", [("", "* BYE full\r\n")], "answers '* BYE full' to the connection"),
        ("imap", [*IMAP[:1], (IMAP[1][0], "a2 NO [UNAVAILABLE] no\r\n")], "answers 'a2 NO [UNAVAILABLE] no' to LOGIN"),
        ("imap", [*IMAP[:2], (IMAP[2][0], "a3 NO gone\r\n")], "answers 'a3 NO gone' to STATUS"),
        ("imap", IMAP[:2], "hangs up without an answer"),
        ("pop3", [*POP[:3], ("STAT", "-ERR no\r\n")], "answers '-ERR no' to STAT"),
        ("smtp", [("", "421 no\r\n")], "answers '421 no' to the connection"),
    ],
)
def test_what_does_not_go_well(protocol: str, script: Sequence[tuple[str, str]], reason: str) -> None:
    with server(script) as port:
        assert seen.tried(probe(port, protocol, mailbox="ada@contoso.test"), ASKED) == reason


def test_the_words_of_haproxy_come_first() -> None:
    script: list[tuple[str, str]] = []
    with server(script) as port:
        script += [(f"PROXY TCP4 127.0.0.1 127.0.0.1 1 {port}", "* OK ready\r\n"), ("a2 CAPABILITY", "a2 OK done\r\n")]
        assert seen.tried(probe(port, proxied=True), ASKED) == ""


def test_places_where_nobody_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert seen.tried(probe(port), {"timeout": 0.2}) == "no answer within 0.2 s"
    assert seen.tried(probe(port), ASKED) == "nothing listens there"
    assert seen.tried(probe(0, "lmtp", address=str(tmp_path / "lmtp")), ASKED) == "nothing listens there"


def test_queues_tell_no_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(seen.time, "time", lambda: 1000.0)
    messages = [("deferred", 100), ("deferred", 400), ("active", 990)]
    said = {"sender": "ada@contoso.test", "recipients": [{"address": "bob@contoso.test"}]}
    lines = "".join(json.dumps({"queue_name": name, "arrival_time": at, **said}) + "\n" for name, at in messages)
    module = FakeModule({}, str(tmp_path), lambda _: (0, lines, ""))
    assert seen.queue(module) == {
        "deferred": {"messages": 2, "oldest": 900.0},
        "active": {"messages": 1, "oldest": 10.0},
    }


def test_units(tmp_path: Path) -> None:
    def answer(words: list[str]) -> tuple[int, str, str]:
        if "list-units" in words:
            return 0, "a.service loaded failed failed A thing\n", ""
        return (0, "active\n", "") if words[-1] == "b.timer" else (3, "inactive\n", "")

    assert seen.units(FakeModule({}, str(tmp_path), answer), ["b.timer", "c.service", "a.service"]) == [
        {"name": "a.service", "state": "failed"},
        {"name": "c.service", "state": "inactive"},
    ]


def test_file_systems_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(f_bavail=5, f_blocks=200, f_favail=30, f_files=40)
    monkeypatch.setattr(seen.os, "statvfs", lambda _: full)
    paths = [str(tmp_path), str(tmp_path), str(tmp_path / "missing")]
    assert seen.file_systems(paths) == [{"path": str(tmp_path), "space": 2.5, "inodes": 75.0}]
    full.f_files = 0
    assert seen.file_systems(paths)[0]["inodes"] == 100.0


def test_the_task_fails_where_something_is_unhealthy() -> None:
    variables = {"groups": {"client_access": ["front1"]}, "hostvars": {"front1": {"seen": {"failed": True}}}}
    told = health_report.told(variables, "seen")
    assert told == {"front1": None}
    said = health_report.result(health(told, report([], None, NOW)), as_json=False)
    assert (said["failed"], said["msg"]) == (True, "1 thing is unhealthy; see above what to do")
    assert "failed" not in health_report.result(health({}, report([], None, NOW)), as_json=True)
