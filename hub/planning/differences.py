"""In what two versions of a document or record differ, as a person would say it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from hub.plugin import Address, Line, Ref, Subject, Tax, say

LABELS = {
    "name": say("Name"), "number": say("Number"), "date": say("Date"), "due": say("Due date"),
    "customer": say("Customer"), "vendor": say("Vendor"), "email": say("E-mail"), "phone": say("Phone"),
    "billing": say("Billing address"), "shipping": say("Shipping address"), "ship_to": say("Ship to"),
    "terms": say("Terms"), "tracking_class": say("Class"), "location": say("Location"),
    "po_number": say("PO number"), "memo": say("Memo"), "invoice": say("Applied to"), "discount": say("Discount"),
    "tax": say("Tax"), "total": say("Total"),
}  # fmt: skip
"""The fields of a document that a person would compare, in this order. Accounts follow the settings, not the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: empty `before` for what is added, empty `after` for what is taken away."""

    what: str
    before: str
    after: str


def differences(before: Subject, after: Subject) -> Iterator[Difference]:
    """Return in what two versions of a document or record differ."""
    lines = Counter(map(_line, getattr(after, "lines", ())))
    lines.subtract(Counter(map(_line, getattr(before, "lines", ()))))
    for line, count in lines.items():
        for _ in range(abs(count)):
            yield Difference(what=say("Line"), before=line if count < 0 else "", after=line if count > 0 else "")
    for name, label in LABELS.items():
        if not hasattr(after, name):
            continue
        was, becomes = text(getattr(before, name)), text(getattr(after, name))
        if was != becomes and not _is_same(getattr(before, name), getattr(after, name)):
            yield Difference(what=label, before=was, after=becomes)


def cleared_fields(before: Subject, after: Subject) -> tuple[str, ...]:
    """Return the fields, by name, that a subject had and does not have any more."""
    names = [field.name for field in fields(after) if field.name not in {"revises", "same_as"}]
    return tuple(name for name in names if getattr(before, name) and not getattr(after, name))


def text(value: Any) -> str:  # noqa: PLR0911  # A line for each kind.
    """Return a value as a person would write it."""
    match value:
        case None:
            return ""
        case Tax():
            return text(value.amount)
        case Ref():
            return value.name
        case Address():
            return ", ".join(filter(None, (*value.lines, value.city, value.region, value.postal_code, value.country)))
        case Decimal():
            return f"{value:f}"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _is_same(before: Any, after: Any) -> bool:
    """Return True if two amounts are equal, or two refs point to one record, whatever its name."""
    if before == after:
        return True
    return isinstance(before, Ref) and isinstance(after, Ref) and bool(before.id) and before.id == after.id


def _line(line: Line) -> str:
    words = " ".join(part for part in (line.item.name, line.description) if part)
    return f"{text(line.quantity)} × {words}, {line.amount}"
