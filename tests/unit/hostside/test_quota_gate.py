"""The milter that refuses what has reached its quota: the protocol, and what it answers."""

from __future__ import annotations

import asyncio
import ssl
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mailpair.mail.plugins.module_utils.tables import stored

from hostside.quota_gate.mailboxes import BackEnds, Mailboxes
from hostside.quota_gate.milter import CONTINUE, Filter, address, serve
from hostside.quota_gate.remembered import FAR, LASTING, NEAR, Remembered
from mailpair.plan import quota
from mailpair.plan.role import plain
from tests.unit.plan.sites import site
from tests.unit.plugins.host import OWNER

SENDING = "552 5.2.2 ada@contoso.test: the mailbox is full, so nothing can be sent from it; delete what is not needed"


def write(file: Path, mailboxes: list[tuple[str, str, int | None, int]], aliases: list[tuple[str, str, str]]) -> None:
    """What front ends know of mailboxes, in a file; as the plan of the role has it."""
    made = quota.gate(site(), {})
    tables = {
        "mailboxes": replace(made["mailboxes"], rows=(*mailboxes,)),
        "aliases": replace(made["aliases"], rows=(*aliases,)),
    }
    stored({**OWNER, "path": str(file), "mode": "0644", "in_place": False}, plain(tables)).put()


def mailboxes(folder: Path, *, full: bool = True, error: Exception | None = None) -> Mailboxes:
    """Ada and Bob have quotas, Carol may always send; ``full`` is what their back ends say."""
    there = [(f"{name}@contoso.test", "back1", send, 22) for name, send in (("ada", 11), ("bob", 11), ("carol", None))]
    write(folder / "quotas.db", there, [("both@contoso.test", "ada@contoso.test bob@contoso.test", "")])

    async def fits(host: str, mailbox: str, size: int) -> bool:
        assert host == "back1"
        assert size in {11, 22}
        if error:
            raise error
        return not full or mailbox == "bob@contoso.test"

    return Mailboxes(folder / "quotas.db", fits)


@pytest.mark.parametrize(
    ("user", "answer"),
    [("ADA@contoso.test", SENDING.replace("ada", "ADA")), ("carol@contoso.test", None), ("eve@contoso.test", None)],
)
def test_a_full_mailbox_does_not_send(tmp_path: Path, user: str, answer: str | None) -> None:
    assert asyncio.run(mailboxes(tmp_path).sender(user)) == answer


@pytest.mark.parametrize(
    ("recipient", "refused"),
    [
        ("ada@contoso.test", True),
        ("carol@contoso.test", True),
        ("bob@contoso.test", False),
        ("both@contoso.test", False),
        ("eve@example.test", False),
    ],
)
def test_a_full_mailbox_takes_no_mail(tmp_path: Path, recipient: str, refused: bool) -> None:
    answer = asyncio.run(mailboxes(tmp_path).recipient(recipient))
    assert answer == (f"552 5.2.2 <{recipient}> Mailbox is full" if refused else None)


class Room:
    """Back ends with mailboxes that have some room, and a clock; ``asked`` are the sizes that they were asked for."""

    def __init__(self, room: int) -> None:
        self.room, self.now, self.asked = room, 1000.0, list[int]()
        self.gate = Remembered(self._fits, lambda: self.now)

    async def _fits(self, host: str, mailbox: str, size: int) -> bool:
        assert (host, mailbox) == ("back1", "ada@contoso.test")
        self.asked.append(size)
        return size <= self.room

    def fits(self, size: int) -> bool:
        return asyncio.run(self.gate.fits("back1", "ada@contoso.test", size))


def test_of_a_mailbox_with_much_room_it_is_known_for_a_second() -> None:
    back = Room(FAR + 100)
    assert [back.fits(size) for size in (100, 90, 100)] == [True] * 3
    assert back.asked == [FAR + 100]
    back.now += LASTING
    assert back.fits(50)
    assert back.fits(100)  # it was asked for less
    assert back.asked == [FAR + 100, FAR + 50, FAR + 100]


