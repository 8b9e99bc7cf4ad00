"""Front ends and noticeboards tell each other: real conversations over sockets, with a clock of the test's own."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from hostside.sessions import messages
from hostside.sessions.board import CONVERSATIONS, Board
from hostside.sessions.guesses import HOUR, LOOK, REFUSE, Guesses, GuessLimits
from hostside.sessions.known import KnownClients, Row
from hostside.sessions.messages import BATCH, LONGEST
from hostside.sessions.noticeboards import keep_up
from hostside.sessions.recent import Guess, Recent
from hostside.sessions.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
HOME, CAFE = "192.0.2.1", "198.51.100.7"
DAY = 86400.0
NAME = "0123456789abcdef" * 2

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Side:
    """A front end, or a noticeboard; its clock shows something else than others'."""

    def __init__(self, folder: Path, name: str, limit: int = 3) -> None:
        self.now, self.today, self.said, self.taken = 1000.0 * len(name), 20000 * DAY, list[str](), list[Guess]()
        self.known = KnownClients(folder / f"{name}.db", lambda: self.today, self.said.append)
        self.guesses = Guesses(GuessLimits(limit, None, None), self.known, 2)
        self.sharing = Sharing(self.known, self._take, lambda: self.now)

    def _take(self, guess: Guess) -> None:
        self.taken.append(guess)
        self.guesses.elsewhere(guess.mailbox, guess.client, guess.at)

    def guessed(self, mailbox: str, client: str, times: int = 1) -> None:
        for _ in range(times):
            self.guesses.wrong(mailbox, client, self.now)
            self.sharing.guessed(mailbox, client)


async def streams() -> tuple[Streams, Streams]:
    one, other = socket.socketpair()
    return (
        await asyncio.open_connection(sock=one, limit=LONGEST),
        await asyncio.open_connection(sock=other, limit=LONGEST),
    )


@asynccontextmanager
async def speaking(one: Side, other: Side) -> AsyncIterator[None]:
    """Two speak with each other."""
    ours, theirs = await streams()
    tasks = [asyncio.create_task(one.sharing.converse(*ours)), asyncio.create_task(other.sharing.converse(*theirs))]
    try:
        yield
        assert not any(each.done() for each in tasks)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)


def test_guesses_and_known_clients_reach_the_other_front_end(tmp_path: Path) -> None:
    one, board, other = (Side(tmp_path, name) for name in ("one", "board", "the other"))

    async def run() -> None:
        async with speaking(one, board), speaking(other, board):
            one.guessed(ADA, CAFE, 3)
            one.known.add(BOB, HOME)
            await until(lambda: len(other.taken) == 3 and other.known.has(BOB, HOME))
            assert other.guesses.judge(ADA, CAFE, other.now) == REFUSE
            assert other.guesses.judge(BOB, CAFE, other.now) == LOOK
            other.guessed(BOB, CAFE)
            other.known.add(ADA, HOME)
            await until(lambda: len(one.taken) == 1 and one.known.has(ADA, HOME))

    asyncio.run(run())
    assert one.said == board.said == other.said == []


def test_whoever_was_away_is_told_all_known_clients_and_the_guesses_of_the_last_hour(tmp_path: Path) -> None:
    one, board, other = (Side(tmp_path, name) for name in ("one", "board", "the other"))
    for number in range(3 * BATCH + 1):
        one.known.add(f"{number}@contoso.test", HOME)
    one.guessed(ADA, HOME, 3)
    one.now += HOUR
    one.guessed(ADA, CAFE, BATCH + 1)
    one.now += HOUR / 3 + 1

    async def run() -> None:
        async with speaking(one, board):
            await until(lambda: len(board.taken) == BATCH + 1 and board.known.has(f"{3 * BATCH}@contoso.test", HOME))
        # The first is away by now.
        async with speaking(other, board):
            await until(lambda: len(other.taken) == BATCH + 1 and other.known.has(f"{3 * BATCH}@contoso.test", HOME))

    asyncio.run(run())
    assert all(other.known.has(f"{number}@contoso.test", HOME) for number in range(3 * BATCH + 1))
    assert {round(other.now - each.at) for each in other.taken} == {HOUR / 3 + 1}
    assert {each.client for each in other.taken} == {CAFE}
    assert other.guesses.judge(ADA, CAFE, other.now) == REFUSE


def test_a_guess_that_is_told_by_two_noticeboards_counts_once(tmp_path: Path) -> None:
    one, board, board2, other = (Side(tmp_path, name) for name in ("one", "board", "board 2", "the other"))

    async def run() -> None:
        async with (
            speaking(one, board),
            speaking(one, board2),
            speaking(other, board),
            speaking(other, board2),
        ):
            one.guessed(ADA, CAFE, 2)
            one.known.add(BOB, HOME)
            await until(lambda: other.known.has(BOB, HOME) and board.known.has(BOB, HOME))
            await until(lambda: board2.known.has(BOB, HOME))
            other.guessed(BOB, CAFE)
            await until(lambda: len(one.taken) == 1 and len(board2.taken) == 3)

    asyncio.run(run())
    assert [each.mailbox for each in other.taken] == [ADA, ADA]
    assert one.taken[0].mailbox == BOB
    assert other.guesses.judge(ADA, CAFE, other.now) == LOOK


def test_a_front_end_that_starts_anew_is_told_of_its_own_guesses(tmp_path: Path) -> None:
    one, board = Side(tmp_path, "one"), Side(tmp_path, "board")

    async def run() -> None:
        async with speaking(one, board):
            one.guessed(ADA, CAFE, 3)
            await until(lambda: len(board.taken) == 3)
        one.known.close()
        again = Side(tmp_path, "one")
        async with speaking(again, board):
            await until(lambda: len(again.taken) == 3)
        assert again.guesses.judge(ADA, CAFE, again.now) == REFUSE

    asyncio.run(run())


