"""The books on disk: SQLite, one transaction per call, so that a killed sandbox has stored exactly what it answered."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import simplejson

Entry: TypeAlias = dict[str, Any]
"""An entry of the books: dates as "2026-11-14", times as ISO 8601, amounts as Decimal."""

_TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    tenant TEXT, kind TEXT, id TEXT, updated TEXT, body TEXT, PRIMARY KEY (tenant, kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, asked TEXT, status INTEGER, body TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at TEXT, tenant TEXT, method TEXT, path TEXT, query TEXT, key TEXT, status INTEGER
);
"""


def dumps(value: object) -> str:
    """Return JSON in which a Decimal is a number with all its digits."""
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False))


def loads(text: str) -> Any:
    """Parse JSON, with numbers that have decimals as Decimal."""
    return simplejson.loads(text, use_decimal=True)


def cents(value: object) -> Decimal:
    """Return an amount rounded to two decimals, half up."""
    return Decimal(str(value)).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def _without_wal(database: bytes) -> bytes:
    """Mark a database as one that is not in WAL mode, which SQLite cannot open in memory: bytes 18 and 19."""
    return database[:18] + b"\x01\x01" + database[20:]


class Store:
    """The SQLite file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "xero.sqlite3"
        self._saved: dict[str, bytes] = {}
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)
        # Closing the last connection writes the whole WAL back into the file. This one stays open to avoid that.
        self._open = sqlite3.connect(self._path, check_same_thread=False)
        self._open.execute("SELECT 1 FROM fact").fetchall()
        self.close = weakref.finalize(self, self._open.close)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a transaction, for one caller at a time. It is rolled back after an exception."""
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Session(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def save(self, name: str) -> None:
        """Store a copy of the whole file under a name, in memory."""
        with closing(sqlite3.connect(self._path, timeout=30)) as live, closing(sqlite3.connect(":memory:")) as copy:
            live.backup(copy)
            self._saved[name] = _without_wal(copy.serialize())

    def restore(self, name: str) -> None:
        """Replace everything in the file with a saved copy. Raise `KeyError` if no copy has this name."""
        saved = self._saved[name]
        with closing(sqlite3.connect(self._path, timeout=30)) as live, closing(sqlite3.connect(":memory:")) as copy:
            live.execute("PRAGMA synchronous=NORMAL")
            copy.deserialize(saved)
            copy.backup(live)


class Session:
    """One transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def now(self) -> dt.datetime:
        """Return the time of the sandbox's clock: the machine's, plus the seconds that tests have added."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=float(self.fact("clock") or 0))

    def fact(self, name: str) -> Any:
        row = self.connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return loads(row[0]) if row else None

    def facts(self, prefix: str) -> list[Any]:
        rows = self.connection.execute("SELECT value FROM fact WHERE name GLOB ? ORDER BY rowid", (f"{prefix}*",))
        return [loads(value) for (value,) in rows]

    def set_fact(self, name: str, value: Any) -> None:
        if value is None:
            self.connection.execute("DELETE FROM fact WHERE name = ?", (name,))
        else:
            self.connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, dumps(value)))

    def all(self, tenant: str, kind: str) -> list[Entry]:
        """Return all entries of a kind, those with the oldest change first."""
        query = "SELECT body FROM entry WHERE tenant = ? AND kind = ? ORDER BY updated, id"
        return [loads(body) for (body,) in self.connection.execute(query, (tenant, kind))]

    def get(self, tenant: str, kind: str, wanted: str) -> Entry | None:
        query = "SELECT body FROM entry WHERE tenant = ? AND kind = ? AND id = ?"
        row = self.connection.execute(query, (tenant, kind, wanted)).fetchone()
        return loads(row[0]) if row else None

    def put(self, tenant: str, kind: str, entry: Entry) -> Entry:
        """Insert an entry, or replace the one with the same id. Return it with id and time of change."""
        name = IDS[kind]
        entry[name] = entry.get(name) or str(uuid.uuid4())
        entry["UpdatedDateUTC"] = self.now().isoformat(timespec="milliseconds")
        row = (tenant, kind, entry[name], entry["UpdatedDateUTC"], dumps(entry))
        self.connection.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)", row)
        return entry

    @contextmanager
    def part(self) -> Iterator[None]:
        """Open a savepoint, to which the transaction is rolled back after an exception."""
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO part")
            raise
        finally:
            self.connection.execute("RELEASE part")


IDS = {
    "Organisation": "OrganisationID",
    "Accounts": "AccountID",
    "TaxRates": "TaxType",
    "Contacts": "ContactID",
    "Items": "ItemID",
    "Invoices": "InvoiceID",
    "PurchaseOrders": "PurchaseOrderID",
    "Payments": "PaymentID",
    "CreditNotes": "CreditNoteID",
}
"""The kinds of entries, and the name of each kind's id."""
