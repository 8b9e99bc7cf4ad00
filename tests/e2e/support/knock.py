"""Tries TCP ports of an address, all at once. Needs nothing but the standard library: it is run on hosts as well.

Usage: knock.py ADDRESS FIRST LAST; prints the ports that accept a connection, one a line. All others refuse it or stay
silent.
"""

from __future__ import annotations

import errno
import resource
import select
import socket
import sys
import time

PATIENCE = 2.5  # seconds for an answer; a SYN that is lost is sent again after one


def main(address: str, ports: range) -> None:
    """Prints the open ones of some ports; there must be fewer of them than files that may be open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    waiting = {}
    poll = select.epoll()
    for port in ports:
        attempt = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if attempt.connect_ex((address, port)) == errno.EINPROGRESS:
            waiting[attempt.fileno()] = (attempt, port)
            poll.register(attempt, select.EPOLLOUT)
    end = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < end:
        for number, _ in poll.poll(0.1):
            attempt, port = waiting.pop(number)
            poll.unregister(number)
            if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                sys.stdout.write(f"{port}\n")
            attempt.close()


if __name__ == "__main__":
    main(sys.argv[1], range(int(sys.argv[2]), int(sys.argv[3]) + 1))
