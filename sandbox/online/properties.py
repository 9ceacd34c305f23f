"""Intuit's reference as a table (`properties.toml`): the properties of each kind, and what clients may do with them."""

from __future__ import annotations

import functools
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.online.refusals import bad_characters, bad_email, missing, too_long, unknown_value, unreadable
from sandbox.online.storage import Entry

_FILE = Path(__file__).with_suffix(".toml")

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Customer", "Vendor", "Employee"), ("Every", "Person")),
    **dict.fromkeys(("Invoice", "CreditMemo"), ("Every", "Transaction", "Sale")),
    **dict.fromkeys(("Bill", "PurchaseOrder"), ("Every", "Transaction", "Purchase")),
    "Payment": ("Every", "Transaction"),
    **dict.fromkeys(
        ("Account", "Item", "Term", "Class", "Department", "TaxCode", "TaxRate", "CompanyInfo", "Preferences"),
        ("Every",),
    ),
}
"""The tables that a kind shares with others. Its own table replaces their properties."""

_ANY = "any"

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+")
"""One address by RFC 822, without comments and quoted parts."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `parts` is the table of its own properties: "any" if they are not checked, empty for a plain value.
    `length` is in characters."""

    parts: str = ""
    can_filter: bool = False
    can_sort: bool = False
    is_required: bool = False
    length: int | None = None
    is_email: bool = False
    values: tuple[str, ...] = ()


Properties = Mapping[str, Property]


@functools.cache
def properties_of(kind: str) -> Properties:
    """Return the properties of a kind ("Invoice") or of a group within one ("Address")."""
    tables = _read()
    return {name: one for table in (*_FAMILIES.get(kind, ()), kind) for name, one in tables[table].items()}


def check(kind: str, entry: Entry, *, characters: str) -> None:
    """Raise the refusal for the first thing in an entry that the reference does not have: an unknown property (2010),
    a missing one (2020), a text that is too long (2050) or not of the company's `characters` (2040), an invalid email
    address (2210), a value that is not of its enumeration (2170)."""
    for name, one in properties_of(kind).items():
        if one.is_required and entry.get(name) in (None, "", {}, []):
            raise missing(name)
    for path, name, found, value in _walk(kind, entry):
        if found is None:
            raise unreadable(name)
        _check_value(path, name, found, value, characters)


def _check_value(path: str, name: str, one: Property, value: Any, characters: str) -> None:
    if one.length is not None and isinstance(value, str) and len(value) > one.length:
        raise too_long(path, one.length, len(value))
    if isinstance(value, str) and value.encode(characters, "ignore").decode(characters) != value:
        raise bad_characters(name)
    if one.is_email and not _EMAIL.fullmatch(value):
        raise bad_email(path, value)
    if one.values and value not in one.values:
        raise unknown_value(name, value)


def check_names(kind: str, sent: Entry) -> None:
    """Raise the refusal 2010 for a property that the service does not know, whatever its value."""
    for _path, name, one, _value in _walk(kind, sent):
        if one is None:
            raise unreadable(name)


def find_property(kind: str, path: str) -> Property | None:
    """Return the property of a kind by its path in a query (`MetaData.CreateTime`), or None."""
    first, _, rest = path.partition(".")
    one = properties_of(kind).get(first)
    if one is None or not rest or one.parts in {"", _ANY}:
        return one if not rest or one is None else None
    inner = properties_of(one.parts).get(rest)
    if inner is not None and one.parts == "Times":
        return inner
    return one if inner is not None else None


def _walk(kind: str, entry: Entry, path: str = "") -> Iterator[tuple[str, str, Property | None, Any]]:
    known = properties_of(kind)
    for name, value in entry.items():
        one = known.get(name)
        yield f"{path}{name}", name, one, value
        if one is None or one.parts in {"", _ANY}:
            continue
        if isinstance(value, dict):
            yield from _walk(one.parts, value, f"{path}{name}.")
        for inner in value if isinstance(value, list) else ():
            if isinstance(inner, dict):
                yield from _walk(one.parts, inner)


@functools.cache
def _read() -> Mapping[str, Properties]:
    tables = tomllib.loads(_FILE.read_text())
    return {table: {name: _parse(marks) for name, marks in rows.items()} for table, rows in tables.items()}


def _parse(marks: str) -> Property:
    words = shlex.split(marks)
    values = dict(word.split("=", 1) for word in words if "=" in word)
    return Property(
        parts=next((word for word in words if word == _ANY or (word[0].isupper() and "=" not in word)), ""),
        can_filter="filter" in words,
        can_sort="sort" in words,
        is_required="required" in words,
        is_email="email" in words,
        length=int(values["length"]) if "length" in values else None,
        values=tuple(values["enum"].split("|")) if "enum" in values else (),
    )
