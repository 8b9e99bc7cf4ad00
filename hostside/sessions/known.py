"""Who has signed in from where, on disk: a database that outlives program and host, readable to its user alone.

Each row has a number that only grows, by which others are told what is new. Of each of those it is kept up to which
number it was listened to.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DAYS = 90  # for which a client is known that was not seen again
CLIENTS = 32  # of a mailbox that are known; who was not seen for longest is forgotten
OTHERS = 64  # databases of which it is kept how far they were heard; the last ones
PATIENCE = 1.0  # seconds to wait for another program that has the file; nobody can sign in meanwhile
_DAY = 86400

_TABLES = """
    CREATE TABLE IF NOT EXISTS known
    (number INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT, client TEXT, day INTEGER, UNIQUE (mailbox, client));
    CREATE INDEX IF NOT EXISTS days ON known (day);
    CREATE TABLE IF NOT EXISTS own (name TEXT);
    CREATE TABLE IF NOT EXISTS heard (name TEXT PRIMARY KEY, number INTEGER);
"""
# A version without numbers was there before.
_RENUMBER = """
    BEGIN IMMEDIATE;
    ALTER TABLE known RENAME TO former;
    DROP INDEX IF EXISTS days;
    CREATE TABLE known
    (number INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT, client TEXT, day INTEGER, UNIQUE (mailbox, client));
    INSERT INTO known (mailbox, client, day) SELECT mailbox, client, day FROM former ORDER BY day, rowid;
    DROP TABLE former;
    COMMIT;
"""
_FORGET_OLD = "DELETE FROM known WHERE day < ?"
_ADD = "INSERT OR REPLACE INTO known (mailbox, client, day) VALUES (?, ?, ?)"
_FORGET_MANY = """
    DELETE FROM known WHERE mailbox = ?1 AND client IN
    (SELECT client FROM known WHERE mailbox = ?1 ORDER BY day DESC, number DESC LIMIT -1 OFFSET ?2)
"""
_AFTER = "SELECT number, mailbox, client, day FROM known WHERE number > ? ORDER BY number LIMIT ?"
_LAST = "SELECT seq FROM sqlite_sequence WHERE name = 'known'"
_HEARD = "INSERT OR REPLACE INTO heard VALUES (?, ?)"
_FORGET_HEARD = "DELETE FROM heard WHERE rowid NOT IN (SELECT rowid FROM heard ORDER BY rowid DESC LIMIT ?)"


@dataclass(frozen=True, slots=True)
class Row:
    """A client of a mailbox, and the day on which it was seen last, since the epoch."""

    number: int
    mailbox: str
    client: str
    day: int


class KnownClients:
    """The database. What goes wrong with it is said once, and then nobody is known; sign-ins go on."""

    def __init__(self, path: Path, clock: Callable[[], float], say: Callable[[str], None]) -> None:
        """``clock`` tells seconds since the epoch, ``say`` the journal.

        A file that is no database is replaced. One that can't be read or written, on a full disk for example, stays.
        """
        self._path, self._clock, self._say = path, clock, say
        self.changed: Callable[[], None] = lambda: None  # called when there is something new to tell
        self.name = secrets.token_hex(16)  # of the database, whatever host it is on
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
        today = self._today()
        if self._database is None or self._day(mailbox, client) == today:
            return
        try:
            with self._database:
                self._write(mailbox, client, today)
                self._database.execute(_FORGET_OLD, (today - DAYS,))
        except sqlite3.Error as error:
            self._wrong(error)
        else:
            self.changed()

    def after(self, number: int, most: int) -> list[Row]:
        """So many of the rows that came after one with a number."""
        return [Row(*each) for each in self._read(_AFTER, number, most)]

    def last(self) -> int:
        """The largest number that a row has had."""
        return next((int(each[0]) for each in self._read(_LAST)), 0)

    def heard(self, name: str) -> int:
        """The number of the last row that was merged from another database."""
        return next((int(each[0]) for each in self._read("SELECT number FROM heard WHERE name = ?", name)), 0)

    def merge(self, name: str, rows: Sequence[Row]) -> None:
        """Take in rows of another database: of two days the later one holds. Days to come are nobody's.

        Raises OSError where they can't be kept, so that they are asked for again.
        """
        if self._database is None or not rows:
            return
        today, news = self._today(), False
        try:
            with self._database:
                for each in rows:
                    # Hosts' clocks may differ by a moment, which is a day at midnight.
                    if today - DAYS <= each.day <= today + 1 and (self._day(each.mailbox, each.client) or 0) < each.day:
                        self._write(each.mailbox, each.client, each.day)
                        news = True
                self._database.execute(_HEARD, (name, rows[-1].number))
                self._database.execute(_FORGET_HEARD, (OTHERS,))
        except sqlite3.Error as error:
            self._wrong(error)
            raise OSError(f"known clients can't be kept: {error}") from error
        if news:
            self.changed()

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _today(self) -> int:
        return int(self._clock() // _DAY)

    def _write(self, mailbox: str, client: str, day: int) -> None:
        if self._database is not None:
            self._database.execute(_ADD, (mailbox, client, day))
            self._database.execute(_FORGET_MANY, (mailbox, CLIENTS))

    def _day(self, mailbox: str, client: str) -> int | None:
        rows = self._read("SELECT day FROM known WHERE mailbox = ? AND client = ?", mailbox, client)
        return int(rows[0][0]) if rows else None

    def _read(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        if self._database is None:
            return []
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._wrong(error)
            return []

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        database = sqlite3.connect(self._path, timeout=PATIENCE)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        columns = [each[1] for each in database.execute("PRAGMA table_info(known)")]
        if columns and "number" not in columns:
            database.executescript(_RENUMBER)
        database.executescript(_TABLES)
        with database:
            database.execute("INSERT INTO own SELECT ? WHERE NOT EXISTS (SELECT * FROM own)", (self.name,))
            (self.name,) = database.execute("SELECT name FROM own").fetchone()
            database.execute(_FORGET_OLD, (self._today() - DAYS,))
        return database

    def _wrong(self, error: Exception) -> None:
        if not self._said:
            self._said = True
            self._say(f"{self._path}: who has signed in from where can't be kept: {error}")
