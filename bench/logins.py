"""What a login costs through the front end, and what it costs at the back end itself.

The two ways take turns, so that whatever else the machine does weighs on both.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.doors import PATIENCE, Account, Door
from bench.figures import Figure, spread

WARMING = 5  # rounds that are not counted: they find caches and processes cold


def imap_login(door: Door, account: Account) -> float:
    """Seconds from the connection's start to the answer of LOGIN."""
    return _login(door, [f'a LOGIN {account.address} "{account.password}"'], b"a OK")


def pop_login(door: Door, account: Account) -> float:
    """Seconds from the connection's start to the answer of PASS."""
    return _login(door, [f"USER {account.address}", f"PASS {account.password}"], b"+OK")


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


@dataclass(frozen=True)
class Pair:
    """Two ways to the same mailboxes, and two accounts: the hash of one costs what it should, the other's nothing."""

    front: Door
    back: Door
    usual: Account
    cheap: Account


def compare(protocol: str, login: Login, pair: Pair, *, rounds: int) -> list[Figure]:
    """Figures of logins through the front end and direct, with the cost of the hash and without it, and their ratios.

    Each round has one login of each of the four kinds.
    """
    kinds = {
        "through the front end": (pair.front, pair.usual),
        "direct": (pair.back, pair.usual),
        "through the front end, without the hash": (pair.front, pair.cheap),
        "direct, without the hash": (pair.back, pair.cheap),
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + WARMING):
        for kind, (door, account) in kinds.items():
            taken = login(door, account)
            if number >= WARMING:
                seconds[kind].append(taken)
    figures = [figure for kind in kinds for figure in spread(f"{protocol} login {kind}", seconds[kind])]
    middle = [median(seconds[kind]) for kind in kinds]
    return [
        *figures,
        Figure(f"{protocol} login, front end to direct", middle[0] / middle[1], "ratio", "p50"),
        Figure(f"{protocol} login, front end to direct, without the hash", middle[2] / middle[3], "ratio", "p50"),
    ]
