"""The company file on disk: entries, transactions, and the answered message sets, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS row (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, kind TEXT NOT NULL, shelf TEXT NOT NULL, name TEXT NOT NULL,
    party TEXT NOT NULL, active INTEGER NOT NULL, modified TEXT NOT NULL, fields TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS row_name ON row (shelf, name);
CREATE INDEX IF NOT EXISTS row_kind ON row (kind, number);
CREATE INDEX IF NOT EXISTS row_party ON row (party);
CREATE TABLE IF NOT EXISTS message_set (id TEXT PRIMARY KEY, checksum TEXT NOT NULL, answer TEXT NOT NULL);
"""


@dataclass(slots=True, kw_only=True)
class Row:
    """An entry of a list or a transaction.

    `kind` is "Customer" or "Invoice". `shelf` is the name space in which a `name` is unique: "party", "item",
    "account", and empty for transactions. `party` is the ListID of a transaction's customer or vendor.
    """

    id: str
    kind: str
    shelf: str
    name: str
    fields: dict[str, Any]
    party: str = ""
    active: bool = True
    modified: str = ""


def dump(fields: dict[str, Any]) -> str:
    return json.dumps(fields, default=lambda value: {"decimal": str(value)})


def load(text: str) -> Any:
    return json.loads(text, object_hook=lambda found: Decimal(found["decimal"]) if set(found) == {"decimal"} else found)


def _without_wal(database: bytes) -> bytes:
    """Mark a database as one that is not in WAL mode, which SQLite cannot open in memory: bytes 18 and 19."""
    return database[:18] + b"\x01\x01" + database[20:]


class Store:
    """Rows by their id. Changes are permanent after `transaction`, and rolled back if it raises."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "company.qbw"
        self._db = sqlite3.connect(self.path, isolation_level=None, timeout=30, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        # With NORMAL, a commit survives the death of the process, but not that of the machine. That is enough here.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Open a savepoint: a part of a transaction that may fail alone."""
        self._db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO attempt")
            self._db.execute("RELEASE attempt")
            raise
        self._db.execute("RELEASE attempt")

    def fact(self, name: str) -> str:
        found = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    def remember(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def following(self) -> int:
        """Return the next number of the sequence that all ids share."""
        number = int(self.fact("number") or 0) + 1
        self.remember("number", str(number))
        return number

    def put(self, row: Row) -> None:
        number = self._db.execute("SELECT number FROM row WHERE id = ?", (row.id,)).fetchone()
        self._db.execute(
            "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.id, number[0] if number else self.following(), row.kind, row.shelf, row.name.casefold(), row.party,
             row.active, row.modified, dump(row.fields)),
        )  # fmt: skip

    def get(self, row_id: str, kinds: Sequence[str]) -> Row | None:
        return next(iter(self.find(kinds, "id = ?", row_id)), None)

    def named(self, shelf: str, name: str) -> Row | None:
        """Return the row with a name on a shelf, ignoring case."""
        found = self._db.execute("SELECT * FROM row WHERE shelf = ? AND name = ?", (shelf, name.casefold()))
        return next((self._row(one) for one in found), None)

    def find(self, kinds: Sequence[str], where: str = "1", *values: object) -> list[Row]:
        """Return the rows of some kinds in the order of their creation. `where` is SQL of the sandbox's own."""
        marks = ", ".join("?" for _ in kinds)
        query = f"SELECT * FROM row WHERE kind IN ({marks}) AND {where} ORDER BY number"  # noqa: S608
        return [self._row(found) for found in self._db.execute(query, (*kinds, *values))]

    def answered(self, set_id: str) -> tuple[str, str] | None:
        """Return the checksum and the answer of a stored message set, or None."""
        found = self._db.execute("SELECT checksum, answer FROM message_set WHERE id = ?", (set_id,)).fetchone()
        return (str(found[0]), str(found[1])) if found else None

    def keep(self, set_id: str, checksum: str, answer: str) -> None:
        self._db.execute("INSERT INTO message_set VALUES (?, ?, ?)", (set_id, checksum, answer))

    def forget(self, set_id: str) -> bool:
        return self._db.execute("DELETE FROM message_set WHERE id = ?", (set_id,)).rowcount > 0

    def save(self) -> bytes:
        """Return a copy of the whole file."""
        with closing(sqlite3.connect(":memory:")) as copy:
            self._db.backup(copy)
            return _without_wal(copy.serialize())

    def restore(self, saved: bytes) -> None:
        """Replace everything in the file with a copy, of this file or of another one."""
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(saved)
            copy.backup(self._db)

    def close(self) -> None:
        self._db.close()

    def _row(self, found: Sequence[Any]) -> Row:
        row_id, _, kind, shelf, _, party, active, modified, fields = found
        row = Row(id=row_id, kind=kind, shelf=shelf, name="", party=party, active=bool(active), modified=modified,
                  fields=load(fields))  # fmt: skip
        row.name = str(row.fields.get("FullName") or row.fields.get("Name") or row.fields.get("RefNumber", ""))
        return row
