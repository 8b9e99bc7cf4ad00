"""The part of Sendmail's milter protocol (version 6) that a filter of the SMTP dialogue needs."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from typing import Protocol

# Steps that this filter has no use for: body, header fields and their end. What it wants besides: refused recipients.
_SKIPPED = 0x10 | 0x20 | 0x40
_REFUSED_TOO = 0x800
_VERSION = 6
_LARGEST = 1 << 20

_CONTINUE = b"c"
_REPLY = b"y"


class Filter(Protocol):
    """What one SMTP session is asked about.

    An answer is the reply to refuse with, or None; ``macros`` are Postfix's.
    """

    def connect(self, address: str, port: int, macros: Mapping[str, str]) -> str | None:
        """A client has come."""

    def hello(self, name: str) -> str | None:
        """It gives its name."""

    def sender(self, words: list[str], macros: Mapping[str, str]) -> str | None:
        """A message begins: the sender's address in brackets, and parameters."""

    def recipient(self, words: list[str], macros: Mapping[str, str]) -> str | None:
        """A recipient, the same way; also one that Postfix refuses."""

    def data(self) -> str | None:
        """Its content comes."""

    def unknown(self, command: str) -> str | None:
        """A command that Postfix does not know."""

    def end(self) -> None:
        """The session is over. Comes once, whatever ended it."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: Filter) -> None:
    """Answer one session of Postfix's until it ends."""
    macros: dict[str, str] = {}
    try:
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            if not 0 < length <= _LARGEST:
                break
            packet = await reader.readexactly(length)
            if packet[:1] == b"Q":
                break
            answer = _answer(packet[:1], packet[1:], macros, asked)
            if answer:
                writer.write(struct.pack("!I", len(answer)) + answer)
                await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # Postfix has gone; so has the session
    finally:
        asked.end()
        writer.close()


def _answer(command: bytes, data: bytes, macros: dict[str, str], asked: Filter) -> bytes:
    """The packet to answer with; empty where none is due."""
    words = [word.decode(errors="replace") for word in data.rstrip(b"\0").split(b"\0")]
    match command:
        case b"O":
            return b"O" + struct.pack("!III", _VERSION, 0, _SKIPPED | _REFUSED_TOO)
        case b"D":
            names = data[1:].decode(errors="replace").split("\0")
            macros.update(zip(names[::2], names[1::2], strict=False))
            return b""
        case b"A" | b"K":
            return b""
        case b"C":
            return _verdict(asked.connect(*_client(data), macros))
        case b"H":
            return _verdict(asked.hello(words[0]))
        case b"M":
            return _verdict(asked.sender(words, macros))
        case b"R":
            return _verdict(asked.recipient(words, macros))
        case b"T":
            return _verdict(asked.data())
        case b"U":
            return _verdict(asked.unknown(words[0]))
    return _CONTINUE


def _client(data: bytes) -> tuple[str, int]:
    """Address and port out of the arguments of CONNECT: a name, a family, a port, an address."""
    _, _, rest = data.partition(b"\0")
    if rest[:1] not in {b"4", b"6"}:
        return "", 0
    (port,) = struct.unpack("!H", rest[1:3])
    return rest[3:].rstrip(b"\0").decode().removeprefix("IPv6:"), port


def _verdict(reply: str | None) -> bytes:
    return _CONTINUE if reply is None else _REPLY + reply.encode() + b"\0"
