"""What systemd and a program have to do with each other: sockets, the journal, and how it is."""

from __future__ import annotations

import os
import socket
import sys

FIRST_HANDED = 3  # file descriptors that systemd hands over begin here


def say(text: str) -> None:
    """Tell the journal; there is never a secret in it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_systemd(state: str) -> None:
    """Tell systemd how the program is (sd_notify)."""
    if path := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(state.encode(), path.replace("@", "\0", 1) if path.startswith("@") else path)


def handed_sockets() -> list[socket.socket]:
    """The listening sockets that systemd holds for this program, so that they are open while it restarts.

    Duplicates: the originals go on to the program that may take this one's place.
    """
    numbers = range(FIRST_HANDED, FIRST_HANDED + int(os.environ.get("LISTEN_FDS", "0")))
    return [socket.socket(fileno=os.dup(number)) for number in numbers]
