"""What the program is told: one JSON file, which the role ``certificates`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Probe:
    """A port that must show a certificate to a client that asks for ``name``; ``starttls`` is s_client's word."""

    address: str
    port: int
    name: str
    starttls: str | None = None  # None: TLS from the first byte

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port} for {self.name}"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key. ``certificate`` holds the leaf first, then its chain below the root.

    ``options`` is what the source alone understands.
    """

    name: str
    source: str  # private, acme, or provided: that is watched alone
    certificate: Path
    key: Path
    names: tuple[str, ...]  # the first is the subject
    usage: str = "server"  # or client
    algorithm: str = "ecdsa"  # P-256; or rsa-2048, rsa-3072, rsa-4096
    days: int = 30
    services: tuple[str, ...] = ()  # that load it
    probes: tuple[Probe, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA whose key is on this host and which may speak for ``names`` alone, for one use alone."""

    name: str
    certificate: Path
    key: Path
    names: tuple[str, ...]
    usage: str  # server or client
    days: int
    signed_by: str  # site: the site's root; itself: peers know it by itself


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole file."""

    directory: Path
    roots: Path  # the site's roots, which clients trust
    peers: Path  # the CAs of the hosts that this one speaks with
    metrics: Path
    lock: Path
    authorities: tuple[Authority, ...]
    certificates: tuple[Certificate, ...]
    reloads: Mapping[str, tuple[tuple[str, ...], ...]]  # commands, by service


def read(path: Path) -> Configuration:
    """Read the file. Raises OSError, ValueError, KeyError or TypeError where it is not what the role writes."""
    return parse(json.loads(path.read_text(encoding="utf-8")))


def parse(data: Mapping[str, Any]) -> Configuration:
    """Make the settings of plain data."""
    return Configuration(
        directory=Path(data["directory"]),
        roots=Path(data["roots"]),
        peers=Path(data["peers"]),
        metrics=Path(data["metrics"]),
        lock=Path(data["lock"]),
        authorities=tuple(Authority(**_files(each)) for each in data["authorities"]),
        certificates=tuple(_certificate(each) for each in data["certificates"]),
        reloads={name: tuple(tuple(words) for words in commands) for name, commands in data["reloads"].items()},
    )


def _files(data: Mapping[str, Any]) -> dict[str, Any]:
    paths = {name: Path(data[name]) for name in ("certificate", "key")}
    return {**data, **paths, "names": tuple(data["names"])}


def _certificate(data: Mapping[str, Any]) -> Certificate:
    probes = tuple(Probe(**each) for each in data.get("probes", ()))
    return Certificate(**{**_files(data), "services": tuple(data.get("services", ())), "probes": probes})