def test_a_mailbox_that_is_nearly_full_is_asked_about_each_time() -> None:
    back = Room(100)
    assert [back.fits(size) for size in (100, 90)] == [True] * 2
    assert back.asked == [FAR + 100, 100, 90]
    back.room = 10
    assert not back.fits(90)
    back.room = FAR + 100
    assert back.fits(90)
    back.now += NEAR
    assert [back.fits(90), back.fits(90)] == [True] * 2
    assert back.asked == [FAR + 100, 100, 90, 90, 90, FAR + 90]


def test_a_back_end_that_does_not_answer_is_asked_again() -> None:
    back = Room(FAR + 100)

    async def fails(host: str, mailbox: str, size: int) -> bool:
        raise OSError(f"{host}: {mailbox}: {size}")

    answered, back.gate = back.gate, Remembered(fails)
    for _ in range(2):
        with pytest.raises(OSError, match="back1"):
            back.fits(1)
    back.gate = answered
    assert back.fits(1)


def test_what_is_old_takes_no_memory() -> None:
    back = Room(FAR + 100)

    async def fits(_host: str, mailbox: str, _size: int) -> bool:
        back.asked.append(int(mailbox))
        return True

    back.gate = Remembered(fits, lambda: back.now)
    for number in range(5):
        assert asyncio.run(back.gate.fits("back1", str(number), 1))
        back.now += LASTING / 2
    assert [*back.gate.far.kept] == [("back1", "3"), ("back1", "4")]


@pytest.mark.parametrize("error", [OSError("no route"), TimeoutError(), asyncio.IncompleteReadError(b"", 1)])
def test_mail_passes_where_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    assert asyncio.run(mailboxes(tmp_path, error=error).sender("ada@contoso.test")) is None
    assert capsys.readouterr().err.startswith("back1 does not say how large ada@contoso.test is: ")


def test_a_changed_file_is_read(tmp_path: Path) -> None:
    known = mailboxes(tmp_path)
    assert asyncio.run(known.sender("ada@contoso.test"))
    write(tmp_path / "quotas.db", [], [])
    assert asyncio.run(known.sender("ada@contoso.test")) is None


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"<Ada@Contoso.test>\0SIZE=3\0", "ada@contoso.test"), (b"<>\0", ""), (b"ada@contoso.test\0", "ada@contoso.test")],
)
def test_addresses(data: bytes, text: str) -> None:
    assert address(data) == text


