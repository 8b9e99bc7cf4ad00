"""Which TCP ports of an address are open, as seen from this machine or from another place."""

from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

KNOCK = Path(__file__).with_name("knock.py")
LAST = 65535
SHARE = 13107  # ports for one process: a fifth of all, and fewer than files that it may have open


class Place(Protocol):
    """Where a Python program can be run: a host, or the outside."""

    def python(self, program: str, *arguments: str) -> str:
        """What the program prints."""


class _Here:
    def python(self, program: str, *arguments: str) -> str:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


HERE = _Here()
PATIENCE = 5.0  # seconds for an answer to a connection; a host that is away gives none


def is_open(address: str, port: int) -> bool:
    """Whether a port takes a connection from this machine."""
    try:
        with socket.create_connection((address, port), timeout=PATIENCE):
            return True
    except OSError:
        return False


def is_away(address: str) -> bool:
    """Whether no host has an address any more: one that is still ending refuses connections."""
    try:
        with socket.create_connection((address, 1), timeout=PATIENCE):
            return False
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    except OSError:
        return True


def open_ports(address: str, place: Place = HERE) -> list[int]:
    """The open ports of all 65535, by number."""
    program = KNOCK.read_text()

    def knock(first: int) -> str:
        return place.python(program, address, str(first), str(min(first + SHARE - 1, LAST)))

    with ThreadPoolExecutor() as pool:
        return sorted(int(line) for told in pool.map(knock, range(1, LAST + 1, SHARE)) for line in told.split())
