"""Recognize payments and bills that we wrote by a mark, because Xero has no unique number for them.

The number of an invoice or of a purchase order is unique in Xero, as are the name of a contact and the code of an item.
Of two payments or bills that look alike, only a mark tells which is ours. It is added when the batch is encoded: at the
end of a payment's reference, or of a bill's last line, which has a text and no amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.plugin import Payload, find_mark, make_mark, write_mark

BETWEEN = " · "


def add_mark(kind: str, element: Payload, key: str, place: int) -> Payload:
    """Return an element with its mark, if it needs one."""
    line = write_mark(make_mark(key, place))
    if kind == "Payments":
        return {**element, "Reference": BETWEEN.join(filter(None, (element.get("Reference", ""), line)))}
    if element.get("Type") == "ACCPAY":
        *lines, last = element["LineItems"]
        return {**element, "LineItems": [*lines, {"Description": f"{last['Description']}{BETWEEN}{line}"}]}
    return element


def mark_of(row: Mapping[str, Any]) -> str:
    """Return the mark of a payment or a bill in Xero, or an empty string."""
    return find_mark(row.get("Reference"), *(line.get("Description") for line in row.get("LineItems", ())))
