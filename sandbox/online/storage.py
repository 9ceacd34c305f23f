"""The books on disk: SQLite, so that a killed sandbox has stored exactly what it answered."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import simplejson

from sandbox.online.refusals import inactive, unknown_reference
from sandbox.online.unsure import switch

Entry: TypeAlias = dict[str, Any]
"""An entry of a list or a transaction, as the API shows it."""

_FILE = "online.sqlite3"

_TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    realm TEXT, kind TEXT, id TEXT, name TEXT, body TEXT, PRIMARY KEY (realm, kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_name ON entry (realm, kind, name);
CREATE TABLE IF NOT EXISTS posting (realm TEXT, kind TEXT, id TEXT, account TEXT, amount TEXT);
CREATE INDEX IF NOT EXISTS posting_of ON posting (realm, kind, id);
CREATE TABLE IF NOT EXISTS tombstone (realm TEXT, kind TEXT, id TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS answer (
    realm TEXT, requestid TEXT, status INTEGER, body TEXT, PRIMARY KEY (realm, requestid)
);
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY, id TEXT, realm TEXT, kind TEXT, entry TEXT, operation TEXT, deleted TEXT, at TEXT,
    tries INTEGER DEFAULT 0, due TEXT
);
CREATE TABLE IF NOT EXISTS meter (realm TEXT, month TEXT, reads INTEGER, writes INTEGER, PRIMARY KEY (realm, month));
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at TEXT, method TEXT, path TEXT, query TEXT, requestid TEXT, status INTEGER, effects INTEGER
);
"""

_NEVER_TOLD = frozenset({"CompanyInfo", "TaxCode", "TaxRate"})
"""Kinds whose changes send no webhooks."""

LEDGER_TABLES = ("entry", "posting", "tombstone", "answer", "journal", "event", "meter")
"""The tables that a reset empties. The clock, the ids and the grants are facts."""


DELETED = " (deleted)"
"""The end of an inactive entry's name."""


def dumps(value: object) -> str:
    """Return JSON in which a Decimal is a number with all its digits."""
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False))


def loads(text: str) -> Any:
    """Parse JSON, with numbers that have a decimal point as Decimal."""
    return simplejson.loads(text, use_decimal=True)


def money(value: object) -> Decimal:
    """Return an amount rounded to two decimals, half up, from a number or from a string."""
    return Decimal(str(value)).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def folded(name: object) -> str:
    """Return a name for comparison: in one case, without spaces around it."""
    return str(name or "").strip().casefold()


def pacific(moment: dt.datetime) -> dt.datetime:
    """Return a time in the zone that QuickBooks uses: -07:00 from the second Sunday of March to the first Sunday of
    November, from and to 2:00 a.m. local time, else -08:00."""
    first = dt.datetime(moment.year, 3, 8, 10, tzinfo=dt.UTC)
    last = dt.datetime(moment.year, 11, 1, 9, tzinfo=dt.UTC)
    first += dt.timedelta(days=6 - first.weekday())
    last += dt.timedelta(days=6 - last.weekday())
    return moment.astimezone(dt.timezone(dt.timedelta(hours=-7 if first <= moment < last else -8)))


def _without_wal(database: bytes) -> bytes:
    """Mark a database as one that is not in WAL mode, which SQLite cannot open in memory: bytes 18 and 19."""
    return database[:18] + b"\x01\x01" + database[20:]


