"""What two of Postfix's SMTP servers say to each other for a message (its SMTPD_PROXY_README), until it is refused."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedIOBase

from .message import UNCHANGED, Limits, Message, Outgoing

PIECE = 1 << 16  # bytes of a line that are held at a time
LONGEST = 1 << 12  # bytes of a command or an answer


def reply(queue: BufferedIOBase, answers: BufferedIOBase) -> bytes:
    """Pass an SMTP reply on; returns its code, or nothing where the server that queues is gone."""
    while line := queue.readline(LONGEST):
        answers.write(line)
        if line[3:4] != b"-":
            break
    answers.flush()
    return line[:3]


def serve(
    sender: BufferedIOBase,
    answers: BufferedIOBase,
    queue: BufferedIOBase,
    to_queue: BufferedIOBase,
    limits: Limits,
    outgoing: Outgoing,
) -> None:
    """Pass on everything between the two servers, one message at most, from the answer to EHLO on."""
    leaving = 0
    reply(queue, answers)
    for command in iter(lambda: sender.readline(LONGEST), b""):
        to_queue.write(command)
        to_queue.flush()
        if command[:4].upper() == b"QUIT":
            return  # the sender does not wait for an answer
        code = reply(queue, answers)
        if not code:
            return
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


def content(sender: BufferedIOBase, to_queue: BufferedIOBase, limits: Limits, leaving: int) -> str:
    """Pass a message on; returns its refusal. Such a message never gets its end, so it is not queued.

    ``leaving`` is how large it may be to leave the site, in bytes; 0: any size, or it stays here.
    """
    message = Message(limits)
    begins = True
    while (piece := _piece(sender.readline)) != b".\r\n" or not begins:
        if not piece:
            return f"{UNCHANGED}it broke off"
        message.look(piece.removeprefix(b".") if begins else piece)
        if not message.refusal:
            to_queue.write(piece)
        begins = piece.endswith(b"\n")
    if leaving and message.size > leaving and not message.refusal:
        message.refusal = f"552 5.3.4 it is larger than {leaving} bytes, and no larger message leaves this site"
    if not message.refusal:
        to_queue.write(b".\r\n")
        to_queue.flush()
    return message.refusal


def _piece(read: Callable[[int], bytes]) -> bytes:
    """A line, or as much of one as is held at a time; CR LF is never torn."""
    piece = read(PIECE)
    return piece + read(1) if piece.endswith(b"\r") else piece
