"""Limits of connectors: who may come, and how much one user sends."""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

MINUTE = 60.0  # seconds


@dataclass(frozen=True)
class Connector:
    """What holds for a connector: connections in all, per cent of the free ones for an address, messages a minute."""

    places: int | None = None
    percentage: int = 100
    rate: int | None = None
    log: bool = False


@dataclass
class Limits:
    """The connectors in a file, which is read anew when it changes, and what is counted.

    Counts are of this program's life: after a restart a minute begins anew, and connections that were open before are
    not counted.
    """

    file: Path
    _stamp: tuple[int, int] | None = None
    _connectors: dict[str, Connector] = field(default_factory=dict)
    _open: dict[str, Counter[str]] = field(default_factory=dict)
    _sent: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def connector(self, name: str) -> Connector:
        """What holds for a connector now; nothing where it is not known."""
        found = self.file.stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            read = json.loads(self.file.read_text())
            self._connectors = {each: Connector(**values) for each, values in read.items()}
            self._stamp = stamp
        return self._connectors.get(name, Connector())

    def come(self, name: str, address: str) -> bool:
        """Count a connection, which :meth:`go` ends; whether it may stay.

        An address may have so many per cent of the connections that are still free, and one in any case.
        """
        limits = self.connector(name)
        here = self._open.setdefault(name, Counter())
        free = None if limits.places is None else max(limits.places - here.total(), 0)
        here[address] += 1
        return free is None or here[address] <= max(free * limits.percentage // 100, 1)

    def go(self, name: str, address: str) -> None:
        """A connection is over."""
        here = self._open[name]
        here[address] -= 1
        if not here[address]:
            del here[address]

    def send(self, name: str, user: str, now: float | None = None) -> bool:
        """Count a message of a user; whether it is within the limit. ``now`` is a monotonic clock in seconds."""
        rate = self.connector(name).rate
        if rate is None:
            return True
        moment = time.monotonic() if now is None else now
        self._forget(moment)
        sent = self._sent.setdefault((name, user), deque())
        if len(sent) >= rate:
            return False
        sent.append(moment)
        return True

    def _forget(self, now: float) -> None:
        for key, sent in [*self._sent.items()]:
            while sent and sent[0] <= now - MINUTE:
                sent.popleft()
            if not sent:
                del self._sent[key]
