"""Judges a message as it passes: what could not be delivered as it came, and what is more than a connector takes."""

from __future__ import annotations

from dataclasses import dataclass, field

_BLANK = (b" ", b"\t")
# Characters of a field's name (RFC 5322, 3.6.8).
_NAME = bytes(set(range(33, 127)) - {ord(":")})
# What the first SMTP server puts before a first line that begins with "From ".
_MAILBOX_LINE = b"X-Mailbox-Line: "

UNCHANGED = "554 5.6.0 refused, since it could not be delivered as it is: "


@dataclass(frozen=True)
class Limits:
    """What a message may be: sizes in bytes, numbers of servers passed, of this site's with ``local_hops`` 0 any.

    ``own_names`` are those of this site's servers.
    """

    field: int
    header: int
    hops: int
    local_hops: int
    size: int
    own_names: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Outgoing:
    """How large a message may be that leaves the site, by recipients' domains.

    ``domains`` stay here; ``limits`` are by address space: a domain, ``*.`` and one, ``*``. 0: any size.
    """

    domains: frozenset[str] = frozenset()
    limits: dict[str, int] = field(default_factory=dict)

    def limit(self, recipient: str) -> int:
        """The limit for a recipient, in bytes; 0: none."""
        domain = recipient.rpartition("@")[2].lower()
        if domain in self.domains:
            return 0
        if domain in self.limits:
            return self.limits[domain]
        parents = domain.split(".")
        spaces = ["*." + ".".join(parents[number:]) for number in range(1, len(parents))]
        return next((self.limits[space] for space in [*spaces, "*"] if space in self.limits), 0)


class Message:
    """Judges a message piece by piece; ``refusal`` is its answer, and is empty as long as nothing is wrong."""

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
        self._begins = True  # whether a line begins with the next piece
        self._field_size = 0

    def look(self, piece: bytes) -> None:
        """Judge what comes next: a line with its end, or a part of a long one, which does not end with CR."""
        begins, self._begins = self._begins, piece.endswith(b"\n")
        if self.refusal or (self._own_trace and self._is_own_trace(piece)):
            return
        self._line += begins
        self.size += len(piece)
        fault = self._fault(piece, begins=begins)
        self.refusal = UNCHANGED + fault if fault else self._too_much()

    def _fault(self, line: bytes, *, begins: bool) -> str:
        """What keeps the message from being delivered as it is."""
        if b"\0" in line:
            return f"line {self._line} has a NUL byte"
        if b"\r" in line.removesuffix(b"\r\n"):
            return f"line {self._line} has a CR that no LF follows"
        if not begins:
            return self._fault_of_more(line) if self._in_header else ""
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
        return fault or self._fault_of_size()

    def _fault_of_more(self, piece: bytes) -> str:
        """Of a line in the header that has begun with an earlier piece."""
        self._field_size += len(piece)
        self._field += piece if self._field else b""
        return self._fault_of_size()

    def _fault_of_size(self) -> str:
        if self._field_size > self._limits.field:
            return f"the header field in line {self._line} is larger than {self._limits.field} bytes"
        return ""

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
