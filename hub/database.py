"""The hub's tables live in the host's database and are used through the host's session.

The tables have a declarative base of their own, so that a host's `create_all` and migrations never touch them.
"""

from __future__ import annotations

import datetime as dt
import enum
import sys
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import simplejson
from flask import current_app
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Text,
    TypeDecorator,
    Update,
    and_,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session
from sqlalchemy.types import TypeEngine

from hub.plugin import Sentence


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def session() -> scoped_session[Session]:
    """Return the host's session of this request or job."""
    return cast("scoped_session[Session]", current_app.extensions["sqlalchemy"].session)


def limit_lock_wait(seconds: float) -> None:
    """Let no statement of this transaction wait longer for a lock. On SQLite the driver's own limit holds (5 s)."""
    if session().get_bind().dialect.name == "postgresql":
        session().execute(text(f"SET LOCAL lock_timeout = {int(seconds * 1000)}"))


def is_lock_timeout(error: OperationalError) -> bool:
    """Return True if a statement has waited for a lock for too long (PostgreSQL's 55P03, SQLite's SQLITE_BUSY)."""
    return getattr(error.orig, "sqlstate", "") == "55P03" or "database is locked" in str(error.orig)


def now() -> dt.datetime:
    """Return the time, in UTC: the one clock of the hub."""
    return dt.datetime.now(dt.UTC)


def execute_alone(statement: Executable, values: Mapping[str, object]) -> tuple[Any, ...] | None:
    """Run a statement about one row by itself, on a connection of its own: where every call counts, beginning and
    ending a transaction around it would cost two trips more. The session must have nothing open."""
    engine = cast(Engine, current_app.extensions["sqlalchemy"].engine)
    with engine.connect() as connection:
        found = connection.execution_options(isolation_level="AUTOCOMMIT").execute(statement, values).one_or_none()
    return None if found is None else tuple(found)


def changes_one(statement: Update) -> bool:
    """Run an UPDATE that is meant for one row, and return True if it found that row. Leases are claimed and renewed
    with it."""
    result = cast("CursorResult[Any]", session().execute(statement.execution_options(synchronize_session=False)))
    return result.rowcount == 1


def insert_into(model: type[DeclarativeBase]) -> Any:
    """Return an INSERT of the dialect at hand, for ON CONFLICT, which both have and the standard has not."""
    dialect = postgresql if session().get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


class Moment(TypeDecorator[dt.datetime]):
    """A point in time, kept in UTC. SQLite drops offsets without converting, so it is given UTC without one."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored.")
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


class Money(TypeDecorator[Decimal]):
    """An exact amount. SQLite's numbers are floats, so there it is kept as text; sums are made in Python."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(28, 6))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 – The signature is SQLAlchemy's.
        return None if value is None else Decimal(value).quantize(Decimal("0.01"))


class Key(TypeDecorator[str]):
    """A text that is searched by how it begins. PostgreSQL compares it by its bytes too, whatever the database's
    language: only then does an index find what begins with something, and is the order the same as on SQLite.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        length = cast(String, self.impl).length
        return dialect.type_descriptor(String(length, collation="C" if dialect.name == "postgresql" else None))


def begins_with(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that a `Key` begins with a text, as a range that an index serves. SQLite's LIKE ignores
    case, so that no index serves it."""
    return and_(column >= text, column < text + chr(sys.maxunicode))


_encoder = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False)
_decoder = simplejson.JSONDecoder(parse_float=Decimal)
"""Made once: `dumps` and `loads` make another one for each value."""


class Json(TypeDecorator[Any]):
    """JSON whose numbers stay what they are: `int` or `Decimal`, to the last digit. Never searched inside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 – The signature is SQLAlchemy's.
        return None if value is None else _encoder.encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 – The signature is SQLAlchemy's.
        return None if value is None else _decoder.decode(value)


class Said(Json):
    """A text for people; a sentence of `hub.plugin.say` keeps what it is translated by."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return super().process_bind_param(None if value is None else said_json(value), dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        stored = super().process_result_value(value, dialect)
        return None if stored is None else said_of(stored)


def said_json(value: Any) -> Any:
    """Return what is said to people, as JSON: a text as it is, a sentence with what it is translated by."""
    if isinstance(value, Sentence):
        values = {name: said_json(one) for name, one in value.values.items()}
        said = {"say": [value.message, value.many] if value.many else [value.message]}
        return {**said, "with": values} if values else said
    return {"day": value.isoformat()} if isinstance(value, dt.date) else value


def said_of(stored: Any) -> Any:
    """Return what was said: a text, a sentence, or a number or a day within one."""
    match stored:
        case {"say": [message, *many]}:
            return Sentence(message, {name: said_of(one) for name, one in stored.get("with", {}).items()}, *many)
        case {"day": text}:
            return dt.date.fromisoformat(text)
        case _:
            return stored


class Packed(TypeDecorator[str]):
    """A long text that is only kept for a while and never searched: writing it costs a fraction when it is packed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 – The signature is SQLAlchemy's.
        return None if value is None else zlib.compress(value.encode(), 1)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 – The signature is SQLAlchemy's.
        return None if value is None else zlib.decompress(value).decode()


def enum_column(kind: type[enum.StrEnum]) -> Enum:
    """Return a column type for an enum, stored as its value on every database."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda words: [word.value for word in words])
