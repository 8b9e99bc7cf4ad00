#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a link in the place of each part text/calendar of a message: calendar-link URL < MESSAGE > MESSAGE.

Everything else stays as it is, byte for byte. Messages inside the message are not touched: they are somebody's
attachments. Dovecot's Sieve keeps the message as it came when this ends with an error.
"""

from __future__ import annotations

import re
import sys
import urllib.parse
from email.message import Message
from email.parser import BytesHeaderParser

_HEAD = re.compile(rb"(?:\r?\n|(?:[^\r\n][^\n]*\n)*?\r?\n)")
_FIELD = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")
_REPLACED = re.compile(
    rb"content-(?:type|transfer-encoding|disposition|class|description|id|length|md5)[ \t]*:", re.IGNORECASE
)
_UID = re.compile(rb"^UID(?:;[^:\r\n]*)?:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]")
# Deeper nesting is nobody's meeting request.
_DEPTH = 20


def rewrite(message: bytes, url: str) -> bytes:
    """A message with ``url?uid=UID`` in the place of each part text/calendar; the same bytes where there is none."""
    return _part(message, url, b"\r\n" if b"\r\n" in message else b"\n", _DEPTH)


def link(url: str, calendar: bytes) -> str:
    """The link to a meeting: its UID (RFC 5545) becomes a parameter of ``url``."""
    found = _UID.search(_FOLD.sub(b"", calendar))
    if not found:
        return url
    uid = urllib.parse.quote(found[1].strip(), safe="")
    return f"{url}{'&' if '?' in url else '?'}uid={uid}"


def _part(part: bytes, url: str, end: bytes, depth: int) -> bytes:
    head, body = _split(part)
    header = BytesHeaderParser().parsebytes(head)
    kind = header.get_content_type()
    if kind == "text/calendar":
        return _linked(head, header, body, url, end)
    boundary = header.get_boundary()
    if header.get_content_maintype() != "multipart" or not boundary or not depth:
        return part
    return head + _parts(body, boundary.encode("ascii", "surrogateescape"), url, end, depth - 1)


def _split(part: bytes) -> tuple[bytes, bytes]:
    """The header with the empty line behind it, and the body."""
    found = _HEAD.match(part)
    return (found[0], part[found.end() :]) if found else (part, b"")


def _parts(body: bytes, boundary: bytes, url: str, end: bytes, depth: int) -> bytes:
    """The body of a multipart with each of its parts rewritten; what is before and behind them stays."""
    marks = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    done, begin = b"", None
    for mark in marks.finditer(body):
        before = body[begin or 0 : mark.start()]
        if begin is None:
            done += before
        else:
            # The line end before a boundary belongs to the boundary.
            tail = re.search(rb"\r?\n\Z|\Z", before)
            cut = tail.start() if tail else len(before)
            done += _part(before[:cut], url, end, depth) + before[cut:]
        done += mark[0]
        begin = mark.end()
        if mark[1]:
            return done + body[begin:]
    # A multipart without its last boundary ends where the message does.
    rest = body[begin or 0 :]
    return done + (rest if begin is None else _part(rest, url, end, depth))


def _linked(head: bytes, header: Message, body: bytes, url: str, end: bytes) -> bytes:
    holder = Message()
    encoding = header.get("Content-Transfer-Encoding")
    if encoding:
        holder["Content-Transfer-Encoding"] = str(encoding)
    holder.set_payload(body.decode("ascii", "surrogateescape"))
    decoded = holder.get_payload(decode=True)
    text = link(url, decoded if isinstance(decoded, bytes) else body).encode("ascii")
    kept = b"".join(each for each in _FIELD.findall(head) if each.strip() and not _REPLACED.match(each))
    fields = (b"Content-Type: text/plain; charset=us-ascii", b"Content-Transfer-Encoding: 7bit", b"", text, b"")
    return kept + end.join(fields)


def main() -> None:
    """Entry point."""
    sys.stdout.buffer.write(rewrite(sys.stdin.buffer.read(), sys.argv[1]))


if __name__ == "__main__":
    main()