def packet(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


class Sent(list[bytes]):
    """A stream writer that keeps what is sent."""

    def write(self, data: bytes) -> None:
        self.append(data[4:])

    async def drain(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


class Asked(Sent):
    """A stream writer that keeps lines of text, without a length before them."""

    def write(self, data: bytes) -> None:
        self.append(data)


def ask(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> bool:
    """Asks a back end that gives this answer."""
    asked = Asked()

    async def connect(*_: object, **__: object) -> tuple[asyncio.StreamReader, Asked]:
        reader = asyncio.StreamReader()
        reader.feed_data(answer)
        return reader, asked

    monkeypatch.setattr(asyncio, "open_connection", connect)
    fits = asyncio.run(BackEnds(12340, ssl.create_default_context()).fits("back1", "ada@contoso.test", 11))
    assert asked == [b"request=smtpd_access_policy\nrecipient=ada@contoso.test\nsize=11\n\n"]
    return fits


@pytest.mark.parametrize(("answer", "fits"), [(b"action=OK\n\n", True), (b"action=FULL\n\n", False)])
def test_a_back_end_says_whether_a_message_fits(monkeypatch: pytest.MonkeyPatch, answer: bytes, fits: bool) -> None:
    assert ask(monkeypatch, answer) is fits


class BackEnd:
    """Says that all fits, and counts connections; ``answers`` is how many questions each of them is good for."""

    def __init__(self, answers: int) -> None:
        self.connections = 0
        self.ended = 0
        self._answers = answers

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for _ in range(self._answers):
            try:
                await reader.readuntil(b"\n\n")
            except asyncio.IncompleteReadError:
                break
            writer.write(b"action=OK\n\n")
        writer.close()
        self.ended += 1


async def asked(back_end: BackEnd, times: int, lasting: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks so many times, and waits until all connections have ended."""
    server = await asyncio.start_server(back_end.talk, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    connect = asyncio.open_connection
    monkeypatch.setattr(asyncio, "open_connection", lambda *_, **__: connect("127.0.0.1", port))
    back_ends = BackEnds(port, ssl.create_default_context(), lasting=lasting)
    for _ in range(times):
        assert await back_ends.fits("back1", "ada@contoso.test", 11)
    async with asyncio.timeout(30):
        while back_end.ended < back_end.connections or any(back_ends._free.values()):
            await asyncio.sleep(0.01)
    server.close()


@pytest.mark.parametrize(
    ("answers", "lasting", "connections"),
    [(99, 2.0, 1), (1, 2.0, 4), (2, 2.0, 2), (99, 0.0, 4)],
    ids=["it is kept", "each ends after an answer", "each ends after two", "none is kept"],
)
def test_a_connection_is_used_again_while_it_lasts_and_ends_then(
    monkeypatch: pytest.MonkeyPatch, answers: int, lasting: float, connections: int
) -> None:
    back_end = BackEnd(answers)
    asyncio.run(asked(back_end, 4, lasting, monkeypatch))
    assert (back_end.connections, back_end.ended) == (connections, connections)


def test_a_back_end_that_cannot_tell_has_not_said_that_a_mailbox_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match=r"^it answers b'action=DEFER_IF_PERMIT Later\\n\\n'$"):
        ask(monkeypatch, b"action=DEFER_IF_PERMIT Later\n\n")


def session(*packets: bytes) -> list[bytes]:
    """The answers to a session of Postfix's: Ada may not send, Bob gets no mail."""

    async def sender(user: str) -> str | None:
        return "552 no" if user == "ada" else None

    async def recipient(mailbox: str) -> str | None:
        return "552 full" if mailbox == "bob@contoso.test" else None

    async def run() -> list[bytes]:
        reader, sent = asyncio.StreamReader(), Sent()
        reader.feed_data(b"".join(map(packet, packets)))
        reader.feed_eof()
        await serve(reader, sent, Filter(sender, recipient))  # type: ignore[arg-type]
        return sent

    return asyncio.run(run())


def test_a_session_is_answered_step_by_step() -> None:
    negotiated, *answers = session(
        b"O" + struct.pack("!III", 6, 0x1FF, 0x1FFFFF),
        b"DC_\0client\0",
        b"Cclient\x004\0\x19" + b"10.0.0.1\0",
        b"M<x@example.test>\0",
        b"R<bob@contoso.test>\0",
        b"R<eve@contoso.test>\0",
        b"A",
        b"DM{auth_authen}\0ada\0",
        b"M<ada@contoso.test>\0",
        b"E",
        b"Q",
        b"M<never@contoso.test>\0",
    )
    assert struct.unpack("!cII", negotiated[:9])[:2] == (b"O", 6)
    assert answers == [CONTINUE, CONTINUE, b"y552 full\0", CONTINUE, b"y552 no\0", CONTINUE]


def test_a_new_client_on_the_same_session_has_not_signed_in() -> None:
    assert session(b"DM{auth_authen}\0ada\0", b"K", b"M<ada@contoso.test>\0") == [CONTINUE]


@pytest.mark.parametrize("length", [0, 1 << 30])
def test_nonsense_ends_a_session(length: int) -> None:
    async def run() -> list[bytes]:
        reader, sent = asyncio.StreamReader(), Sent()
        reader.feed_data(struct.pack("!I", length))

        async def never(_: str) -> str | None:
            raise AssertionError

        await serve(reader, sent, Filter(never, never))  # type: ignore[arg-type]
        return sent

    assert asyncio.run(run()) == []
