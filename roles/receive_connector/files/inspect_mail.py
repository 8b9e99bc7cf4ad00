#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands between two of Postfix's SMTP servers and refuses a message that Postfix would not deliver as it came.

inspect-mail SOCKET FIELD_LIMIT, started by spawn(8) for each message: the SMTP server that talks to the sender is its
standard input and output, SOCKET leads to the one that queues. Postfix mends what is malformed without a word: a header
that is broken off gets an empty line, blanks before a colon and what is too long for a field go, a lone CR becomes a
blank. The sender of such a message is told instead, while still there.

It starts once a message, so it imports little.
"""

from __future__ import annotations

import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_BLANK = (b" ", b"\t")
# Characters of a field's name (RFC 5322, 3.6.8).
_NAME = bytes(set(range(33, 127)) - {ord(":")})
# What the first SMTP server puts before a first line that begins with "From ".
_MAILBOX_LINE = b"X-Mailbox-Line: "


class Message:
    """Judges a message line by line; ``fault`` says what is wrong, and is empty as long as nothing is."""

    def __init__(self, field_limit: int) -> None:
        """``field_limit`` is the largest size of a field with its folded lines, in bytes."""
        self.fault = ""
        self._field_limit = field_limit
        self._in_header = True
        self._own_trace = True  # the field Received that the first SMTP server put before the message
        self._line = 0  # of the message as it was sent
        self._field_size = 0

    def look(self, line: bytes) -> None:
        """Judge the next line, with its end."""
        if self.fault or (self._own_trace and self._is_own_trace(line)):
            return
        self._line += 1
        if b"\0" in line:
            self.fault = f"line {self._line} has a NUL byte"
        elif b"\r" in line.removesuffix(b"\r\n"):
            self.fault = f"line {self._line} has a CR that no LF follows"
        elif self._in_header:
            self._look_at_header(line)
        elif self._line == 2 and line.startswith(_BLANK):
            # Before a first line that begins with a blank the first SMTP server puts an empty one.
            self.fault = "it begins with a folded line that continues no header field"

    def _is_own_trace(self, line: bytes) -> bool:
        self._own_trace = line.startswith(_BLANK) if self._field_size else line.startswith(b"Received:")
        self._field_size += len(line)
        return self._own_trace

    def _look_at_header(self, line: bytes) -> None:
        if line == b"\r\n":
            self._in_header = False
        elif line.startswith(_BLANK):
            self._field_size += len(line)
        else:
            self._field_size = len(line)
            self.fault = self._fault_of_field(line)
        if self._in_header and not self.fault and self._field_size > self._field_limit:
            self.fault = f"the header field in line {self._line} is larger than {self._field_limit} bytes"

    def _fault_of_field(self, line: bytes) -> str:
        sent = line.removeprefix(_MAILBOX_LINE) if self._line == 1 else line
        is_mailbox_line = sent != line and sent.lstrip(b">").startswith(b"From ")
        name, colon, _ = (sent if is_mailbox_line else line).partition(b":")
        if colon and _is_name(name.rstrip(b" \t")) and name.endswith(_BLANK):
            return f"line {self._line} has a blank between the name of a header field and its colon"
        if is_mailbox_line:
            return "line 1 is the From line of a mailbox file, not a header field"
        if not (colon and _is_name(name)):
            return f"line {self._line} is not a header field, and no empty line before it ends the header"
        return ""


def _is_name(text: bytes) -> bool:
    return bool(text) and not text.translate(None, _NAME)


def reply(queue: BinaryIO, answers: BinaryIO) -> bytes:
    """Pass an SMTP reply on; returns its code, or nothing where the server that queues is gone."""
    while line := queue.readline():
        answers.write(line)
        if line[3:4] != b"-":
            break
    answers.flush()
    return line[:3]


def content(sender: BinaryIO, to_queue: BinaryIO, field_limit: int) -> str:
    """Pass a message on; returns what is wrong with it. A faulty message never gets its end, so it is not queued."""
    message = Message(field_limit)
    for line in iter(sender.readline, b".\r\n"):
        if not line:
            return "it broke off"
        message.look(line.removeprefix(b"."))
        if not message.fault:
            to_queue.write(line)
    if not message.fault:
        to_queue.write(b".\r\n")
        to_queue.flush()
    return message.fault


def serve(sender: BinaryIO, answers: BinaryIO, queue: BinaryIO, to_queue: BinaryIO, field_limit: int) -> None:
    """Pass on everything between the two servers, one message at most."""
    reply(queue, answers)
    for command in iter(sender.readline, b""):
        to_queue.write(command)
        to_queue.flush()
        if command[:4].upper() == b"QUIT":
            return  # the sender does not wait for an answer
        code = reply(queue, answers)
        if command[:4].upper() == b"DATA" and code == b"354":
            fault = content(sender, to_queue, field_limit)
            if fault:
                answers.write(f"554 5.6.0 refused, since it could not be delivered as it is: {fault}\r\n".encode())
                answers.flush()
                return
            reply(queue, answers)


def main(path: str, field_limit: int) -> None:
    """Connect to the server that queues, and serve."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        with connection.makefile("rb") as queue, connection.makefile("wb") as to_queue:
            serve(sys.stdin.buffer, sys.stdout.buffer, queue, to_queue, field_limit)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
