"""Who has signed in from where, on disk: a database that outlives program and host, readable to its user alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DAYS = 90  # for which a client is known that was not seen again
CLIENTS = 32  # of a mailbox that are known; who was not seen for longest is forgotten
PATIENCE = 1.0  # seconds to wait for another program that has the file; nobody can sign in meanwhile
_DAY = 86400

_TABLE = "CREATE TABLE IF NOT EXISTS known (mailbox TEXT, client TEXT, day INTEGER, PRIMARY KEY (mailbox, client))"
_FORGET_OLD = "DELETE FROM known WHERE day < ?"
_ADD = "INSERT OR REPLACE INTO known VALUES (?, ?, ?)"
_FORGET_MANY = """
    DELETE FROM known WHERE mailbox = ?1 AND client IN
    (SELECT client FROM known WHERE mailbox = ?1 ORDER BY day DESC, rowid DESC LIMIT -1 OFFSET ?2)
"""


class KnownClients:
    """The database. What goes wrong with it is said once, and then nobody is known; sign-ins go on."""

    def __init__(self, path: Path, clock: Callable[[], float], say: Callable[[str], None]) -> None:
        """``clock`` tells seconds since the epoch, ``say`` the journal.

        A file that is no database is replaced. One that can't be read or written, on a full disk for example, stays.
        """
        self._path, self._clock, self._say = path, clock, say
        self._said = False
        self._database: sqlite3.Connection | None = None
        try:
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            self._wrong(error)
            if error.sqlite_errorcode in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                for each in path.parent.glob(f"{path.name}*"):
                    with suppress(OSError):
                        each.unlink()
                with suppress(sqlite3.Error, OSError):
                    self._database = self._open()
        except OSError as error:
            self._wrong(error)

    def has(self, mailbox: str, client: str) -> bool:
        """Whether somebody has signed in to the mailbox from this client."""
        return self._day(mailbox, client) is not None

    def add(self, mailbox: str, client: str) -> None:
        """Somebody has; it is written once a day."""
        today = int(self._clock() // _DAY)
        if self._database is None or self._day(mailbox, client) == today:
            return
        try:
            with self._database:
                self._database.execute(_ADD, (mailbox, client, today))
                self._database.execute(_FORGET_MANY, (mailbox, CLIENTS))
                self._database.execute(_FORGET_OLD, (today - DAYS,))
        except sqlite3.Error as error:
            self._wrong(error)

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _day(self, mailbox: str, client: str) -> int | None:
        if self._database is None:
            return None
        try:
            found = self._database.execute("SELECT day FROM known WHERE mailbox = ? AND client = ?", (mailbox, client))
            row = found.fetchone()
        except sqlite3.Error as error:
            self._wrong(error)
            return None
        return None if row is None else int(row[0])

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        database = sqlite3.connect(self._path, timeout=PATIENCE)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        with database:
            database.execute(_TABLE)
            database.execute("CREATE INDEX IF NOT EXISTS days ON known (day)")
            database.execute(_FORGET_OLD, (int(self._clock() // _DAY) - DAYS,))
        return database

    def _wrong(self, error: Exception) -> None:
        if not self._said:
            self._said = True
            self._say(f"{self._path}: who has signed in from where can't be kept: {error}")
