"""What a server of Postfix's that talks to a sender says for a message (its SMTPD_PROXY_README), until it is refused.

With speed_adjust it says all of it once it has the whole message, and tells the sender the first answer that is a
refusal. So commands are answered here, and told together to the server that queues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BufferedIOBase
from typing import Protocol

from .message import UNCHANGED, Limits, Message, Outgoing
from .queues import LONGEST, Queue

PIECE = 1 << 16  # bytes of a line that are held at a time
_GO_ON = b"250 2.0.0 Ok\r\n"


class Way(Protocol):
    """The way to servers that queue."""

    def take(self) -> Queue:
        """A connection to one. Raises OSError or ValueError where there can be none."""

    def give(self, queue: Queue) -> None:
        """It is there for another message."""


def serve(sender: BufferedIOBase, answers: BufferedIOBase, way: Way, limits: Limits, outgoing: Outgoing) -> None:
    """Pass on one message at most, from the answer to EHLO on.

    Raises OSError or ValueError where that can't be: then the sender is asked to come again.
    """
    queue = way.take()
    try:
        _say(answers, queue.offers)
        commands, leaving = _envelope(sender, answers, outgoing)
        if not commands:  # it went without a message
            way.give(queue)
            return
        queue, answer = _told(queue, way, commands)
        if answer.startswith(b"354"):
            _say(answers, answer)
            answer = content(sender, queue.told, limits, leaving) or queue.reply()
        if answer.startswith(b"250"):
            way.give(queue)
        else:
            queue.drop()
    except BaseException:
        queue.drop()
        raise
    if answer:
        _say(answers, answer)
        sender.readline(LONGEST)  # QUIT


def _envelope(sender: BufferedIOBase, answers: BufferedIOBase, outgoing: Outgoing) -> tuple[list[bytes], int]:
    """The commands up to DATA, and how large the message may be to leave the site; nothing where no DATA comes."""
    commands, leaving = [], 0
    for command in iter(lambda: sender.readline(LONGEST), b""):
        verb = command[:4].upper()
        if verb == b"QUIT":
            break  # the sender does not wait for an answer
        commands.append(command)
        if verb == b"DATA":
            return commands, leaving
        if verb == b"RCPT":
            limit = outgoing.limit(command[8:].decode(errors="replace").partition(">")[0])
            leaving = min(leaving or limit, limit or leaving)
        _say(answers, _GO_ON)
    return [], 0


def _told(queue: Queue, way: Way, commands: Sequence[bytes]) -> tuple[Queue, bytes]:
    """Whom they were told, and its first refusal, or else its answer to DATA; empty where it has gone.

    A connection that was used before may have ended meanwhile. Nothing is queued yet, so another one is told.
    """
    while True:
        try:
            replies = queue.ask(commands)
        except ConnectionError:
            replies = [b""]
        if replies[-1] or not queue.used:
            break
        queue.drop()
        queue = way.take()
    return queue, next((each for each in replies if each[:1] != b"2"), b"")


def content(sender: BufferedIOBase, to_queue: BufferedIOBase, limits: Limits, leaving: int) -> bytes:
    """Pass a message on; returns its refusal. Such a message never gets its end, so it is not queued.

    ``leaving`` is how large it may be to leave the site, in bytes; 0: any size, or it stays here.
    """
    message = Message(limits)
    begins = True
    while (piece := _piece(sender.readline)) != b".\r\n" or not begins:
        if not piece:
            return f"{UNCHANGED}it broke off\r\n".encode()
        message.look(piece.removeprefix(b".") if begins else piece)
        if not message.refusal:
            to_queue.write(piece)
        begins = piece.endswith(b"\n")
    if leaving and message.size > leaving and not message.refusal:
        message.refusal = f"552 5.3.4 it is larger than {leaving} bytes, and no larger message leaves this site"
    if message.refusal:
        return f"{message.refusal}\r\n".encode()
    to_queue.write(b".\r\n")
    to_queue.flush()
    return b""


def _say(answers: BufferedIOBase, reply: bytes) -> None:
    answers.write(reply)
    answers.flush()


def _piece(read: Callable[[int], bytes]) -> bytes:
    """A line, or as much of one as is held at a time; CR LF is never torn."""
    piece = read(PIECE)
    return piece + read(1) if piece.endswith(b"\r") else piece
