"""What a login costs through the front end, and what it costs at the back end itself.

The two ways take turns, so that whatever else the machine does weighs on both.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.figures import Figure, spread
from mailpair import passwords

PATIENCE = 30  # seconds for an answer


@dataclass(frozen=True)
class Door:
    """Where a client signs in: an address, the name that the certificate must have, a port."""

    address: str
    name: str
    port: int


@dataclass(frozen=True)
class Account:
    """Who signs in."""

    address: str
    password: str


def imap_login(door: Door, account: Account, context: ssl.SSLContext) -> float:
    """Seconds from the connection's start to the answer of LOGIN."""
    return _login(door, context, [f'a LOGIN {account.address} "{account.password}"'], b"a OK")


def pop_login(door: Door, account: Account, context: ssl.SSLContext) -> float:
    """Seconds from the connection's start to the answer of PASS."""
    return _login(door, context, [f"USER {account.address}", f"PASS {account.password}"], b"+OK")


def _login(door: Door, context: ssl.SSLContext, commands: list[str], success: bytes) -> float:
    start = time.perf_counter()
    with (
        socket.create_connection((door.address, door.port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=door.name) as tls,
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


Login = Callable[[Door, Account, ssl.SSLContext], float]


def compare(
    protocol: str, login: Login, front: Door, back: Door, account: Account, context: ssl.SSLContext, *, pairs: int
) -> list[Figure]:
    """Figures of logins through the front end and direct, and their ratios with and without the cost of the hash."""
    proxied, direct = [], []
    for _ in range(5):  # the first ones find caches and processes cold
        login(front, account, context)
        login(back, account, context)
    for _ in range(pairs):
        proxied.append(login(front, account, context))
        direct.append(login(back, account, context))
    check = hash_cost()
    with_hash = median(proxied) / median(direct)
    without = (median(proxied) - check) / (median(direct) - check)
    return [
        *spread(f"{protocol} login through the front end", proxied),
        *spread(f"{protocol} login direct", direct),
        Figure(f"{protocol} login, front end to direct", with_hash, "ratio"),
        Figure(
            f"{protocol} login, front end to direct, less the hash", without, "ratio", f"{check * 1000:.1f} ms each"
        ),
    ]


def hash_cost(times: int = 20) -> float:
    """Seconds that one check of a password takes on this machine, the median of several."""
    known = passwords.make_hash("correct horse battery staple")
    costs = []
    for _ in range(times):
        start = time.perf_counter()
        passwords.is_current(known, "correct horse battery staple")
        costs.append(time.perf_counter() - start)
    return median(costs)
