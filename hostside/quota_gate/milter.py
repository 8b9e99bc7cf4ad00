"""The part of Sendmail's milter protocol (version 6) that a filter of senders and recipients needs."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

# Steps that this filter has no use for: HELO, body, header fields and their end, unknown commands, DATA. CONNECT is
# wanted, since its macros begin a session.
_SKIPPED = 0x02 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200
_VERSION = 6
_LARGEST = 1 << 20

CONTINUE = b"c"
_REPLY = b"y"


@dataclass
class Envelope:
    """What is known of the message at hand: the user who has signed in, if any, and the macros of the session."""

    macros: dict[str, str] = field(default_factory=dict)

    @property
    def user(self) -> str | None:
        """The name that the client signed in with."""
        return self.macros.get("{auth_authen}") or None


Ask = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True)
class Filter:
    """Two questions, each answered with a reply to refuse with or None: may a user send, does a mailbox take mail?"""

    sender: Ask
    recipient: Ask


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: Filter) -> None:
    """Answer one session of Postfix's until it ends."""
    envelope = Envelope()
    try:
        while (packet := await _read(reader)) is not None:
            answer = await _answer(packet, envelope, asked)
            if answer is None:
                break
            if answer:
                writer.write(struct.pack("!I", len(answer)) + answer)
                await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # Postfix has gone; so has the session
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length) if 0 < length <= _LARGEST else None


async def _answer(packet: bytes, envelope: Envelope, asked: Filter) -> bytes | None:
    """The packet to answer with; empty where none is due, None at the end of the session."""
    command, data = packet[:1], packet[1:]
    match command:
        case b"O":
            return b"O" + struct.pack("!III", _VERSION, 0, _SKIPPED)
        case b"D":
            words = data[1:].decode(errors="replace").split("\0")
            envelope.macros.update(zip(words[::2], words[1::2], strict=False))
            return b""
        case b"A":
            return b""
        case b"K":
            envelope.macros.clear()
            return b""
        case b"Q":
            return None
        case b"M":
            return _verdict(await asked.sender(envelope.user) if envelope.user else None)
        case b"R":
            return _verdict(await asked.recipient(address(data)))
    return CONTINUE


def _verdict(reply: str | None) -> bytes:
    return CONTINUE if reply is None else _REPLY + reply.encode() + b"\0"


def address(data: bytes) -> str:
    """The address in the arguments of MAIL or RCPT as the protocol has them, in lower case, without its brackets."""
    return data.split(b"\0")[0].decode(errors="replace").strip("<>").lower()
