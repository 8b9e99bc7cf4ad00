"""What a front end answers a CA that comes for HTTP-01, and what it asks other front ends."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from hostside.acme_answers.answers import LONGEST, PATH, Answers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

TOKEN, TEXT = "tOk-en_1", b"tOk-en_1.thumbprint"
NOT_FOUND = b"HTTP/1.1 404 Not Found"


def laid_out(folder: Path, text: bytes = TEXT) -> Path:
    """A folder with an answer, as an ACME client lays it out."""
    place = folder / PATH.strip("/")
    place.mkdir(parents=True)
    (place / TOKEN).write_bytes(text)
    (folder / "secret").write_text("not to be seen")
    return folder


@asynccontextmanager
async def front_end(folder: Path, others: Sequence[str] = (), port: int = 0) -> AsyncIterator[int]:
    """A front end; its port. The others are asked at ``port``."""
    server = await asyncio.start_server(Answers(folder, others, port).serve, "127.0.0.1", 0, limit=LONGEST)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(port: int, request: bytes) -> bytes:
    """The whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def request(path: str = PATH + TOKEN, method: str = "GET", headers: str = "") -> bytes:
    """A request as a CA makes it."""
    return f"{method} {path} HTTP/1.1\r\nHost: mail.contoso.test\r\n{headers}\r\n".encode()


def test_what_the_client_laid_out_is_answered(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with front_end(laid_out(tmp_path)) as port:
            return await ask(port, request())

    head, _, body = asyncio.run(run()).partition(b"\r\n\r\n")
    assert body == TEXT
    assert head.splitlines()[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Length: %d" % len(TEXT) in head


@pytest.mark.parametrize(
    "asked",
    [
        request("/"),
        request("/secret"),
        request(PATH),
        request(PATH + "another"),
        request(PATH + "../../secret"),
        request(PATH + "%2e%2e/secret"),
        request(PATH + TOKEN, method="POST"),
        b"anything\r\n\r\n",
    ],
)
def test_there_is_nothing_else_to_be_had(tmp_path: Path, asked: bytes) -> None:
    async def run() -> bytes:
        async with front_end(laid_out(tmp_path)) as port:
            return await ask(port, asked)

    answer = asyncio.run(run())
    assert answer.startswith(NOT_FOUND)
    assert answer.endswith(b"\r\n\r\n")


def test_a_head_has_no_body(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with front_end(laid_out(tmp_path)) as port:
            return await ask(port, request(method="HEAD"))

    answer = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_who_sends_too_much_is_hung_up_on(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with front_end(laid_out(tmp_path)) as port:
            try:
                return await ask(port, request(headers="X: y\r\n" * LONGEST))
            except ConnectionError:
                return b""

    assert asyncio.run(run()) == b""


def test_a_front_end_passes_on_what_it_does_not_know(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with (
            front_end(laid_out(tmp_path / "other")) as other,
            # Nobody is at the first of the addresses.
            front_end(tmp_path, ("127.0.0.9", "127.0.0.1"), other) as port,
        ):
            return await ask(port, request())

    assert asyncio.run(run()).endswith(b"\r\n\r\n" + TEXT)


def test_what_is_no_answer_to_the_challenge_is_not_passed_on(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with (
            front_end(laid_out(tmp_path / "other", b"something else")) as other,
            front_end(tmp_path, ("127.0.0.1",), other) as port,
        ):
            return await ask(port, request())

    assert asyncio.run(run()).startswith(NOT_FOUND)


def test_a_front_end_that_is_asked_by_another_asks_nobody(tmp_path: Path) -> None:
    """Or two of them would ask each other for ever."""
    asked = 0

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    async def run() -> bytes:
        server = await asyncio.start_server(count, "127.0.0.1", 0)
        other = server.sockets[0].getsockname()[1]
        async with server, front_end(tmp_path, ("127.0.0.1",), other) as port:
            answer = await ask(port, request(headers="Mailpair-Asked: yes\r\n"))
            assert asked == 0
            await ask(port, request())
            return answer

    assert asyncio.run(run()).startswith(NOT_FOUND)
    assert asked == 1
