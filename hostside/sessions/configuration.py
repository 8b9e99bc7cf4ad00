"""What the program is told: one JSON file, read at the start and on SIGHUP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .guesses import GuessLimits
from .timeouts import Limits


@dataclass(frozen=True, slots=True)
class LogSettings:
    """A protocol's log: folder, how its files are named, and when a new one begins."""

    folder: str
    prefix: str  # POP3 or IMAP4
    period: str  # Hourly, Daily, Weekly or Monthly
    quota: int  # bytes of a file; 0: time alone


@dataclass(frozen=True, slots=True)
class ProtocolSettings:
    """What holds for POP3 or IMAP4 on this front end."""

    ports: tuple[int, ...]
    silent: float
    silent_before: float
    per_user: int
    log: LogSettings | None  # None: off


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """What holds for the sessions of a receive connector: seconds in all, and wrong passwords (None: no limit here)."""

    name: str  # as Postfix's log names its service
    ports: tuple[int, ...]
    total: float
    logon_failures: int | None


@dataclass(frozen=True, slots=True)
class GuessSettings:
    """How many wrong passwords there may be, and the file that knows who has signed in from where."""

    limits: GuessLimits
    known: str


@dataclass(frozen=True, slots=True)
class SharingSettings:
    """Where front ends tell each other of guesses: noticeboards, by their hosts, and how many front ends do so."""

    boards: tuple[str, ...]
    port: int
    front_ends: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole file. ``program`` tells one version of these files from another."""

    program: str = ""
    protocols: Mapping[str, ProtocolSettings] = field(default_factory=dict)
    connectors: tuple[ConnectorSettings, ...] = ()
    guesses: GuessSettings | None = None  # None: nobody signs in here
    sharing: SharingSettings | None = None  # None: there is no other front end

    @property
    def limits(self) -> dict[int, Limits]:
        """Limits of connections by local port."""
        found = {port: Limits(total=each.total) for each in self.connectors for port in each.ports}
        for each in self.protocols.values():
            found |= dict.fromkeys(each.ports, Limits(each.silent, each.silent_before))
        return found


def read(path: Path) -> Configuration:
    """Read the file. Raises OSError, ValueError, KeyError or TypeError where it is not what the role writes."""
    return parse(json.loads(path.read_text(encoding="utf-8")))


def parse(data: Mapping[str, Any]) -> Configuration:
    """Make the settings of plain data."""
    return Configuration(
        program=str(data["program"]),
        protocols={name: _protocol(each) for name, each in data["protocols"].items()},
        connectors=tuple(
            ConnectorSettings(each["name"], tuple(each["ports"]), each["total"], each["logon_failures"])
            for each in data["connectors"]
        ),
        guesses=_guesses(data["guesses"]),
        sharing=_sharing(data["sharing"]),
    )


def _sharing(data: Mapping[str, Any] | None) -> SharingSettings | None:
    if data is None:
        return None
    boards, port, front_ends = tuple(map(str, data["boards"])), int(data["port"]), int(data["front_ends"])
    if not boards or not 0 < port < 1 << 16 or front_ends < 2:
        raise ValueError(f"sharing: {data!r}: must be at least one board, its port, and two front ends or more")
    return SharingSettings(boards, port, front_ends)


def _guesses(data: Mapping[str, Any] | None) -> GuessSettings | None:
    return GuessSettings(GuessLimits(**data["limits"]), data["known"]) if data else None


def _protocol(data: Mapping[str, Any]) -> ProtocolSettings:
    log = data["log"]
    return ProtocolSettings(
        ports=tuple(data["ports"]),
        silent=data["silent"],
        silent_before=data["silent_before"],
        per_user=data["per_user"],
        log=LogSettings(**log) if log else None,
    )
