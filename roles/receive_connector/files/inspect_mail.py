#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands between two of Postfix's SMTP servers and refuses a message that Postfix would not deliver as it came.

inspect-mail SOCKET SITE FIELD HEADER HOPS LOCAL_HOPS SIZE, started by spawn(8) for each message: the SMTP server that
talks to the sender is its standard input and output, SOCKET leads to the one that queues. Postfix mends what is
malformed without a word: a header that is broken off gets an empty line, blanks before a colon and what is too long for
a field go, a lone CR becomes a blank. The sender of such a message is told instead, while still there.

The same goes for what is more than a connector takes, and what Postfix has one limit of or none: the largest FIELD,
HEADER and message (SIZE) in bytes, servers passed (HOPS) and those of this site among them (LOCAL_HOPS, 0: any number).
The file SITE names those servers, and how large messages may leave the site.

It starts once a message, so it imports little: the module socket would take as long as Python itself, for names and
classes around what ``_socket`` has.
"""

from __future__ import annotations

import _socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_BLANK = (b" ", b"\t")
# Characters of a field's name (RFC 5322, 3.6.8).
_NAME = bytes(set(range(33, 127)) - {ord(":")})
# What the first SMTP server puts before a first line that begins with "From ".
_MAILBOX_LINE = b"X-Mailbox-Line: "


_UNCHANGED = "554 5.6.0 refused, since it could not be delivered as it is: "


class Limits:
    """What a message may be: sizes in bytes, numbers of servers passed; ``own_names`` are those of this site's."""

    def __init__(
        self,
        field: int,
        header: int,
        hops: int,
        local_hops: int,
        size: int,
        *,
        own_names: frozenset[bytes] = frozenset(),
    ) -> None:
        """``local_hops`` 0 is any number."""
        self.field = field
        self.header = header
        self.hops = hops
        self.local_hops = local_hops
        self.size = size
        self.own_names = own_names


class Outgoing:
    """How large a message may be that leaves the site, by recipients' domains."""

    def __init__(self, domains: frozenset[str], limits: dict[str, int]) -> None:
        """``domains`` stay here; ``limits`` are by address space: a domain, ``*.`` and one, ``*``. 0: any size."""
        self._domains = domains
        self._limits = limits

    def limit(self, recipient: str) -> int:
        """The limit for a recipient, in bytes; 0: none."""
        domain = recipient.rpartition("@")[2].lower()
        if domain in self._domains:
            return 0
        if domain in self._limits:
            return self._limits[domain]
        parents = domain.split(".")
        spaces = ["*." + ".".join(parents[number:]) for number in range(1, len(parents))]
        return next((self._limits[space] for space in [*spaces, "*"] if space in self._limits), 0)


def read_site(path: str) -> tuple[frozenset[bytes], Outgoing]:
    """The names of this site's servers, and the limits of what leaves it, from the file that the role writes."""
    found: dict[str, list[list[str]]] = {"own": [], "in": [], "out": []}
    with open(path, encoding="ascii") as file:
        for line in file:
            kind, *words = line.split()[:3] or ["#"]
            if kind in found:
                found[kind].append(words)
    own_names = frozenset(words[0].encode() for words in found["own"])
    limits = {space: int(size) for space, size in found["out"]}
    return own_names, Outgoing(frozenset(words[0] for words in found["in"]), limits)


