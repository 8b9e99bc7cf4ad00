"""The protocol log of receive connectors, in Exchange's columns: a file a day."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"


def _now() -> datetime:
    return datetime.now(UTC)


class Log:
    """Appends lines to the file of the day (UTC), such as RECV20260131-1.LOG."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        """``now`` is the clock."""
        self._folder = folder
        self._now = now
        self._day = ""
        self._file: TextIO | None = None

    def write(self, *columns: object) -> None:
        """Write a line: all columns but the first, which is the time. A disk that is full stops no mail."""
        now = self._now()
        stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([stamp, *map(_plain, columns)])
        try:
            file = self._of(now.strftime("%Y%m%d"), stamp)
            file.write(line.getvalue())
            file.flush()
        except OSError as error:
            sys.stderr.write(f"{self._folder}: the protocol log can't be written: {error.strerror}\n")
            self.close()

    def close(self) -> None:
        """Close the file that is open; the next line opens one again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _of(self, day: str, stamp: str) -> TextIO:
        if self._file is None or day != self._day:
            self.close()
            self._file = (self._folder / f"RECV{day}-1.LOG").open("a", encoding="utf-8")
            self._day = day
            if self._file.tell() == 0:
                self._file.write(f"#Log-type: SMTP receive protocol log\n#Date: {stamp}\n#Fields: {FIELDS}\n")
        return self._file


def _plain(column: object) -> str:
    """A column without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(column))
