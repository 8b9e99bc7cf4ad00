"""What is known of the site and of its connectors, from a file that is read anew when it changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .message import Limits, Outgoing


@dataclass(frozen=True)
class Connector:
    """Where the server listens that queues a connector's messages, and what they may be."""

    queue: str
    limits: Limits


@dataclass
class Configuration:
    """The file ``file``; ``host`` is the name of this server, ``outgoing`` is how large what leaves may be."""

    file: Path
    host: str = ""
    outgoing: Outgoing = field(default_factory=Outgoing)
    _connectors: dict[str, Connector] = field(default_factory=dict)
    _stamp: tuple[int, int] | None = None

    def connector(self, name: str) -> Connector | None:
        """A connector as the file has it now; None where it has none of that name.

        Raises OSError or ValueError where the file can't be read.
        """
        found = self.file.stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._read(json.loads(self.file.read_text()))
            self._stamp = stamp
        return self._connectors.get(name)

    def _read(self, known: dict[str, Any]) -> None:
        own_names = frozenset(name.encode() for name in known["own_names"])
        self._connectors = {
            name: Connector(
                each["queue"],
                Limits(
                    known["field_size"],
                    each["header_size"],
                    each["hops"],
                    each["local_hops"],
                    each["size"],
                    own_names,
                ),
            )
            for name, each in known["connectors"].items()
        }
        self.host = known["host"]
        limits = {each["space"]: each["size"] for each in known["outgoing"]}
        self.outgoing = Outgoing(frozenset(known["domains"]), limits)
