"""Recognize payments and bills that we wrote by a mark, because Xero has no unique number for them.

The number of an invoice or of a purchase order is unique in Xero, as are the name of a contact and the code of an item.
Of two payments or bills that look alike, only a mark tells which is ours. It is made from the batch's key and the
place in it, and added when the batch is encoded: at the end of a payment's reference, or of a bill's last line,
which has a text and no amount.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from hub.plugin import Payload

BETWEEN = " · "
_MARK = re.compile(r"\bRef\. ([0-9a-f]{12})\b")


def mark(key: str, place: int) -> str:
    """Return the mark of the request at a place (from 1) of a batch."""
    return hashlib.sha256(f"{key}/{place}".encode()).hexdigest()[:12]


def marked(kind: str, element: Payload, key: str, place: int) -> Payload:
    """Return an element with its mark, if it needs one."""
    signed = f"Ref. {mark(key, place)}"
    if kind == "Payments":
        return {**element, "Reference": BETWEEN.join(filter(None, (element.get("Reference", ""), signed)))}
    if element.get("Type") == "ACCPAY":
        *lines, last = element["LineItems"]
        return {**element, "LineItems": [*lines, {"Description": f"{last['Description']}{BETWEEN}{signed}"}]}
    return element


def mark_of(row: Mapping[str, Any]) -> str:
    """Return the mark of a payment or a bill in Xero, or an empty string."""
    texts = [row.get("Reference", ""), *(line.get("Description", "") for line in row.get("LineItems", ()))]
    found = [match[1] for text in texts for match in _MARK.finditer(text or "")]
    return found[-1] if found else ""
