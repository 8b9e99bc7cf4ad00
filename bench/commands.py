"""What commands cost through the front end, beside the same at the back end itself; the two take turns."""

from __future__ import annotations

from statistics import median

from bench.doors import Account, Door, ImapSession
from bench.figures import Figure, spread

MEGABYTE = 1_000_000
LARGE = 20 * MEGABYTE
BURST = 20  # commands in a row, before it is the other's turn


def figures(front: Door, back: Door, account: Account, *, rounds: int, fetches: int, size: int = LARGE) -> list[Figure]:
    """NOOP's answer time and the throughput of a large message's FETCH.

    ``rounds`` is how many bursts of NOOP each of the two gets, ``fetches`` how often each fetches a message of ``size``
    bytes, which is in the mailbox meanwhile.
    """
    with ImapSession(front, account) as through, ImapSession(back, account) as direct:
        return [*_noops(through, direct, rounds), *_fetches(through, direct, fetches, size)]


def _noops(through: ImapSession, direct: ImapSession, rounds: int) -> list[Figure]:
    seconds: dict[str, list[float]] = {"through the front end": [], "direct": []}
    for number in range(rounds + 1):
        for kind, session in zip(seconds, (through, direct), strict=True):
            taken = [session.timed("NOOP") for _ in range(BURST)]
            if number:  # the first finds everything cold
                seconds[kind] += taken
    middle = [median(each) for each in seconds.values()]
    return [
        *(figure for kind, each in seconds.items() for figure in spread(f"NOOP {kind}", each)),
        Figure("NOOP, front end to direct", middle[0] / middle[1], "ratio", "p50"),
    ]


def _fetches(through: ImapSession, direct: ImapSession, fetches: int, size: int) -> list[Figure]:
    through.append(large_message(size))
    rates: dict[str, list[float]] = {"through the front end": [], "direct": []}
    try:
        for session in (through, direct):
            session.ask("NOOP")
        for number in range(fetches + 1):
            for kind, session in zip(rates, (through, direct), strict=True):
                seconds = session.timed("FETCH * BODY.PEEK[]")
                if number:
                    rates[kind].append(size / MEGABYTE / seconds)
    finally:
        through.ask("STORE * +FLAGS.SILENT (\\Deleted)")
        through.ask("EXPUNGE")
    middle = [median(each) for each in rates.values()]
    found = [
        Figure(f"FETCH of {size / MEGABYTE:.0f} MB {kind}", median(each), "MB/s", f"{min(each):.0f} to {max(each):.0f}")
        for kind, each in rates.items()
    ]
    return [*found, Figure("FETCH, front end to direct", middle[0] / middle[1], "ratio", "p50, throughput")]


def large_message(size: int) -> bytes:
    """A message of exactly so many bytes (200 or more), in lines of 78."""
    head = b"Subject: large\r\nFrom: ada@contoso.test\r\n\r\n"
    line = b"x" * 76 + b"\r\n"
    body = line * ((size - len(head)) // len(line))
    rest = size - len(head) - len(body)
    return head + body[: len(body) - len(line)] + b"y" * (len(line) + rest - 2) + b"\r\n"
