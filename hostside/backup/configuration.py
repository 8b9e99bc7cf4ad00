"""The program's configuration, as mailpair/plan/backup.py makes it, and what can go wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path("/etc/mailpair/backup.json")


class BackupError(Exception):
    """What a person has to mend; the text says the place, what is there, what must be, and the remedy."""


@dataclass(frozen=True)
class Configuration:
    """See mailpair/plan/backup.py."""

    server: str
    repository: str
    password_file: str
    mail: Path
    notes: Path
    keep_hours: int
    interval: int
    metrics: Path
    cache: str


def read(file: Path = FILE) -> Configuration:
    """The configuration in a file."""
    values = json.loads(file.read_text(encoding="utf-8"))
    return Configuration(**{**values, **{name: Path(values[name]) for name in ("mail", "notes", "metrics")}})