def test_what_a_front_end_said_itself_is_no_news_to_it_though_it_was_too_much_to_keep(tmp_path: Path) -> None:
    one, board = Side(tmp_path, "one"), Side(tmp_path, "board")

    async def run() -> None:
        async with speaking(one, board):
            one.guessed(ADA, CAFE, 2)
            await until(lambda: len(board.taken) == 2)
        one.sharing._recent = Recent()
        board.guessed(BOB, CAFE)
        async with speaking(one, board):
            await until(lambda: len(one.taken) > 0)

    asyncio.run(run())
    assert [each.mailbox for each in one.taken] == [BOB]


def test_rows_that_were_told_are_not_told_again_and_those_of_a_lost_database_are(tmp_path: Path) -> None:
    one, board = Side(tmp_path, "one"), Side(tmp_path, "board")
    one.known.add(ADA, HOME)

    async def heard_by(front: Side) -> int:
        """What the board asks for."""
        ours, theirs = await streams()
        task = asyncio.create_task(board.sharing.converse(*ours))
        theirs[1].write(messages.hello(front.known.name, front.known.last()))
        said = [json.loads(await theirs[0].readline()) for _ in range(2)]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        theirs[1].close()
        assert said[0] == ["hello", 1, board.known.name, board.known.last()]
        assert said[1][0] == "since"
        return int(said[1][1])

    async def run() -> None:
        async with speaking(one, board):
            await until(lambda: board.known.has(ADA, HOME))
        assert await heard_by(one) == one.known.last() == 1
        empty = Side(tmp_path, "empty")
        assert await heard_by(empty) == 0
        async with speaking(empty, board):
            await until(lambda: empty.known.has(ADA, HOME))
        # It came back from a copy of before.
        empty.known.name = one.known.name
        empty.known.last = lambda: 0  # type: ignore[method-assign]
        assert await heard_by(empty) == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([b'["since",0]\n'], "it does not greet"),
        ([b"GET / HTTP/1.1\r\n"], "Expecting value"),
        ([messages.hello(NAME, 0), messages.hello(NAME, 0)], "it says hello again"),
        ([messages.hello(NAME, 0), messages.since(0), messages.since(0)], "it says since again"),
        ([messages.hello(NAME, 0), b'["known",[[1,"ada@contoso.test","everywhere",20000]]]\n'], "is no client"),
        ([b"x" * (LONGEST + 1)], "limit"),
    ],
)
def test_what_must_not_be_said_ends_the_conversation_and_changes_nothing(
    tmp_path: Path, lines: list[bytes], why: str
) -> None:
    side = Side(tmp_path, "one")

    async def run() -> None:
        ours, theirs = await streams()
        theirs[1].writelines(lines)
        with pytest.raises(ValueError, match=why):
            await side.sharing.converse(*ours)
        assert (await theirs[0].read()).count(b"known") == 0
        theirs[1].close()

    asyncio.run(run())
    assert side.known.last() == 0
    assert side.taken == []


def test_days_that_nobody_can_have_seen_are_passed_over(tmp_path: Path) -> None:
    side = Side(tmp_path, "one")
    side.known.add(ADA, CAFE)
    rows = [
        Row(1, ADA, HOME, 20002),
        Row(2, BOB, HOME, 20000 - 91),
        Row(3, ADA, CAFE, 19999),
        Row(4, BOB, CAFE, 20001),
    ]
    side.known.merge(NAME, rows)
    assert [side.known.has(each.mailbox, each.client) for each in rows] == [False, False, True, True]
    assert [each.day for each in side.known.after(0, 9)] == [20000, 20001]
    assert side.known.heard(NAME) == 4


def test_a_noticeboard_speaks_with_so_many_and_survives_what_they_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        board = Board(tmp_path)
        ends, tasks = [], []
        for _ in range(CONVERSATIONS):
            ours, theirs = await streams()
            tasks.append(asyncio.create_task(board.converse(*ours)))
            ends.append(theirs)
        for reader, _ in ends:
            assert (await reader.readline()).startswith(b'["hello",1,')
        ours, theirs = await streams()
        await board.converse(*ours)
        assert await theirs[0].read() == b""
        theirs[1].close()
        ends[0][1].write(b"nonsense\n")
        await tasks[0]
        for _, writer in ends[1:]:
            writer.close()
        await asyncio.gather(*tasks)
        ends[0][1].close()

    asyncio.run(run())
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("a front end was not understood: Expecting value")


def test_a_noticeboard_that_is_away_is_told_once_and_guesses_go_on(tmp_path: Path) -> None:
    side, said = Side(tmp_path, "one"), list[str]()
    nothing = socket.create_server(("127.0.0.1", 0))
    port = nothing.getsockname()[1]
    nothing.close()
    asked = 0

    def context() -> None:
        nonlocal asked
        asked += 1

    async def run() -> None:
        task = asyncio.create_task(
            keep_up(["127.0.0.1"], port, context, side.sharing, said.append)  # type: ignore[arg-type]
        )
        await until_asleep(lambda: asked == 2)
        side.guessed(ADA, CAFE, 3)
        assert side.guesses.judge(ADA, CAFE, side.now) == REFUSE
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert len(said) == 1
    assert said[0].startswith("127.0.0.1: guesses and known clients are not shared there: ")


async def until_asleep(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
