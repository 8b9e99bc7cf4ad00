"""Dovecot's question after each right password, over HTTP with JSON: is one more session allowed?"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Decide = Callable[[Mapping[str, Any]], bool]  # a request's attributes in, whether the sign-in goes on out

REFUSED = "Too many connections for this user"
LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
LARGEST = 65536  # bytes; Dovecot asks in a few hundred


def reply(allowed: bool) -> bytes:
    """The HTTP response that lets a sign-in go on, or refuses it with the text that the client sees."""
    body = json.dumps({"status": 0, "msg": ""} if allowed else {"status": -1, "msg": REFUSED}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decide: Decide) -> None:
    """Answer the requests of one connection until its other end closes it or says what Dovecot would not."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = LENGTH.search(head)
            if found is None or int(found[1]) > LARGEST:
                break
            writer.write(reply(decide(json.loads(await reader.readexactly(int(found[1]))))))
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, KeyError, TypeError, ValueError):
        pass  # it went away, or is not Dovecot: either way there is nobody to tell
    finally:
        writer.close()
