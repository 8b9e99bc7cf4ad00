"""What a login costs through the front end and through other proxies, and what it costs at the back end itself.

All take turns, so that whatever else the machine does weighs on each.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from bench.doors import PATIENCE, Account, Door
from bench.figures import Figure, spread

WARMING = 5  # rounds that are not counted: they find caches and processes cold


def imap_login(door: Door, account: Account) -> float:
    """Seconds from the connection's start to the answer of the first SELECT."""
    return _login(door, [f'a LOGIN {account.address} "{account.password}"', "a SELECT INBOX"], b"a OK")


def pop_login(door: Door, account: Account) -> float:
    """Seconds from the connection's start to the answer of the first STAT."""
    return _login(door, [f"USER {account.address}", f"PASS {account.password}", "STAT"], b"+OK")


def _login(door: Door, commands: list[str], success: bytes) -> float:
    start = time.perf_counter()
    with (
        socket.create_connection((door.address, door.port), PATIENCE) as plain,
        door.tls.wrap_socket(plain, server_hostname=door.name) as tls,
        tls.makefile("rb") as answers,
    ):
        line = answers.readline()
        for command in commands:
            tls.sendall(f"{command}\r\n".encode())
            line = answers.readline()
            while line.startswith(b"* "):
                line = answers.readline()
            if not line.startswith(success):
                raise RuntimeError(f"{door}: login failed: {line!r}")
        return time.perf_counter() - start


Login = Callable[[Door, Account], float]
FRONT, DIRECT, CHEAP = "through the front end", "direct", ", without the hash"


@dataclass(frozen=True)
class Ways:
    """Ways to the same mailboxes, and two accounts: the hash of one costs what it should, the other's nothing."""

    front: Door
    back: Door
    others: Mapping[str, Door]  # other proxies by name
    usual: Account
    cheap: Account

    def kinds(self) -> dict[str, tuple[Door, Account]]:
        """Where who signs in, by what that is called."""
        return {
            FRONT: (self.front, self.usual),
            DIRECT: (self.back, self.usual),
            **{f"through {name}": (door, self.usual) for name, door in self.others.items()},
            FRONT + CHEAP: (self.front, self.cheap),
            DIRECT + CHEAP: (self.back, self.cheap),
        }


def compare(protocol: str, login: Login, ways: Ways, *, rounds: int) -> list[Figure]:
    """Figures of logins in all ways with the cost of the hash, of two of them without it, and ratios to direct ones.

    Each round has one login of each kind; each begins with another kind.
    """
    kinds = ways.kinds()
    names = list(kinds)
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + WARMING):
        first = number % len(names)
        for kind in names[first:] + names[:first]:
            taken = login(*kinds[kind])
            if number >= WARMING:
                seconds[kind].append(taken)
    figures = [figure for kind in kinds for figure in spread(f"{protocol} login {kind}", seconds[kind])]
    return [*figures, *ratios(protocol, {kind: median(each) for kind, each in seconds.items()})]


def ratios(protocol: str, middle: Mapping[str, float]) -> list[Figure]:
    """What each way costs beside the direct one of the same account; ``middle`` are medians by kind."""
    return [
        Figure(f"{protocol} login {kind}, to direct", middle[kind] / middle[beside], "ratio", "p50")
        for kind in middle
        if kind != (beside := DIRECT + CHEAP if kind.endswith(CHEAP) else DIRECT)
    ]
