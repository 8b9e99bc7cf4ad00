from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

import pytest

from hostside.upgrade_turn import __main__ as turn

if TYPE_CHECKING:
    from pathlib import Path


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
        known = [{"server": "front2", "address": "127.0.0.1", "port": port, "tls": False} for port in ports]
        file.write_text(json.dumps(known))
        status = await turn.main(str(file))
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
    file.write_text(json.dumps([{"server": "front2", "address": "127.0.0.1", "port": port, "tls": True}]))
    assert asyncio.run(turn.main(str(file))) == 1
    assert f"front2 at 127.0.0.1 port {port}: " in capsys.readouterr().out


def test_who_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        file = tmp_path / "greeters.json"
        file.write_text(json.dumps([{"server": "front2", "address": "127.0.0.1", "port": port, "tls": False}]))
        assert asyncio.run(turn.main(str(file))) == 1
    assert capsys.readouterr().out == (f"<4>updates wait for tomorrow: front2 at 127.0.0.1 port {port} says nothing\n")