class Message:
    """Judges a message line by line; ``refusal`` is its answer, and is empty as long as nothing is wrong."""

    def __init__(self, limits: Limits) -> None:
        """``limits`` hold for the message as it was sent."""
        self.refusal = ""
        self.size = 0  # bytes so far
        self._limits = limits
        self._field = b""  # of the header, as far as it is read, if it is a trace field
        self._hops = 0
        self._local_hops = 0
        self._in_header = True
        self._own_trace = True  # the field Received that the first SMTP server put before the message
        self._line = 0  # of the message as it was sent
        self._field_size = 0

    def look(self, line: bytes) -> None:
        """Judge the next line, with its end."""
        if self.refusal or (self._own_trace and self._is_own_trace(line)):
            return
        self._line += 1
        self.size += len(line)
        fault = self._fault(line)
        self.refusal = _UNCHANGED + fault if fault else self._too_much()

    def _fault(self, line: bytes) -> str:
        """What keeps the message from being delivered as it is."""
        if b"\0" in line:
            return f"line {self._line} has a NUL byte"
        if b"\r" in line.removesuffix(b"\r\n"):
            return f"line {self._line} has a CR that no LF follows"
        if self._in_header:
            return self._fault_of_header(line)
        if self._line == 2 and line.startswith(_BLANK):
            # Before a first line that begins with a blank the first SMTP server puts an empty one.
            return "it begins with a folded line that continues no header field"
        return ""

    def _too_much(self) -> str:
        """The answer to a message that is more than its connector takes."""
        limits = self._limits
        if self._in_header and self.size > limits.header:
            return f"552 5.3.4 the header is larger than {limits.header} bytes"
        if self._hops > limits.hops:
            return f"554 5.4.6 it has passed more than {limits.hops} servers"
        if limits.local_hops and self._local_hops > limits.local_hops:
            return f"554 5.4.6 it has passed servers of this site more than {limits.local_hops} times"
        if self.size > limits.size:
            return f"552 5.3.4 it is larger than {limits.size} bytes"
        return ""

    def _is_own_trace(self, line: bytes) -> bool:
        self._own_trace = line.startswith(_BLANK) if self._field_size else line.startswith(b"Received:")
        self._field_size += len(line)
        return self._own_trace

    def _fault_of_header(self, line: bytes) -> str:
        fault = ""
        if line.startswith(_BLANK):
            self._field_size += len(line)
            self._field += line if self._field else b""
        else:
            self._count_hop()
            self._field_size = len(line)
            self._field = line if line[:9].lower() == b"received:" else b""
            if line == b"\r\n":
                self._in_header = False
                return ""
            fault = self._fault_of_field(line)
        if not fault and self._field_size > self._limits.field:
            return f"the header field in line {self._line} is larger than {self._limits.field} bytes"
        return fault

    def _count_hop(self) -> None:
        """Count the trace field that has just ended, if it was one."""
        if self._field:
            self._hops += 1
            name = b" ".join(self._field.lower().split()).partition(b" by ")[2].partition(b" ")[0].rstrip(b";")
            self._local_hops += name in self._limits.own_names

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


def content(sender: BinaryIO, to_queue: BinaryIO, limits: Limits, leaving: int) -> str:
    """Pass a message on; returns its refusal. Such a message never gets its end, so it is not queued.

    ``leaving`` is how large it may be to leave the site, in bytes; 0: any size, or it stays here.
    """
    message = Message(limits)
    for line in iter(sender.readline, b".\r\n"):
        if not line:
            return f"{_UNCHANGED}it broke off"
        message.look(line.removeprefix(b"."))
        if not message.refusal:
            to_queue.write(line)
    if leaving and message.size > leaving and not message.refusal:
        message.refusal = f"552 5.3.4 it is larger than {leaving} bytes, and no larger message leaves this site"
    if not message.refusal:
        to_queue.write(b".\r\n")
        to_queue.flush()
    return message.refusal


def serve(
    sender: BinaryIO, answers: BinaryIO, queue: BinaryIO, to_queue: BinaryIO, limits: Limits, outgoing: Outgoing
) -> None:
    """Pass on everything between the two servers, one message at most."""
    leaving = 0
    reply(queue, answers)
    for command in iter(sender.readline, b""):
        to_queue.write(command)
        to_queue.flush()
        if command[:4].upper() == b"QUIT":
            return  # the sender does not wait for an answer
        code = reply(queue, answers)
        if command[:8].upper() == b"RCPT TO:":
            limit = outgoing.limit(command[8:].decode(errors="replace").partition(">")[0])
            leaving = min(leaving or limit, limit or leaving)
        if command[:4].upper() == b"DATA" and code == b"354":
            refusal = content(sender, to_queue, limits, leaving)
            if refusal:
                answers.write(f"{refusal}\r\n".encode())
                answers.flush()
                return
            reply(queue, answers)


def main(path: str, site: str, *numbers: int) -> None:
    """Connect to the server that queues, and serve."""
    own_names, outgoing = read_site(site)
    limits = Limits(*numbers, own_names=own_names)
    connection = _socket.socket(_socket.AF_UNIX)
    connection.connect(path)
    descriptor = connection.detach()
    with open(descriptor, "wb") as to_queue, open(descriptor, "rb", closefd=False) as queue:
        serve(sys.stdin.buffer, sys.stdout.buffer, queue, to_queue, limits, outgoing)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
