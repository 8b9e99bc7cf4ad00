"""Clients that break the rules before they sign in: they get nothing, take little, and nobody else notices."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.clients import PUBLIC_NAME
from tests.e2e.support.wire import Wire, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.support.lab import Lab

ADA = "ada@contoso.test"
MB = 1 << 20
# The most that one process may take which talks to strangers (KiB): eight times what any was seen with.
MOST = 32 * 1024
FRONT = "login|smtpd|nginx"


def memory(lab: Lab) -> int:
    """The most that a process of the front end has that talks to strangers (KiB)."""
    seen = lab.front.run(f"for p in $(pgrep '{FRONT}'); do grep -s Pss: /proc/$p/smaps_rollup; done; echo", check=False)
    return max(int(kib) for kib in re.findall(r"^Pss:\s+(\d+) kB$", seen, re.MULTILINE))


def others_are_served(lab: Lab) -> None:
    """Somebody else signs in and reads, over each protocol, and sends."""
    with clients.imap(lab, ADA) as imap:
        clients.ok(imap.noop())
    with clients.pop(lab, ADA) as pop:
        pop.stat()
    with clients.connect_smtp(lab) as smtp:
        assert smtp.login(ADA, lab.password(ADA))[0] == 235


def say(client: Wire, data: bytes) -> None:
    """Say it, whether or not the other end still listens."""
    with suppress(OSError):  # to be cut off in the middle is as good an answer
        client.send(data)


ABUSES: dict[str, tuple[int, bytes]] = {
    "a line without an end, IMAP": (143, b"a" * 4 * MB),
    "a line without an end, POP": (110, b"a" * 4 * MB),
    "a line without an end, SMTP": (25, b"a" * 4 * MB),
    "a literal of 4 GB": (143, b"a LOGIN {4294967295}\r\n" + b"x" * MB),
    "a literal of 4 GB that does not wait": (143, b"a LOGIN {4294967295+}\r\n" + b"x" * MB),
    "a literal beyond numbers": (143, b"a LOGIN {99999999999999999999999999}\r\n"),
    "open brackets": (143, b"a ID " + b"(" * MB + b"\r\n"),
    "a quote that never ends": (143, b'a LOGIN "' + b"x\\\\" * MB),
    "null bytes, IMAP": (143, b"\0" * MB + b"\r\n"),
    "null bytes, POP": (110, b"USER \0\0\r\n" + b"\0" * MB + b"\r\n"),
    "null bytes, SMTP": (25, b"EHLO \0\0\r\n" + b"\0" * MB + b"\r\n"),
    "bad commands, IMAP": (143, b"a FROBNICATE\r\n" * 20_000),
    "bad commands, POP": (110, b"FROBNICATE\r\n" * 20_000),
    "bad commands, SMTP": (25, b"FROBNICATE\r\n" * 20_000),
    "a browser's request": (25, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "TLS where there is none yet": (143, bytes.fromhex("1603010200010001fc0303") + b"\xff" * MB),
    "no TLS where there has to be": (993, b"a LOGIN ada x\r\n" * 1000),
}


@pytest.mark.parametrize(("port", "data"), ABUSES.values(), ids=list(ABUSES))
def test_who_breaks_the_rules_gets_nothing_and_takes_nothing(lab: Lab, port: int, data: bytes) -> None:
    with wire(PUBLIC_NAME, port) as client:
        say(client, data)
        client.no_more()
        said = client.rest()  # to the end that the server makes
        assert memory(lab) < MOST
    assert ADA.encode() not in said
    assert not re.search(rb"^(a OK|\+OK Logged in|235)", said, re.MULTILINE)
    others_are_served(lab)


def test_fifty_that_say_nothing_and_fifty_that_say_a_byte_keep_nobody_out(lab: Lab) -> None:
    with ExitStack() as held:
        slow = [held.enter_context(wire(PUBLIC_NAME, port)) for port in (143, 110) for _ in range(50)]
        for client in slow:
            client.line()
        for client in slow[::2]:
            client.send(b"a")
        others_are_served(lab)
        for client in slow:  # and they are still heard
            client.send(b"a NOOP\r\n")
        assert all(client.line() for client in slow)
        assert memory(lab) < MOST


@pytest.mark.parametrize(("port", "command"), [(143, b"a CAPABILITY\r\n"), (110, b"CAPA\r\n")])
def test_who_asks_and_never_reads_fills_no_memory(lab: Lab, port: int, command: bytes) -> None:
    with socket.create_connection((PUBLIC_NAME, port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        sent = _fill(client.send, command * 1000)
        assert sent > 0
        others_are_served(lab)
        assert memory(lab) < MOST


def _fill(send: Callable[[bytes], int], data: bytes) -> int:
    """Send until nobody takes any more, or 64 MB."""
    sent = 0
    with suppress(OSError):  # the way is full, or cut off
        while sent < 64 * MB:
            sent += send(data)
    return sent
