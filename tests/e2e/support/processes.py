"""A record of every command line that this machine runs while it is kept."""

from __future__ import annotations

import threading
from pathlib import Path

STEP = 0.02  # seconds between two looks at the process list
LOOKS = 3  # at each process: the first may come before it has started its program


class ProcessLog:
    """Looks at the process list again and again, as a curious user would, and keeps what it sees."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def command_lines(self) -> set[str]:
        """All command lines seen so far."""
        return set(self._seen)

    def stop(self) -> None:
        """Ends the record."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        looks: dict[str, int] = {}
        while not self._stop.wait(STEP):
            running = [path.name for path in Path("/proc").iterdir() if path.name.isdecimal()]
            looks = {number: looks.get(number, 0) + 1 for number in running}
            for number, count in looks.items():
                if count <= LOOKS:
                    self._look(number)

    def _look(self, number: str) -> None:
        try:
            line = Path("/proc", number, "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            return
        self._seen.add(line.replace(b"\0", b" ").decode(errors="replace").strip())
