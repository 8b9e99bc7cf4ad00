"""The program that inspects messages: its configuration, its connections to servers that queue, and its end."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hostside.inspection import queues
from hostside.inspection.configuration import Configuration
from hostside.inspection.message import Limits
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(__file__).parents[3] / "hostside"
FIELD = 100
OWN = frozenset({b"front1.contoso.test"})
KNOWN: dict[str, Any] = {
    "host": "front1.contoso.test",
    "field_size": FIELD,
    "own_names": ["front1.contoso.test"],
    "domains": ["contoso.test"],
    "outgoing": [{"space": "*", "size": 50}],
    "connectors": {"client-frontend": {"queue": "", "header_size": 1000, "hops": 9, "local_hops": 2, "size": 5000}},
}


def test_the_site_is_read_anew_when_its_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "inspection.json"
    file.write_text(json.dumps(KNOWN))
    known = Configuration(file)
    connector = known.connector("client-frontend")
    assert connector
    assert connector.limits == Limits(FIELD, 1000, 9, 2, 5000, OWN)
    assert (known.host, known.outgoing.limit("<a@contoso.test"), known.outgoing.limit("<a@b.test")) == (
        "front1.contoso.test",
        0,
        50,
    )
    new = tmp_path / "new"
    new.write_text(json.dumps({**KNOWN, "connectors": {}}))
    new.replace(file)
    assert known.connector("client-frontend") is None


class Queue:
    """A server that queues: it says what one does, and keeps what it heard, each connection's by itself."""

    def __init__(self, path: Path) -> None:
        self.heard: list[list[bytes]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.heard.append([])
            threading.Thread(target=self._talk, args=(connection, self.heard[-1]), daemon=True).start()

    @staticmethod
    def _talk(connection: socket.socket, heard: list[bytes]) -> None:
        content = False
        with connection, connection.makefile("rb") as commands:
            connection.sendall(b"220 hello\r\n")
            for line in commands:
                heard.append(line)
                if line == b"QUIT\r\n":
                    return
                if content and line != b".\r\n":
                    continue
                content = line == b"DATA\r\n"
                connection.sendall(b"354 go on\r\n" if content else b"250 go on\r\n")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """The program, with its socket as systemd hands it over; it ends when it is asked to."""
    path = tmp_path / "socket"
    file = tmp_path / "inspection.json"
    connectors = {"client-frontend": {**KNOWN["connectors"]["client-frontend"], "queue": str(tmp_path / "queue")}}
    file.write_text(json.dumps({**KNOWN, "connectors": connectors}))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(100)
        command = f"exec 3<&{listening.fileno()}; exec {sys.executable} -sP -m inspection {file}"
        program = subprocess.Popen(
            ["bash", "-c", command],
            env={**os.environ, "PYTHONPATH": str(PROGRAMS)},
            pass_fds=[listening.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )
    with program:
        try:
            yield program, path
        finally:
            program.terminate()


@contextmanager
def connected(path: Path) -> Iterator[tuple[socket.socket, io.BufferedReader]]:
    """A server that talks to a sender, at the program's socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(path))
        with client.makefile("rb") as said:
            assert said.readline() == b"220 inspection ESMTP\r\n"
            yield client, said


HELLO, OK, LEAVE = b"EHLO front1.contoso.test\r\n", b"250 2.0.0 Ok\r\n", b"QUIT\r\n"
CONTENT = (b"Subject: x\r\n", b"\r\n", b".\r\n")


def sent(client: socket.socket, said: io.BufferedReader) -> None:
    """A whole message."""
    for told, answers in ((b"EHLO client-frontend\r\n", b"250 go on\r\n"), (b"MAIL FROM:<>\r\n", OK)):
        client.sendall(told)
        assert said.readline() == answers
    client.sendall(b"DATA\r\n")
    assert said.readline() == b"354 go on\r\n"
    client.sendall(b"".join(CONTENT))
    assert said.readline() == b"250 go on\r\n"
    client.sendall(LEAVE)
    assert said.read() == b""


MESSAGE = [b"MAIL FROM:<>\r\n", b"DATA\r\n", *CONTENT]


def test_messages_in_a_row_share_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "LASTING", 3600)
    path, queue, there = str(tmp_path / "queue"), Queue(tmp_path / "queue"), queues.Queues()
    first = there.take(path, "front1.contoso.test")
    second = there.take(path, "front1.contoso.test")
    assert (second is first, first.used) == (False, False)
    there.give(first)
    assert there.take(path, "front1.contoso.test") is first
    assert first.used
    there.give(first)
    there.give(second)
    there.close()
    until(lambda: [each[-1:] for each in queue.heard] == [[LEAVE]] * 2, "two connections that take leave")
    queue.close()


def test_a_connection_ends_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it waits or is in use: the server at its other end has the settings that held when it began."""
    monkeypatch.setattr(queues, "LASTING", 0.01)
    path, queue, there = str(tmp_path / "queue"), Queue(tmp_path / "queue"), queues.Queues()
    waiting, used = (there.take(path, "front1.contoso.test") for _ in range(2))
    there.give(waiting)
    until(lambda: used.old, "an old connection")
    there.give(used)
    until(lambda: [each[-1:] for each in queue.heard] == [[LEAVE]] * 2, "two connections that take leave")
    another = there.take(path, "front1.contoso.test")
    assert another not in {waiting, used}
    another.close()
    queue.close()


def test_it_stands_between_two_servers_and_ends_when_messages_have(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "queue")
    with running(tmp_path) as (program, path):
        with connected(path) as (one, said_to_one), connected(path) as (other, said_to_other):
            one.sendall(b"EHLO client-frontend\r\n")
            assert said_to_one.readline() == b"250 go on\r\n"
            program.send_signal(signal.SIGTERM)
            sent(other, said_to_other)
            assert program.poll() is None
            one.sendall(LEAVE)
            assert said_to_one.read() == b""
        _, complaints = program.communicate(timeout=60)
    assert (program.returncode, complaints) == (0, "")
    until(lambda: [each[-1:] for each in queue.heard] == [[LEAVE]] * 2, "two connections that take leave")
    assert sorted(queue.heard) == [[HELLO, *MESSAGE, LEAVE], [HELLO, LEAVE]]
    queue.close()


@pytest.mark.parametrize("recipients", [1, 99, 100, 250])
def test_many_commands_are_told_in_parts(tmp_path: Path, recipients: int) -> None:
    queue = Queue(tmp_path / "queue")
    connection = queues.Queue(str(tmp_path / "queue"), "front1.contoso.test")
    commands = [b"RCPT TO:<%d@contoso.test>\r\n" % number for number in range(recipients)] + [b"DATA\r\n"]
    assert connection.ask(commands) == [b"250 go on\r\n"] * recipients + [b"354 go on\r\n"]
    assert queue.heard == [[HELLO, *commands]]
    connection.drop()
    queue.close()


def test_where_nobody_queues_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "queue"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"421 4.3.2 later\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(ValueError, match=re.escape(f"{path} says b'421 4.3.2 later\\r\\n'")):
            queues.Queue(str(path), "front1.contoso.test")
        thread.join()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("client-frontend", "a message breaks off: {folder}/queue: No such file or directory"),
        ("another", "a message breaks off: {file} has no connector 'another'"),
    ],
)
def test_where_it_can_not_be_the_sender_is_put_off(tmp_path: Path, name: str, complaint: str) -> None:
    """A connection that ends makes Postfix say 451."""
    with running(tmp_path) as (program, path):
        with connected(path) as (client, said):
            client.sendall(f"EHLO {name}\r\n".encode())
            assert said.read() == b""
        assert program.stderr
        assert program.stderr.readline() == complaint.format(file=tmp_path / "inspection.json", folder=tmp_path) + "\n"
