"""Which TCP ports of an address answer. Needs nothing but the standard library: it is also run on the hosts.

Usage: ports.py ADDRESS FIRST LAST, prints the open ports, one a line.
"""

from __future__ import annotations

import errno
import resource
import select
import socket
import sys
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Place(Protocol):
    """Where a Python program can be run: a host, or the outside."""

    def python(self, program: str, *arguments: str) -> str:
        """What the program prints."""


PATIENCE = 2.5  # seconds for an answer; a lost SYN is sent again after one


def batches(ports: Iterable[int], size: int) -> Iterator[list[int]]:
    """Ports in lists of at most a size."""
    remaining = iter(ports)
    while batch := list(islice(remaining, size)):
        yield batch


def open_ports(address: str, ports: Iterable[int]) -> list[int]:
    """The ports that accept a connection; all others refuse it or stay silent."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sorted(port for batch in batches(ports, min(hard - 200, 16000)) for port in _open(address, batch))


def open_ports_from(place: Place, address: str) -> list[int]:
    """The open ports of all 65535 that an address has for somebody else."""
    return [int(line) for line in place.python(Path(__file__).read_text(), address, "1", "65535").split()]


def _open(address: str, ports: list[int]) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    poll = select.epoll()
    waiting = {}
    for port in ports:
        attempt = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if attempt.connect_ex((address, port)) == errno.EINPROGRESS:
            waiting[attempt.fileno()] = (attempt, port)
            poll.register(attempt, select.EPOLLOUT | select.EPOLLERR)
        else:
            attempt.close()
    end = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < end:
        for number, _ in poll.poll(0.1):
            attempt, port = waiting.pop(number)
            poll.unregister(number)
            if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                yield port
            attempt.close()
    for attempt, _ in waiting.values():
        attempt.close()
    poll.close()


if __name__ == "__main__":
    for found in open_ports(sys.argv[1], range(int(sys.argv[2]), int(sys.argv[3]) + 1)):
        sys.stdout.write(f"{found}\n")
