"""Files of a protocol log: which one a line goes to, and when a new one begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from .configuration import LogSettings

FIELDS = (
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"  # Exchange's
)


def period_name(period: str, now: datetime) -> str:
    """The part of a file's name that says which hour, day, week or month it holds; a week goes by its Monday."""
    if period == "Weekly":
        now -= timedelta(days=now.weekday())
    return now.strftime({"Hourly": "%Y%m%d%H", "Daily": "%Y%m%d", "Weekly": "%Y%m%d", "Monthly": "%Y%m"}[period])


class LogFiles:
    """The files of one log, of which one at a time is written."""

    def __init__(self, settings: LogSettings) -> None:
        """The folder must exist and be writable when the first line comes."""
        self.settings = settings
        self._name = ""
        self._number = 1
        self._file: TextIO | None = None

    def write(self, line: str, now: datetime) -> None:
        """Append a line (without its end) to the file of the time ``now`` (UTC). Raises OSError where it can't be."""
        name = period_name(self.settings.period, now)
        if name != self._name:
            self.close()
            self._name, self._number = name, self._last(name)
        if self._file is None:
            self._file = self._open(now)
        if self.settings.quota and self._file.tell() + len(line.encode()) + 1 > self.settings.quota:
            self.close()
            self._number += 1
            self._file = self._open(now)
        self._file.write(line + "\n")
        self._file.flush()

    def close(self) -> None:
        """End the file that is open; the next line opens one again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _path(self, number: int) -> Path:
        return Path(self.settings.folder, f"{self.settings.prefix}{self._name}-{number}.log")

    def _last(self, name: str) -> int:
        """The number of the latest file of a period; 1 if there is none."""
        start = f"{self.settings.prefix}{name}-"
        numbers = (path.stem.removeprefix(start) for path in Path(self.settings.folder).glob(f"{start}*.log"))
        return max((int(number) for number in numbers if number.isdecimal()), default=1)

    def _open(self, now: datetime) -> TextIO:
        file = self._path(self._number).open("a", encoding="utf-8")
        if file.tell() == 0:
            file.write(f"#Log-type: {self.settings.prefix} protocol log\n#Date: {stamp(now)}\n#Fields: {FIELDS}\n")
        return file


def stamp(now: datetime) -> str:
    """A time as the log writes it: UTC, to the millisecond."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