class Store:
    """The SQLite file. Every use opens its own connection, so that threads and processes do not share one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / _FILE
        self.changed = threading.Event()
        """Set whenever there may be webhooks to send."""
        self._saved: dict[str, bytes] = {}
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)
        # Closing the last connection writes the whole WAL back into the file. This one stays open to avoid that.
        self._open = sqlite3.connect(self.path, check_same_thread=False)
        self._open.execute("SELECT 1 FROM fact").fetchall()
        self.close = weakref.finalize(self, self._open.close)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as connection:
            # With NORMAL, a commit survives the death of the process, but not of the machine. That is enough here.
            connection.execute("PRAGMA synchronous=NORMAL")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a read transaction: a consistent view of the books, however long it is open."""
        with self._connect() as connection:
            connection.execute("BEGIN")
            yield Session(connection)
            connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a write transaction, one at a time: calls with the same requestid are carried out one after another."""
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            session = Session(connection)
            try:
                yield session
                has_events = session.write_events()
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        if has_events:
            self.changed.set()

    def save(self, name: str) -> None:
        """Store a copy of the whole file under a name, in memory."""
        with self._connect() as connection, closing(sqlite3.connect(":memory:")) as copy:
            connection.backup(copy)
            self._saved[name] = _without_wal(copy.serialize())

    def restore(self, name: str) -> None:
        """Replace everything in the file with a saved copy. Raise `KeyError` if no copy has this name."""
        saved = self._saved[name]
        with self._connect() as connection, closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(saved)
            copy.backup(connection)
        self.changed.set()


class Session:
    """One transaction on the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.changes: dict[tuple[str, str, str], tuple[str, str | None]] = {}
        """The operation on each changed entry, by realm, kind and id, with the id that a merge deleted."""

    def fact(self, name: str, default: Any = None) -> Any:
        row = self.connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return default if row is None else loads(row[0])

    def set_fact(self, name: str, value: Any) -> None:
        self.connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, dumps(value)))

    def forget(self, name: str) -> None:
        self.connection.execute("DELETE FROM fact WHERE name = ?", (name,))

    def now(self) -> dt.datetime:
        """Return the time of the sandbox's clock: the machine's, plus the seconds that tests have added."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=float(self.fact("clock", 0)))

    def time(self) -> str:
        """Return the current time as text for the body of an answer."""
        return pacific(self.now()).isoformat(timespec="milliseconds")

    def books(self, realm: str) -> Books:
        return Books(self, realm)

    def realms(self) -> dict[str, str]:
        """Return the companies' names, by realm."""
        rows = self.connection.execute("SELECT realm, body FROM entry WHERE kind = 'CompanyInfo' ORDER BY realm")
        return {realm: loads(body)["CompanyName"] for realm, body in rows}

    def write_events(self) -> bool:
        """Store the events for webhooks in the transaction of their changes. Return False if there are none, or if no
        app has subscribed."""
        if not self.changes or self.fact("webhooks") is None:
            return False
        now = self.now().isoformat()
        self.connection.executemany(
            "INSERT INTO event (id, realm, kind, entry, operation, deleted, at, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (str(uuid.uuid4()), realm, kind, entry, operation, deleted, now, now)
                for (realm, kind, entry), (operation, deleted) in self.changes.items()
                if kind not in _NEVER_TOLD
            ],
        )
        return True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Open a savepoint, to which the transaction is rolled back after an exception."""
        self.connection.execute("SAVEPOINT one")
        changes = dict(self.changes)
        try:
            yield
        except BaseException:
            self.changes = changes
            self.connection.execute("ROLLBACK TO one")
            self.connection.execute("RELEASE one")
            raise
        self.connection.execute("RELEASE one")


class Books:
    """The books of one company."""

    def __init__(self, session: Session, realm: str) -> None:
        self.session, self.realm = session, realm

    def _bodies(self, clause: str, *values: str) -> Iterator[Entry]:
        rows = self.session.connection.execute(
            f"SELECT body FROM entry WHERE realm = ? AND {clause}",  # noqa: S608 – Our own three clauses below.
            (self.realm, *values),
        )
        return (loads(body) for (body,) in rows)

    def find(self, kind: str, wanted: object) -> Entry | None:
        """Return the entry with an id, or None."""
        return next(self._bodies("kind = ? AND id = ?", kind, str(wanted)), None)

    def all(self, kind: str) -> list[Entry]:
        """Return all entries of a kind, oldest first, inactive ones included."""
        return list(self._bodies("kind = ? ORDER BY CAST(id AS INTEGER), id", kind))

    def named(self, kind: str, name: object) -> list[Entry]:
        """Return the entries with a display name, name or document number, inactive ones included."""
        return list(self._bodies("kind = ? AND name = ? ORDER BY CAST(id AS INTEGER)", kind, folded(name)))

    def put(self, kind: str, entry: Entry) -> Entry:
        """Store an entry as it is."""
        name = folded(entry.get("DisplayName") or entry.get("Name") or entry.get("DocNumber"))
        if not entry.get("Active", True):
            name = name.removesuffix(DELETED)  # It is still taken.
        self.session.connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET name = excluded.name, body = excluded.body",
            (self.realm, kind, entry["Id"], name, dumps(entry)),
        )
        return entry

    def untell(self, kind: str, entry_id: str) -> None:
        """Discard the event of an entry, because another entry's event covers it."""
        self.session.changes.pop((self.realm, kind, entry_id), None)

    def drop(self, kind: str, entry: Entry) -> None:
        """Delete an entry. Change data capture still reports the deletion."""
        place = (self.realm, kind, entry["Id"])
        self.session.connection.execute("DELETE FROM entry WHERE realm = ? AND kind = ? AND id = ?", place)
        self.session.connection.execute("INSERT INTO tombstone VALUES (?, ?, ?, ?)", (*place, self.stamped()))
        self.tell(kind, entry["Id"], "Delete")

    def dropped(self, kind: str) -> list[tuple[str, str]]:
        """Return the ids of deleted entries, each with the time of its deletion."""
        rows = self.session.connection.execute(
            "SELECT id, at FROM tombstone WHERE realm = ? AND kind = ? ORDER BY rowid", (self.realm, kind)
        )
        return [(entry_id, at) for entry_id, at in rows]

    def new_id(self) -> str:
        number = int(self.session.fact(f"sequence:{self.realm}", 0)) + 1
        self.session.set_fact(f"sequence:{self.realm}", number)
        return str(number)

    def highest_number(self, kind: str) -> int:
        """Return the highest document number that has only digits (at most nine); 1000 if there is none."""
        row = self.session.connection.execute(
            "SELECT max(CAST(name AS INTEGER)) FROM entry "
            "WHERE realm = ? AND kind = ? AND name <> '' AND name NOT GLOB '*[^0-9]*' AND length(name) <= 9",
            (self.realm, kind),
        ).fetchone()
        return int(row[0] or 1000)

    def stamped(self) -> str:
        return pacific(self.session.now()).replace(microsecond=0).isoformat()

    def stamp(self, entry: Entry, *, before: Entry | None = None) -> Entry:
        """Set an entry's times and its SyncToken, and return it."""
        time = self.stamped()
        entry["SyncToken"] = str(int(before["SyncToken"]) + 1) if before else "0"
        created = before["MetaData"]["CreateTime"] if before else time
        entry["MetaData"] = {"CreateTime": created, "LastUpdatedTime": time}
        entry.setdefault("domain", "QBO")
        entry["sparse"] = False
        return entry

    def add(self, kind: str, entry: Entry) -> Entry:
        """Store a new entry with a new id, and return it."""
        added = self.put(kind, self.stamp({"Id": self.new_id(), **entry}))
        self.tell(kind, added["Id"], "Create")
        return added

    def change(self, kind: str, entry: Entry) -> Entry:
        """Store an entry that was changed by a client, or by the effect of another transaction."""
        self.tell(kind, entry["Id"], "Update")
        return self.put(kind, self.stamp(self._with_suffix(entry), before=entry))

    def _with_suffix(self, entry: Entry) -> Entry:
        """Return an entry with " (deleted)" after its names if it is inactive, and without if it is active."""
        if "Active" not in entry:
            return entry
        ends = DELETED if not entry["Active"] and switch(self.session, "inactive_suffix") else ""
        names = {name: entry[name] for name in ("DisplayName", "Name", "FullyQualifiedName") if entry.get(name)}
        return {**entry, **{name: f"{value.removesuffix(DELETED)}{ends}" for name, value in names.items()}}

    def tell(self, kind: str, entry_id: str, operation: str, *, deleted: str | None = None) -> None:
        """Record an event for webhooks: Create, Update, Delete, Void, Emailed or Merge. The last one of a transaction
        replaces earlier ones, but Create is replaced only by Delete."""
        place = (self.realm, kind, entry_id)
        if operation == "Delete" or self.session.changes.get(place, ("", None))[0] != "Create":
            self.session.changes[place] = (operation, deleted)

    def preferences(self) -> Entry:
        return self.all("Preferences")[0]

    def prefers(self, group: str, name: str) -> Any:
        """Return a preference, or None. `OtherPrefs` are pairs of texts, of which "true" is returned as True."""
        found = self.preferences().get(group, {})
        if group == "OtherPrefs":
            return next((pair["Value"] == "true" for pair in found["NameValue"] if pair["Name"] == name), None)
        return found.get(name)

    def company(self, name: str) -> str:
        """Return a named value of the company: its plan (`OfferingSku`), its `SubscriptionStatus`."""
        pairs = self.all("CompanyInfo")[0]["NameValue"]
        return next((str(pair["Value"]) for pair in pairs if pair["Name"] == name), "")

    @property
    def characters(self) -> str:
        """Return the encoding of this company's texts. Intuit names ISO-8859-1 for the US; typographic quotes pass,
        too."""
        return "cp1252" if self.all("CompanyInfo")[0].get("Country", "US") == "US" else "utf-8"

    def referred(self, entry: Entry, element: str, kind: str) -> Entry | None:
        """Return the entry that a ref points to, or None if there is no ref. Raises the API's refusals."""
        wanted = (entry.get(element) or {}).get("value")
        if wanted in {None, ""}:
            return None
        found = self.find(kind, wanted)
        if found is None:
            raise unknown_reference(element, kind, wanted)
        if not found.get("Active", True):
            raise inactive()
        name = found.get("DisplayName") or found.get("FullyQualifiedName") or found.get("Name", "")
        entry[element] = {"value": str(wanted), "name": name}
        return found

    def post(self, kind: str, entry_id: str, postings: Iterable[tuple[str, Decimal]]) -> None:
        """Store the postings of a transaction: debits are positive, credits negative, and their sum must be zero."""
        rows = [(self.realm, kind, entry_id, account, str(amount)) for account, amount in postings if amount]
        if sum((Decimal(row[4]) for row in rows), Decimal(0)):
            raise AssertionError(f"{kind} {entry_id} is out of balance: {rows}")
        self.session.connection.executemany("INSERT INTO posting VALUES (?, ?, ?, ?, ?)", rows)

    def unpost(self, kind: str, entry_id: str) -> None:
        """Delete the postings of a transaction."""
        self.session.connection.execute(
            "DELETE FROM posting WHERE realm = ? AND kind = ? AND id = ?", (self.realm, kind, entry_id)
        )

    def balances(self) -> dict[str, Decimal]:
        """Return the account balances by id: debits less credits."""
        found: dict[str, Decimal] = {}
        for account, amount in self.session.connection.execute(
            "SELECT account, amount FROM posting WHERE realm = ?", (self.realm,)
        ):
            found[account] = found.get(account, Decimal("0.00")) + Decimal(amount)
        return found
