"""Tables that say who has a mailbox, as hosts keep them in SQLite files."""

from __future__ import annotations

from dataclasses import dataclass

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, those of them that tell its rows apart (``key``), and the one that says whose a row is.

    A row has a value for each column. What belongs to nobody in particular has an empty owner.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    owner: str
    rows: tuple[tuple[Value, ...], ...]
