"""How many messages a second are accepted from users, and how soon they can be read, beside stock Postfix.

The two take turns, each begins when nothing waits in any queue.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

from bench.doors import PATIENCE, Account, Door, ImapSession, SmtpSession
from bench.figures import Figure, spread

SIZE = 4000  # bytes of a message
SIDE_BY_SIDE = (1, 10)  # sessions at once
OURS, STOCK = "our front end", "stock Postfix"
STEP = 0.001  # seconds between two looks into a mailbox


def rates(
    doors: Mapping[str, Door], people: Sequence[Account], drained: Callable[[], object], *, turns: int, messages: int
) -> list[Figure]:
    """Messages that are accepted in a second from users who have signed in before, each of whom writes to itself.

    ``doors`` are OURS and STOCK, ``drained`` returns once no queue holds anything, ``messages`` is how many each turn
    of each has in all.
    """
    found: list[Figure] = []
    for sessions in SIDE_BY_SIDE:
        many: dict[str, list[float]] = {kind: [] for kind in doors}
        each: dict[str, list[float]] = {kind: [] for kind in doors}
        for number in range(turns + 1):
            for kind in list(doors)[:: 1 if number % 2 else -1]:
                rate, seconds = turn(doors[kind], people, sessions=sessions, messages=messages)
                drained()
                if number:  # the first finds everything cold
                    many[kind].append(rate)
                    each[kind] += seconds
        found += figures(f"{sessions} session{'s'[: sessions > 1]}", many, each)
    return found


def figures(title: str, many: Mapping[str, Sequence[float]], each: Mapping[str, Sequence[float]]) -> list[Figure]:
    """What is said of messages a second, ``many``, and of the seconds that each took."""
    return [
        *(
            Figure(f"submission, {title}, {kind}", median(of), "a second", f"{min(of):.0f} to {max(of):.0f}")
            for kind, of in many.items()
        ),
        Figure(f"submission, {title}, ours to stock", median(many[OURS]) / median(many[STOCK]), "ratio", "p50"),
        *(figure for kind, of in each.items() for figure in spread(f"a message's answer, {title}, {kind}", of)),
    ]


def turn(door: Door, people: Sequence[Account], *, sessions: int, messages: int) -> tuple[float, list[float]]:
    """Messages a second, and the seconds that each took from MAIL to its acceptance."""

    def send(session: SmtpSession, account: Account) -> list[float]:
        return [
            session.send(account.address, message(account.address, unique())) for _ in range(-(-messages // sessions))
        ]

    with ExitStack() as opened, ThreadPoolExecutor(sessions) as pool:
        whose = [people[number % len(people)] for number in range(sessions)]
        ready = [(opened.enter_context(SmtpSession(door, account)), account) for account in whose]
        start = time.perf_counter()
        seconds = [taken for sent in [pool.submit(send, *each) for each in ready] for taken in sent.result()]
        return len(seconds) / (time.perf_counter() - start), seconds


def arrivals(doors: Mapping[str, Door], back: Door, account: Account, *, messages: int) -> list[Figure]:
    """From the acceptance of a message to the end of its FETCH at the back end, and a submission as programs do it.

    That is a connection, STARTTLS, the sign-in and one message. ``messages`` is how many each of ``doors`` gets.
    """
    whole: dict[str, list[float]] = {kind: [] for kind in doors}
    delays: dict[str, list[float]] = {kind: [] for kind in doors}
    with ImapSession(back, account) as reader:
        for number in range(messages + 1):
            for kind, door in doors.items():
                mark = unique()
                start = time.perf_counter()
                with SmtpSession(door, account) as session:
                    session.send(account.address, message(account.address, mark))
                    accepted = time.perf_counter()
                    while not any(line.endswith(b" EXISTS\r\n") for line in reader.lines("NOOP")):
                        if time.perf_counter() - accepted > PATIENCE:
                            raise RuntimeError(f"{kind}: {mark} was accepted and has not come in {PATIENCE} s")
                        time.sleep(STEP)
                    answer = reader.lines("FETCH * (ENVELOPE BODY.PEEK[])")
                    readable = time.perf_counter()
                if not any(mark.encode() in line for line in answer):
                    raise RuntimeError(f"{door}: another message came than {mark}: {answer}")
                if number:  # the first finds everything cold
                    whole[kind].append(accepted - start)
                    delays[kind].append(readable - accepted)
    middle = {kind: median(of) for kind, of in delays.items()}
    return [
        *(figure for kind, of in whole.items() for figure in spread(f"connection to acceptance, {kind}", of)),
        *(figure for kind, of in delays.items() for figure in spread(f"acceptance to readable, {kind}", of)),
        Figure("acceptance to readable, ours to stock", middle[OURS] / middle[STOCK], "ratio", "p50"),
    ]


def empty(door: Door, people: Sequence[Account]) -> None:
    """Takes away what was sent."""
    for account in people:
        with ImapSession(door, account) as session:
            session.ask("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
            session.ask("EXPUNGE")


def unique() -> str:
    """A subject that no other message has."""
    return uuid.uuid4().hex


def message(address: str, subject: str) -> bytes:
    """A message of SIZE bytes as a program sends it, from a user to itself; no line begins with a dot."""
    head = (
        f"From: {address}\r\nTo: {address}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@contoso.test>\r\n"
        "Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    line = b"x" * 76 + b"\r\n"
    lines, rest = divmod(SIZE - len(head) - 2, len(line))
    return head + line * lines + b"y" * rest + b"\r\n"
