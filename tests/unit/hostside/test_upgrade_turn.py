from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hostside.upgrade_turn import __main__ as turn


def asked(tmp_path: Path, *greetings: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """The status and the lines for front ends that greet like this; each line without its port's number."""

    async def both() -> tuple[int, list[int]]:
        servers = []
        for greeting in greetings:

            async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes = greeting) -> None:
                writer.write(said)
                await writer.drain()
                writer.close()

            servers.append(await asyncio.start_server(greet, "127.0.0.1", 0))
        ports = [each.sockets[0].getsockname()[1] for each in servers]
        file = tmp_path / "greeters.json"
        known = [{"server": "front2", "addresses": ["127.0.0.1"], "port": port, "tls": False} for port in ports]
        file.write_text(json.dumps(known))
        status = await turn.main(str(file), str(tmp_path / "waits"))
        for each in servers:
            each.close()
        return status, ports

    status, ports = asyncio.run(both())
    said = capsys.readouterr().out
    for port in ports:
        said = said.replace(str(port), "PORT")
    return status, said.splitlines()


@pytest.mark.parametrize("greeting", [b"* OK ready\r\n", b"* PREAUTH x\r\n", b"+OK ready\r\n", b"220 mail ESMTP\r\n"])
def test_who_greets_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str], greeting: bytes) -> None:
    assert asked(tmp_path, greeting, capsys=capsys) == (0, [])


def test_nobody_to_ask_is_a_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, capsys=capsys) == (0, [])


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"* BYE going\r\n", "greets with '* BYE going'"),
        (b"421 too busy\r\n", "greets with '421 too busy'"),
        (b"-ERR no\r\n", "greets with '-ERR no'"),
        (b"", "greets with ''"),
        (b"\xff\x00\r\n", "greets with '\N{REPLACEMENT CHARACTER}\\x00'"),
    ],
)
def test_who_does_not_greet_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], greeting: bytes, said: str
) -> None:
    status, lines = asked(tmp_path, b"+OK\r\n", greeting, capsys=capsys)
    assert (status, lines) == (1, [f"<4>updates wait for tomorrow: front2 at 127.0.0.1 port PORT {said}"])


def test_a_line_without_an_end_is_no_greeting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = asked(tmp_path, b"*" * (1 << 20), capsys=capsys)
    assert status == 1
    assert len(lines) == 1


def test_nothing_listens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = tmp_path / "greeters.json"
    file.write_text(json.dumps([{"server": "front2", "addresses": ["127.0.0.1"], "port": port, "tls": True}]))
    assert asyncio.run(turn.main(str(file), str(tmp_path / "waits"))) == 1
    assert f"front2 at 127.0.0.1 port {port}: " in capsys.readouterr().out


def test_who_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        file = tmp_path / "greeters.json"
        file.write_text(json.dumps([{"server": "front2", "addresses": ["127.0.0.1"], "port": port, "tls": False}]))
        assert asyncio.run(turn.main(str(file), str(tmp_path / "waits"))) == 1
    assert capsys.readouterr().out == (f"<4>updates wait for tomorrow: front2 at 127.0.0.1 port {port} says nothing\n")


def test_one_address_that_greets_is_enough(tmp_path: Path) -> None:
    async def ask() -> int:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"+OK\r\n")
            writer.close()

        async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            file = tmp_path / "greeters.json"
            addresses = ["127.0.0.2", "127.0.0.1"]
            file.write_text(json.dumps([{"server": "front2", "addresses": addresses, "port": port, "tls": False}]))
            return await turn.main(str(file), str(tmp_path / "waits"))

    assert asyncio.run(ask()) == 0


def test_after_three_days_without_updates_it_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waits = tmp_path / "waits"
    assert asked(tmp_path, b"", capsys=capsys)[0] == turn.WAIT
    first = waits.stat().st_mtime
    assert asked(tmp_path, b"", capsys=capsys)[0] == turn.WAIT
    assert waits.stat().st_mtime == first
    os.utime(waits, (first - 4 * 86400,) * 2)
    status, lines = asked(tmp_path, b"", capsys=capsys)
    assert status == turn.FAIL
    assert lines[-1] == "<4>no updates for 4 days: mend that, or run playbooks/upgrade.yml"
    assert asked(tmp_path, b"+OK\r\n", capsys=capsys)[0] == 0
    assert not waits.exists()


def test_what_is_wrong_with_the_program_itself_is_seen(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hostside.upgrade_turn", str(tmp_path / "nowhere"), str(tmp_path / "waits")]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == turn.FAIL
    assert "FileNotFoundError" in done.stderr
