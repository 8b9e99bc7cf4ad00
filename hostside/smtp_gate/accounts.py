"""Who may sign in, and a stamp of each account that is another once its password is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Accounts:
    """A file with lines such as ``ada@contoso.test:STAMP``, which is read anew when it changes."""

    file: Path
    _seen: tuple[int, int] | None = None
    _stamps: Mapping[str, str] = field(default_factory=dict)

    def stamps(self) -> Mapping[str, str]:
        """Stamps by address as they are now; they stay so for who has asked. Nobody where there is no file."""
        try:
            found = self.file.stat()
            if (found.st_mtime_ns, found.st_ino) != self._seen:
                lines = (line.partition(":") for line in self.file.read_text().splitlines())
                self._stamps = {address: stamp for address, _, stamp in lines}
                self._seen = (found.st_mtime_ns, found.st_ino)
        except FileNotFoundError:
            return {}
        return self._stamps
