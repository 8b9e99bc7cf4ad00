"""What keepalived is told of a front end's services."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from hostside.answering import __main__ as answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:03E1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:024B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0B01F40A:008F 0101F40A:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 3
   3: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4
"""


@pytest.mark.parametrize(
    ("ports", "missing"),
    [((), []), (("993", "80"), []), (("993", "143"), ["143"]), (("587", "995"), ["587", "995"])],
    ids=["none", "all", "one with a session", "one of loopback alone, and one that is none"],
)
def test_ports_are_looked_up_in_the_kernel_s_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ports: tuple[str, ...], missing: list[str]
) -> None:
    table = tmp_path / "tcp"
    table.write_text(TABLE)
    monkeypatch.setattr(answering, "TABLE", table)
    assert answering.unbound(ports) == missing


def test_the_kernel_s_own_table_is_read() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = str(server.getsockname()[1])
        assert answering.main("listening", port) == 0
    assert answering.main("listening", port) == 1


@contextmanager
def saying(said: bytes | None) -> Iterator[str]:
    """A port of loopback at which the first one who comes hears this, or nothing for as long as he waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(said or b"")
                if said is None:
                    connection.recv(1)  # until the other end is tired of it

        thread = threading.Thread(target=serve)
        thread.start()
        yield str(server.getsockname()[1])
        thread.join()


@pytest.mark.parametrize("said", [b"* OK ready\r\n", b"+OK ready\r\n", b"220 mail ESMTP\r\n"])
def test_who_greets_answers(said: bytes) -> None:
    with saying(said) as port:
        assert answering.main("greeting", "127.0.0.1", port) == 0


@pytest.mark.parametrize("said", [b"* BYE\r\n", b"421 too busy\r\n", b"", None])
def test_who_says_something_else_or_nothing_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: bytes | None
) -> None:
    monkeypatch.setattr(answering, "PATIENCE", 0.05)
    with saying(said) as port:
        assert answering.main("greeting", "127.0.0.1", port) == 1
    assert capsys.readouterr().out == f"no answer: {port}\n"


@pytest.mark.parametrize("kind", ["tls", "https"])
def test_a_port_without_tls_is_no_answer_where_tls_is_asked_for(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    with saying(b"220 mail ESMTP\r\n") as port:
        assert answering.main("greeting", "127.0.0.1", f"{port}/{kind}") == 1
    assert capsys.readouterr().out == f"no answer: {port}/{kind}\n"


def test_a_closed_port_is_told_with_the_others() -> None:
    with saying(b"+OK\r\n") as port:
        assert list(answering.unanswered("127.0.0.1", "1", port, "2/tls")) == ["1", "2/tls"]
