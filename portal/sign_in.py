"""Asks Dovecot whether a password is right, as Postfix does: over the socket of its authentication clients.

The words are those of Dovecot's authentication protocol, version 1 (doc.dovecot.org/2.4.1, "Authentication Protocol").
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, ip_address

SERVICE = "portal"  # Dovecot's name for this protocol, which rows of those who may look have
PATIENCE = 20.0  # seconds; a wrong password alone takes two
LONGEST_LINE = 8192  # bytes, as in Dovecot


class Answer(Enum):
    """What becomes of an attempt to sign in."""

    RIGHT = "right"
    WRONG = "wrong"  # for whatever reason
    BUSY = "busy"  # too many at a time, so nobody was asked
    AWAY = "away"  # Dovecot can't say


@dataclass(frozen=True)
class Dovecot:
    """The authentication service behind a socket."""

    path: str

    def check(self, user: str, password: str, client: str) -> Answer:
        """Whether the password is the user's; ``client`` is the address that asks."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(self.path)
                connection.sendall(_request(user, password, client))
                return _reply(connection)
        except (OSError, ValueError):
            return Answer.AWAY


def _request(user: str, password: str, client: str) -> bytes:
    # The number stands for a process, and Dovecot takes each once at a time. Two checks of one process are two of them.
    number = secrets.randbelow(2**31 - 1) + 1
    response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    words = ["AUTH", "1", "PLAIN", f"service={SERVICE}", "nologin", "secured", f"rip={_address(client)}"]
    request = "\t".join([*words, f"resp={response}"])  # which comes last
    return f"VERSION\t1\t2\nCPID\t{number}\n{request}\n".encode()


def _reply(connection: socket.socket) -> Answer:
    with connection.makefile("rb") as lines:
        while line := lines.readline(LONGEST_LINE):
            word, *fields = line.decode().rstrip("\n").split("\t")
            if word == "OK":
                return Answer.RIGHT
            if word == "FAIL":
                away = "temp" in fields or "code=temp_fail" in fields
                return Answer.AWAY if away else Answer.WRONG
            if word == "CONT":
                break
    return Answer.AWAY


def _address(client: str) -> str:
    try:
        return str(ip_address(client))
    except ValueError:
        return "127.0.0.1"


@dataclass
class Doors:
    """How many checks there are at a time, in all and from one address, so that guesses keep no thread from others.

    Each wrong password takes Dovecot's two seconds, so this limits guesses in time, too.
    """

    total: int = 16
    per_client: int = 4
    _inside: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def enter(self, client: str) -> Iterator[bool]:
        """Whether there is room for one more check; it takes the room while the context lasts."""
        network = _network(client)
        with self._lock:
            room = self._inside.total() < self.total and self._inside[network] < self.per_client
            self._inside[network] += room
        try:
            yield room
        finally:
            with self._lock:
                self._inside[network] -= room
                self._inside += Counter()  # forget those at zero


def _network(client: str) -> str:
    """What counts as one client: an IPv4 address, or what a household has of IPv6, a /64."""
    try:
        address = ip_address(client)
    except ValueError:
        return ""
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else str(address)
