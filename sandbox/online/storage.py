"""The books on disk: SQLite, so that a killed sandbox has lost nothing that it answered, and kept nothing else."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import simplejson

from sandbox.online.refusals import inactive, unknown_reference

Entry: TypeAlias = dict[str, Any]
"""An entry of a list or a transaction, as the API shows it."""

_TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    realm TEXT, kind TEXT, id INTEGER, body TEXT, PRIMARY KEY (realm, kind, id)
);
CREATE TABLE IF NOT EXISTS answer (
    realm TEXT, requestid TEXT, status INTEGER, body TEXT, PRIMARY KEY (realm, requestid)
);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at TEXT, method TEXT, path TEXT, query TEXT, requestid TEXT, status INTEGER, effects INTEGER
);
"""

_PACIFIC = dt.timezone(dt.timedelta(hours=-8))


def dumps(value: object) -> str:
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False))


def loads(text: str) -> Any:
    return simplejson.loads(text, use_decimal=True)


def money(value: object) -> Decimal:
    """An amount with two decimals, from a number or from a string as some clients send it."""
    return Decimal(str(value)).quantize(Decimal("0.01"), "ROUND_HALF_UP")


class Store:
    """The file. Every use opens a connection of its own, so that threads and a second process do not meet in one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "books.sqlite3"
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._connect() as connection:
            connection.execute("BEGIN")
            yield Session(connection)
            connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One writer at a time: two calls under the same requestid are carried out one after the other."""
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Session(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


class Session:
    """One transaction on the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def fact(self, name: str, default: Any = None) -> Any:
        row = self.connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return default if row is None else loads(row[0])

    def set_fact(self, name: str, value: Any) -> None:
        self.connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, dumps(value)))

    def facts(self, prefix: str) -> dict[str, Any]:
        rows = self.connection.execute(
            "SELECT name, value FROM fact WHERE substr(name, 1, ?) = ?", (len(prefix), prefix)
        )
        return {name.removeprefix(prefix): loads(value) for name, value in rows}

    def forget(self, name: str) -> None:
        self.connection.execute("DELETE FROM fact WHERE name = ?", (name,))

    def now(self) -> dt.datetime:
        """The sandbox's clock: the machine's, moved by as much as a test said."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=float(self.fact("clock", 0)))

    def books(self, realm: str) -> Books:
        return Books(self, realm)

    def realms(self) -> dict[str, str]:
        """The companies, by realm."""
        rows = self.connection.execute("SELECT realm, body FROM entry WHERE kind = 'CompanyInfo' ORDER BY realm")
        return {realm: loads(body)["CompanyName"] for realm, body in rows}

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is refused leaves nothing behind."""
        self.connection.execute("SAVEPOINT one")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO one")
            self.connection.execute("RELEASE one")
            raise
        self.connection.execute("RELEASE one")


class Books:
    """The books of one company."""

    def __init__(self, session: Session, realm: str) -> None:
        self.session, self.realm = session, realm

    def find(self, kind: str, wanted: object) -> Entry | None:
        if not str(wanted).isdecimal():
            return None
        row = self.session.connection.execute(
            "SELECT body FROM entry WHERE realm = ? AND kind = ? AND id = ?", (self.realm, kind, int(str(wanted)))
        ).fetchone()
        return None if row is None else loads(row[0])

    def all(self, kind: str) -> list[Entry]:
        rows = self.session.connection.execute(
            "SELECT body FROM entry WHERE realm = ? AND kind = ? ORDER BY id", (self.realm, kind)
        )
        return [loads(body) for (body,) in rows]

    def put(self, kind: str, entry: Entry) -> Entry:
        self.session.connection.execute(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", (self.realm, kind, int(entry["Id"]), dumps(entry))
        )
        return entry

    def drop(self, kind: str, entry: Entry) -> None:
        self.session.connection.execute(
            "DELETE FROM entry WHERE realm = ? AND kind = ? AND id = ?", (self.realm, kind, int(entry["Id"]))
        )

    def new_id(self) -> str:
        number = int(self.session.fact(f"sequence:{self.realm}", 0)) + 1
        self.session.set_fact(f"sequence:{self.realm}", number)
        return str(number)

    def stamp(self, entry: Entry, *, before: Entry | None = None) -> Entry:
        """Give an entry its times and its SyncToken."""
        time = self.session.now().astimezone(_PACIFIC).replace(microsecond=0).isoformat()
        entry["SyncToken"] = str(int(before["SyncToken"]) + 1) if before else "0"
        created = before["MetaData"]["CreateTime"] if before else time
        entry["MetaData"] = {"CreateTime": created, "LastUpdatedTime": time}
        entry.setdefault("domain", "QBO")
        entry["sparse"] = False
        return entry

    def add(self, kind: str, entry: Entry) -> Entry:
        """A new entry, as it is."""
        return self.put(kind, self.stamp({"Id": self.new_id(), **entry}))

    def change(self, kind: str, entry: Entry) -> Entry:
        """Store an entry that a transaction has changed (a balance, a link)."""
        return self.put(kind, self.stamp(entry, before=entry))

    def preferences(self) -> Entry:
        return self.all("Preferences")[0]

    def prefers(self, group: str, name: str) -> Any:
        return self.preferences().get(group, {}).get(name)

    def referred(self, entry: Entry, element: str, kind: str, *, allow_inactive: bool = False) -> Entry | None:
        """The entry that a ref points to, or None if there is no ref. Raises the API's refusals."""
        wanted = (entry.get(element) or {}).get("value")
        if wanted in {None, ""}:
            return None
        found = self.find(kind, wanted)
        if found is None:
            raise unknown_reference(element, kind, wanted)
        if not found.get("Active", True) and not allow_inactive:
            raise inactive(element)
        name = found.get("DisplayName") or found.get("FullyQualifiedName") or found.get("Name", "")
        entry[element] = {"value": str(wanted), "name": name}
        return found
