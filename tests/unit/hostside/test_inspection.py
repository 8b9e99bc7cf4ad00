"""What is refused before Postfix would change it, and that all the rest passes as it is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

import pytest

from hostside.inspection import queues
from hostside.inspection.dialogue import PIECE, serve
from hostside.inspection.message import Limits, Message, Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELD = 100
OWN = frozenset({b"front1.contoso.test"})
LEAVING = Outgoing(frozenset({"contoso.test"}), {"*": 50, "*.litware.test": 0, "fabrikam.test": 60})
TRACE = b"Received: from client.test ([192.0.2.1])\r\n\tby mail.contoso.test with ESMTP\r\n"
REFUSED = "554 5.6.0 refused, since it could not be delivered as it is: "


def limits(field: int = FIELD, header: int = 10000, hops: int = 99, local_hops: int = 0, size: int = 10000) -> Limits:
    """What holds for a connector."""
    return Limits(field, header, hops, local_hops, size, OWN)


OFFERS = b"250-front1.contoso.test\r\n250 XFORWARD NAME ADDR\r\n"


class Told:
    """A connection to a server that queues, with its replies written down beforehand; None: it has gone."""

    offers = OFFERS

    def __init__(self, *replies: bytes | None, used: bool = False) -> None:
        self.told, self.used, self.dropped = io.BytesIO(), used, False
        self._replies = [*replies]

    def reply(self) -> bytes:
        return (self._replies.pop(0) if self._replies else None) or b""

    def ask(self, commands: Sequence[bytes]) -> list[bytes]:
        self.told.write(b"".join(commands))
        return [self.reply() for _ in commands]

    def drop(self) -> None:
        self.dropped = True


class To:
    """The way to such servers, one after another."""

    def __init__(self, *connections: Told) -> None:
        self._connections = [*connections]
        self.given: list[object] = []

    def take(self) -> queues.Queue:
        return cast(queues.Queue, self._connections.pop(0))

    def give(self, queue: queues.Queue) -> None:
        self.given.append(queue)


ENVELOPE = b"MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@contoso.test>\r\nDATA\r\n"
TAKEN = (b"250 2.1.0 Ok\r\n", b"250 2.1.5 Ok\r\n", b"354 go on\r\n")
QUEUED = b"250 2.0.0 queued\r\n"


def dialogue(said: bytes, way: To, holds: Limits | None = None) -> list[str]:
    """The answers to the server that talks to a sender, after those to EHLO."""
    answers = io.BytesIO()
    serve(io.BytesIO(said), answers, way, holds or limits(), LEAVING)
    assert answers.getvalue().startswith(OFFERS)
    return answers.getvalue().removeprefix(OFFERS).decode().splitlines()


def session(message: bytes, holds: Limits | None = None) -> tuple[str, bytes]:
    """The last answer to the sender, and what the server that queues was told after DATA."""
    queue = Told(*TAKEN, QUEUED)
    way = To(queue)
    answers = dialogue(ENVELOPE + TRACE + message + b".\r\nQUIT\r\n", way, holds)
    assert answers[:3] == ["250 2.0.0 Ok", "250 2.0.0 Ok", "354 go on"]
    assert way.given == ([queue] if answers[-1].startswith("250") else [])
    assert queue.dropped is not bool(way.given)
    assert queue.told.getvalue().startswith(ENVELOPE)
    return answers[-1], queue.told.getvalue().removeprefix(ENVELOPE)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\r\n",
        b"Subject: x\r\n\r\ntext\r\n",
        b"Subject: x\r\n",
        b"Subject:\r\n folded\r\n\t \r\n\r\ntext\r\n",
        b"X-Odd!#$%&'*+/=?^_`{|}~: 1\r\n\r\n",
        b"Subject: \xe5\x85\xab\r\n\r\n\xff\xfe\r\n",
        b"Subject: x\r\n\r\n" + b"y" * 5000 + b"\r\n",
        b"Subject: x\r\n\r\n..leading dot\r\nFrom here\r\nno: field \r\n text\r\n",
        b"\r\nno header at all\r\n",
        b"Received: an older hop\r\n\r\n",
        b"Subject: x\r\nX-Mailbox-Line: From ada Mon May  2\r\n\r\n",
        b"X-Mailbox-Line: of somebody\r\n\r\n",
    ],
)
def test_a_message_passes_as_it_is(message: bytes) -> None:
    assert session(message) == ("250 2.0.0 queued", TRACE + message + b".\r\n")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (
            b"X-Mailbox-Line: From ada@contoso.test Mon May  2 2005\r\nSubject: x\r\n\r\n",
            "line 1 is the From line of a mailbox file, not a header field",
        ),
        (
            b"X-Mailbox-Line: >From ada@contoso.test Mon May  2 2005\r\n\r\n",
            "line 1 is the From line of a mailbox file, not a header field",
        ),
        (
            b"X-Mailbox-Line: From : ada\r\n\r\n",
            "line 1 has a blank between the name of a header field and its colon",
        ),
        (b"A: 1\r\nTo  : ada\r\n\r\n", "line 2 has a blank between the name of a header field and its colon"),
        (b"A: 1\r\nno field\r\n", "line 2 is not a header field, and no empty line before it ends the header"),
        (b": 1\r\n", "line 1 is not a header field, and no empty line before it ends the header"),
        (b"\xc3\xa9: 1\r\n", "line 1 is not a header field, and no empty line before it ends the header"),
        (b"A: " + b"x" * 200 + b"\r\n\r\n", "the header field in line 1 is larger than 100 bytes"),
        (
            b"A: 1\r\n" + b" x" * 30 + b"\r\n" + b" y" * 30 + b"\r\n",
            "the header field in line 3 is larger than 100 bytes",
        ),
        (b"A: 1\r\n\r\nzero \0\r\n", "line 3 has a NUL byte"),
        (b"A: \0\r\n", "line 1 has a NUL byte"),
        (b"A: 1\r\n\r\nlone\rCR\r\n", "line 3 has a CR that no LF follows"),
        (b"A: 1\r\n\r\ntwo\r\r\n", "line 3 has a CR that no LF follows"),
        (b"\r\n folded\r\n", "it begins with a folded line that continues no header field"),
    ],
)
def test_what_would_be_changed_is_refused(message: bytes, fault: str) -> None:
    answer, told = session(message)
    assert answer == REFUSED + fault
    assert b"\r\n.\r\n" not in told


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        ((b"452 4.3.1 no space\r\n", b"503 5.5.1 MAIL first\r\n", b"503 5.5.1 RCPT first\r\n"), "452 4.3.1 no space"),
        ((TAKEN[0], b"451 4.3.0 later\r\n", b"354 go on\r\n"), "451 4.3.0 later"),
        ((*TAKEN, b"452 4.3.1 no space\r\n"), "452 4.3.1 no space"),
    ],
)
def test_the_queue_refuses_for_reasons_of_its_own(replies: tuple[bytes, ...], answer: str) -> None:
    queue = Told(*replies)
    way = To(queue)
    assert dialogue(ENVELOPE + TRACE + b".\r\nQUIT\r\n", way)[-1] == answer
    assert (way.given, queue.dropped) == ([], True)
    assert (b"\r\n.\r\n" in queue.told.getvalue()) is (len(replies) == 4)


def test_a_message_that_breaks_off_is_not_queued() -> None:
    queue = Told(*TAKEN)
    way = To(queue)
    said = ENVELOPE + TRACE + b"Subject: x\r\n"
    assert dialogue(said, way)[-1] == f"{REFUSED}it broke off"
    assert (queue.told.getvalue(), way.given, queue.dropped) == (said, [], True)


def test_without_a_message_the_connection_is_there_for_the_next_one() -> None:
    queue = Told()
    way = To(queue)
    assert dialogue(b"XFORWARD NAME=x\r\nQUIT\r\n", way) == ["250 2.0.0 Ok"]
    assert (way.given, queue.told.getvalue()) == ([queue], b"")


@pytest.mark.parametrize("used", [True, False])
def test_a_connection_that_ended_between_two_messages_is_not_missed(*, used: bool) -> None:
    """Nothing was queued by it; where a new one ends as well the sender comes again."""
    ended, other = Told(None, used=used), Told(*TAKEN, QUEUED)
    way = To(ended, other)
    answers = dialogue(ENVELOPE + TRACE + b".\r\nQUIT\r\n", way)
    assert (answers[-1] == "250 2.0.0 queued") is used
    assert (ended.dropped, way.given) == (True, [other] if used else [])
    assert other.told.getvalue() == (ENVELOPE + TRACE + b".\r\n" if used else b"")


def test_a_message_is_not_told_twice_once_its_content_was() -> None:
    ended, other = Told(*TAKEN, None, used=True), Told(*TAKEN, QUEUED)
    assert dialogue(ENVELOPE + TRACE + b".\r\nQUIT\r\n", To(ended, other))[-1] == "354 go on"
    assert (ended.dropped, other.told.getvalue()) == (True, b"")


HOP = b"Received: from a.test by front1.contoso.test; Mon, 2 May 2005 00:00:00 +0000\r\n"
OTHER_HOP = b"Received: from a.test\r\n\tby mail.fabrikam.test (front1.contoso.test)\r\n"
REST = b"\r\ntext\r\n"


@pytest.mark.parametrize(
    ("given", "message", "refusal"),
    [
        ({"header": 19}, b"Subject: 901234567\r\n" + REST, "552 5.3.4 the header is larger than 19 bytes"),
        ({"header": 20}, b"Subject: 901234567\r\n" + REST, ""),
        ({"header": 20}, b"Subject: x\r\n\r\n" + b"text\r\n" * 9, ""),
        ({"hops": 1}, HOP * 2 + REST, "554 5.4.6 it has passed more than 1 servers"),
        ({"hops": 2}, HOP + OTHER_HOP + REST, ""),
        ({"local_hops": 1}, HOP * 2 + REST, "554 5.4.6 it has passed servers of this site more than 1 times"),
        ({"local_hops": 1}, HOP + OTHER_HOP + REST, ""),
        ({"local_hops": 0}, HOP * 3 + REST, ""),
        ({"size": 30}, b"A: 1\r\n\r\n" + b"x" * 30 + b"\r\n", "552 5.3.4 it is larger than 30 bytes"),
        ({"size": 40}, b"A: 1\r\n\r\n" + b"x" * 30 + b"\r\n", ""),
    ],
)
def test_what_is_more_than_a_connector_takes_is_refused(given: dict[str, int], message: bytes, refusal: str) -> None:
    judged = Message(limits(**given))
    for line in (TRACE + message).splitlines(keepends=True):
        judged.look(line)
    assert judged.refusal == refusal


@pytest.mark.parametrize(
    ("recipient", "limit"),
    [
        ("<ada@contoso.test", 0),
        ("<a@FABRIKAM.test", 60),
        ("<a@mail.fabrikam.test", 50),
        ("<a@litware.test", 50),
        ("<a@deep.mail.litware.test", 0),
        ("<postmaster", 50),
    ],
)
def test_how_large_a_message_may_leave(recipient: str, limit: int) -> None:
    assert LEAVING.limit(recipient) == limit


@pytest.mark.parametrize(
    ("recipients", "leaves"), [((b"a@litware.test", b"b@fabrikam.test"), False), ((b"ada@contoso.test",), True)]
)
def test_the_smallest_limit_of_all_recipients_holds(recipients: tuple[bytes, ...], leaves: bool) -> None:
    rcpt = b"".join(b"RCPT TO:<%b>\r\n" % each for each in recipients)
    said = rcpt + b"DATA\r\n" + TRACE + b"Subject: x\r\n\r\n" + b"x" * 60 + b"\r\n.\r\nQUIT\r\n"
    answers = dialogue(said, To(Told(*[b"250 ok\r\n"] * len(recipients), b"354 go on\r\n", QUEUED)))
    refused = "552 5.3.4 it is larger than 50 bytes, and no larger message leaves this site"
    assert answers[-1] == ("250 2.0.0 queued" if leaves else refused)


@pytest.mark.parametrize("end", [b"\r\n", b" \r\n", b"\r\r\n", b"\0\r\n"])
@pytest.mark.parametrize("more", range(-4, 3))
@pytest.mark.parametrize("before", [b"\r\n", b"", b"Received: "])
def test_a_long_line_is_judged_as_a_short_one(before: bytes, more: int, end: bytes) -> None:
    """It is held in pieces; wherever one ends, the message is told the same."""
    line = before + b"A:" * (before == b"") + b"x" * (PIECE + more - len(before)) + end
    large = limits(field=1 << 20, header=1 << 20, size=1 << 20)
    whole = Message(large)
    for each in (line + b"\r\n").splitlines(keepends=True):
        whole.look(each)
    answer, told = session(line + b"\r\n", large)
    fault = b"\0" in end or b"\r\r" in end
    assert (answer == "250 2.0.0 queued") is not fault
    if fault:
        assert answer.startswith(REFUSED)
    else:
        assert told == TRACE + line + b"\r\n.\r\n"


def test_a_long_field_is_refused_wherever_it_is_too_long() -> None:
    answer, _ = session(b"A: " + b"x" * 3 * PIECE + b"\r\n\r\n", limits(field=2 * PIECE, header=1 << 20, size=1 << 20))
    assert answer == f"{REFUSED}the header field in line 1 is larger than {2 * PIECE} bytes"


def test_a_dot_in_the_middle_of_a_long_line_is_no_end() -> None:
    line = b"x" * PIECE + b".\r\n"
    assert session(b"\r\n" + line, limits(size=1 << 20)) == (
        "250 2.0.0 queued",
        TRACE + b"\r\n" + line + b".\r\n",
    )
