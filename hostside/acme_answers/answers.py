"""What is answered to one request: the text that this front end's ACME client laid out, or another front end's.

The CA comes to whichever front end DNS names, and that need not be the one that asked for a certificate. So one that
has no answer asks the others, and tells them that it is a front end that asks: they answer for themselves alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

PATH = "/.well-known/acme-challenge/"
PORT = 80
ASKED = b"mailpair-asked"  # the header of a front end's question
LONGEST = 8192  # bytes of a request, or of an answer; a key authorization has less than 100
PATIENCE = 5.0  # seconds for somebody to ask, or for another front end to answer
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")  # base64url, RFC 8555, section 8.3
_REQUEST = re.compile(rb"(GET|HEAD) (?:http://[^/ ]*)?(/[^ ?]*)[^ ]* HTTP/1\.[01]")


class Answers:
    """The texts under ``folder``, and the other front ends' addresses."""

    def __init__(self, folder: Path, others: Sequence[str], port: int = PORT) -> None:
        """Touches nothing yet."""
        self._folder, self._others, self._port = folder, others, port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        try:
            async with asyncio.timeout(2 * PATIENCE):
                head = await _head(reader)
                found = _REQUEST.fullmatch(head[0]) if head else None
                text = await self._answer(found[2].decode("latin-1"), asked=ASKED in _names(head)) if found else None
                writer.write(_response(text, with_body=bool(found and found[1] == b"GET")))
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # who asked has gone, or says nothing that could be answered
        finally:
            writer.close()

    async def _answer(self, path: str, *, asked: bool) -> bytes | None:
        token = path.removeprefix(PATH) if path.startswith(PATH) else ""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            return (self._folder / PATH.strip("/") / token).read_bytes()
        except OSError:
            return None if asked else await self._of_others(token)

    async def _of_others(self, token: str) -> bytes | None:
        """The first answer that one of the others has; one that is away does not hold up the rest."""
        asking = [asyncio.create_task(self._of(address, token)) for address in self._others]
        try:
            for each in asyncio.as_completed(asking):
                if (text := await each) is not None:
                    return text
            return None
        finally:
            for task in asking:
                task.cancel()

    async def _of(self, address: str, token: str) -> bytes | None:
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(address, self._port)
                try:
                    host = f"[{address}]" if ":" in address else address
                    writer.write(f"GET {PATH}{token} HTTP/1.0\r\nHost: {host}\r\n".encode() + ASKED + b": yes\r\n\r\n")
                    head = await _head(reader)
                    if not re.match(rb"HTTP/1\.[01] 200 ", head[0] if head else b""):
                        return None
                    text = await reader.read(LONGEST)
                    return text if text.startswith(f"{token}.".encode()) else None
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError):
            return None


async def _head(reader: asyncio.StreamReader) -> list[bytes]:
    """The lines before the empty one; none where there is no end of them. Raises ValueError for too many."""
    lines: list[bytes] = []
    size = 0
    while line := await reader.readline():
        size += len(line)
        if size > LONGEST:
            raise ValueError("too long")
        if not line.strip():
            return lines
        lines.append(line.rstrip(b"\r\n"))
    return []


def _names(head: Iterable[bytes]) -> set[bytes]:
    return {line.partition(b":")[0].strip().lower() for line in head}


def _response(text: bytes | None, *, with_body: bool) -> bytes:
    status = b"404 Not Found" if text is None else b"200 OK"
    body = text or b""
    head = (
        b"HTTP/1.1 " + status,
        b"Content-Type: application/octet-stream",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
    )
    return b"\r\n".join(head) + b"\r\n\r\n" + (body if with_body else b"")
