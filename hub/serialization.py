"""Documents, new records and problems as JSON: in the deliveries, and in the conversations that are replayed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from cattrs import Converter

from hub.database import said_json, said_of
from hub.plugin import Books, NewCustomer, NewItem, NewRecord, NewVendor, Problem, Subject, kind_of

_RECORDS: dict[str, type[NewRecord]] = {kind.kind: kind for kind in (NewCustomer, NewVendor, NewItem)}

_converter = Converter(omit_if_default=True, unstruct_collection_overrides={AbstractSet: sorted})
_converter.register_unstructure_hook(Decimal, str)
_converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
_converter.register_unstructure_hook(dt.date, dt.date.isoformat)
_converter.register_structure_hook(dt.date, lambda value, _: dt.date.fromisoformat(value))

_saying = Converter(omit_if_default=True)
"""For problems: all their texts are said to people."""
_saying.register_unstructure_hook(str, said_json)
_saying.register_structure_hook(str, lambda stored, _: said_of(stored))


def subject_json(subject: Subject) -> dict[str, Any]:
    """Return a document or new record as JSON; amounts are strings, so that not a digit is lost."""
    return cast(dict[str, Any], _converter.unstructure(subject))


def subject_of(kind: str, stored: dict[str, Any]) -> Subject:
    """Return a document or new record from JSON. Raises `DoesNotAddUp` if its stored figures were changed."""
    found: Subject = _converter.structure(stored, _RECORDS.get(kind) or kind_of(kind).document)
    revises = getattr(found, "revises", None)
    if revises is None or revises.posted is None:
        return found
    posted = subject_of(kind, revises.posted)
    return replace(found, revises=replace(revises, posted=posted))


def books_json(books: Books) -> dict[str, Any]:
    """Return a description of books as JSON."""
    return cast(dict[str, Any], _converter.unstructure(books))


def books_of(stored: dict[str, Any]) -> Books:
    """Return a description of books from JSON."""
    return _converter.structure(stored, Books)


def problems_json(problems: tuple[Problem, ...] | list[Problem]) -> list[dict[str, Any]]:
    """Return problems as JSON, as they are stored on a delivery."""
    return [cast(dict[str, Any], _saying.unstructure(problem)) for problem in problems]


def problems_of(stored: list[dict[str, Any]]) -> list[Problem]:
    """Return the problems of a delivery."""
    return [_saying.structure(problem, Problem) for problem in stored]
