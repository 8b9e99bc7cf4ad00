# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of accounts in an SQLite file; used by this collection's modules, so standard library only."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.mailpair.mail.plugins.module_utils.files import UNKNOWN, dressed, ids, sync_folder

PATIENCE = 30.0  # seconds in which who reads must let a change in
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """A table: its columns, those of them that tell its rows apart, and the one that says whose a row is."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    owner: str
    rows: frozenset[Row]

    @classmethod
    def of(cls, written: dict[str, Any]) -> Table:
        """From a plan, in which sequences are lists."""
        rows = frozenset(tuple(row) for row in written["rows"])
        return cls(tuple(written["columns"]), tuple(written["key"]), written["owner"], rows)

    def schema(self, name: str) -> list[str]:
        """Statements that make it."""
        columns, key = ", ".join(map(quoted, self.columns)), ", ".join(map(quoted, self.key))
        made = [f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"]
        if self.owner != self.key[0]:
            made.append(f"CREATE INDEX {name}_owner ON {name} ({quoted(self.owner)})")
        return made


@dataclass(frozen=True)
class Stored:
    """An SQLite file with these tables: with all of their rows, or with the rows of some owners, others as they are.

    With ``in_place`` a change is one transaction in the file, which suits who may write there, and so takes back what a
    crash has left half done (https://sqlite.org/atomiccommit.html). Without it the file is replaced in one step, for
    readers who may only read, and who look whether it is another.
    """

    path: str
    tables: dict[str, Table]
    owner: str = "root"
    group: str = "root"
    mode: int = 0o640
    in_place: bool = False
    owners: tuple[str, ...] | None = None  # None: everybody

    def is_there(self) -> bool:
        """Whether the file on this host has these rows, and this owner, group and mode."""
        if self.found is None or any(gone or come for gone, come in self._changes.values()):
            return False
        return bool(dressed(self.path, ids(self.owner, self.group), self.mode))

    def lost(self) -> set[str]:
        """Owners of rows that are gone, or are others than before; nobody where there was no such file."""
        owners = {
            str(row[self.tables[name].columns.index(self.tables[name].owner)])
            for name, (gone, _) in self._changes.items()
            for row in gone
        }
        return owners - {""}  # what is nobody's

    @property
    def renewed(self) -> bool:
        """Whether the file was or will be another, which who has the former one open does not see."""
        return self.found is None or not self.in_place

    @cached_property
    def found(self) -> dict[str, frozenset[Row]] | None:
        """The rows that are concerned, by table, as they were before; None where the file is not such a file."""
        if not os.path.exists(self.path):
            return None
        try:
            with opened(self.path) as database:
                names = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
                made = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
                if names == {*self.tables} and made == {
                    sql for name in names for sql in self.tables[name].schema(name)
                }:
                    return {name: frozenset(self._rows(database, name)) for name in names}
        except sqlite3.DatabaseError as error:
            # One that is in use, or on a disk that fails, is not taken for none.
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
        return None

    def put(self) -> None:
        """Bring the rows in, on stable storage before anyone can see them."""
        if ids(self.owner, self.group) == UNKNOWN:
            raise OSError(errno.ENOENT, f"there is no user {self.owner} or no group {self.group}", self.path)
        if self.found is None and self.owners is not None:
            raise OSError(errno.EINVAL, "does not have everybody's rows, so one owner's can't be changed", self.path)
        if not self.renewed:
            self._dress(self.path)
            self._write(self.path)
            return
        folder = os.path.dirname(self.path)
        handle, temporary = tempfile.mkstemp(prefix=".mailpair-", dir=folder)
        os.close(handle)
        try:
            if self.found is not None:
                shutil.copyfile(self.path, temporary)
            self._dress(temporary)
            self._write(temporary)
            # What a crash left half done belongs to the former file.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.path}-journal")
            os.rename(temporary, self.path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        sync_folder(folder)

    @cached_property
    def _changes(self) -> dict[str, tuple[frozenset[Row], frozenset[Row]]]:
        """By table the rows that go and the rows that come."""
        found = self.found or {name: frozenset[Row]() for name in self.tables}
        return {name: (found[name] - table.rows, table.rows - found[name]) for name, table in self.tables.items()}

    def _rows(self, database: sqlite3.Connection, name: str) -> Iterable[Row]:
        table = self.tables[name]
        query = f"SELECT {', '.join(map(quoted, table.columns))} FROM {name}"  # noqa: S608 - names are the plan's
        if self.owners is None:
            return database.execute(query)
        places = ", ".join("?" * len(self.owners))
        return database.execute(f"{query} WHERE {quoted(table.owner)} IN ({places})", self.owners)

    def _dress(self, path: str) -> None:
        os.chown(path, *ids(self.owner, self.group))
        os.chmod(path, self.mode)

    def _write(self, path: str) -> None:
        with opened(path) as database:
            # Readers are kept out for the end of the transaction alone, however large it is.
            for word in ("cache_spill = OFF", "synchronous = EXTRA", "journal_mode = DELETE"):
                database.execute(f"PRAGMA {word}")
            database.execute("BEGIN IMMEDIATE")
            for name, table in self.tables.items():
                if self.found is None:
                    for statement in table.schema(name):
                        database.execute(statement)
                gone, come = self._changes[name]
                same = " AND ".join(f"{quoted(column)} = ?" for column in table.key)
                keys = [table.columns.index(column) for column in table.key]
                delete = f"DELETE FROM {name} WHERE {same}"  # noqa: S608 - names are the plan's
                database.executemany(delete, [[row[at] for at in keys] for row in gone])
                # Who has lost a key to the owner of these rows may not have been told yet.
                places = ", ".join("?" * len(table.columns))
                insert = f"INSERT OR REPLACE INTO {name} VALUES ({places})"  # noqa: S608 - names are the plan's
                database.executemany(insert, sorted(come, key=str))
            database.execute("COMMIT")


def opened(path: str) -> contextlib.closing[sqlite3.Connection]:
    """The file, for statements that begin and end transactions themselves."""
    return contextlib.closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None))


def quoted(name: str) -> str:
    """A column's name, as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def stored(options: dict[str, Any], tables: dict[str, Any], owners: Sequence[str] | None = None) -> Stored:
    """A file from a module's arguments; ``tables`` as :meth:`Table.of` takes each."""
    return Stored(
        options["path"],
        {name: Table.of(each) for name, each in tables.items()},
        options["owner"],
        options["group"],
        int(options["mode"], 8),
        options["in_place"],
        None if owners is None else tuple(owners),
    )
