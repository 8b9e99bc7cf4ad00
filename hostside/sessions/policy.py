"""What Dovecot asks and tells about passwords, over HTTP with JSON (its auth policy protocol).

It asks before it looks at a password, and again after one was right; then it tells how it went.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

# A request's command and attributes in; out come Dovecot's status (negative: refuse, positive: seconds to wait) and a
# text for the client.
Answer = Callable[[str, Mapping[str, Any]], tuple[int, str]]

REPORT = "report"
INTERNAL = "internal"  # the fail_type of a password that could not be looked at
REFUSED = "Too many connections for this user"
COMMAND = re.compile(rb"^POST [^ ]*[?&]command=([a-z]+)")
LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
LARGEST = 65536  # bytes; Dovecot asks in a few hundred


def reply(status: int, text: str) -> bytes:
    """The HTTP response with a status and a text."""
    body = json.dumps({"status": status, "msg": text}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Answer the requests of one connection until its other end closes it or says what Dovecot would not."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            command, found = COMMAND.match(head), LENGTH.search(head)
            if command is None or found is None or int(found[1]) > LARGEST:
                break
            attributes = json.loads(await reader.readexactly(int(found[1])))
            writer.write(reply(*answer(command[1].decode(), attributes)))
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, KeyError, TypeError, ValueError):
        pass  # it went away, or is not Dovecot: either way there is nobody to tell
    finally:
        writer.close()
