"""The program as systemd starts it: a socket that is given to it, and a key that it makes and keeps."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.__main__ import kept_key
from tests.portal.conftest import PASSWORD, World
from tests.portal.test_app import ORIGIN, SETTINGS, token

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


class OverSocket(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("mail.contoso.test", timeout=60)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "portal"))
        listener.listen()
        yield listener


@contextmanager
def running(world: World, listening: socket.socket) -> Iterator[subprocess.Popen[str]]:
    folder = world.file.parent
    files = (world.file, *(folder / name for name in ("dovecot", "signer", "ca", "key")))
    command = [sys.executable, "-m", "portal", *map(str, files)]
    with subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{listening.fileno()}', "bash", *command],
        cwd=ROOT,
        pass_fds=[listening.fileno()],
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        yield program
        program.send_signal(signal.SIGTERM)


def ask(path: Path, method: str, url: str, body: str = "", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    connection = OverSocket(path)
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    forwarded = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https", "Referer": f"{ORIGIN}/"}
    connection.request(method, url, body or None, {**forwarded, **kind, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def cookie(answer: http.client.HTTPResponse) -> str:
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def test_a_session_outlives_the_program(world: World, listening: socket.socket, tmp_path: Path) -> None:
    path = tmp_path / "portal"
    with running(world, listening) as program:
        answer, page = ask(path, "GET", "/sign-in")
        form = f"user=ada%40contoso.test&password={PASSWORD.replace(' ', '+')}&csrf_token={token(page)}"
        answer, _ = ask(path, "POST", "/sign-in", form, Cookie=cookie(answer))
        assert (answer.status, answer.headers["Location"]) == (303, SETTINGS)
        signed_in = cookie(answer)
        assert "rip=192.0.2.9" in world.dovecot.asked[-1][0]
    assert program.returncode == 0
    with running(world, listening):
        answer, page = ask(path, "GET", SETTINGS, Cookie=signed_in)
        assert answer.status == 200
        assert "mail.contoso.test" in page


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        key = kept_key(tmp_path / "key")
    finally:
        os.umask(umask)
    assert len(key) == 32
    assert kept_key(tmp_path / "key") == key
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()] == [("key", 0o600)]
