"""Apply a change to a transaction: elements that it does not name stay, and elements that it sends empty are cleared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.desktop import lists
from sandbox.desktop.reading import Fields, Refused
from sandbox.desktop.store import Row, Store

NEW_LINE = "-1"
_KEYS = {"TxnID", "TxnLineID", "EditSequence"}
_FIXED = {
    "CustomerRef", "VendorRef", "ARAccountRef", "APAccountRef", "TemplateRef", "TxnDate", "ItemRef", "Quantity",
    "Rate", "Cost", "Amount", "SalesTaxCodeRef", "OverrideItemAccountRef", "BillableStatus", "IsManuallyClosed",
}  # fmt: skip
"""Elements that may be replaced but not cleared (Intuit's reference of InvoiceMod), except `CustomerRef` of a line."""


def subject(store: Store, fields: Fields, kind: str) -> Row:
    """Return the transaction to change. Raises `Refused` if it does not exist, or has another EditSequence."""
    row = store.get(fields["TxnID"], [kind])
    if row is None:
        raise Refused(3120, f'Object "{fields["TxnID"]}" specified in the request cannot be found.')
    lists.unchanged(row, fields)
    return row


def merged(before: Fields, change: Fields, *, clearable: Sequence[str] = ()) -> Fields:
    """Return the fields with a change applied. Raises `Refused` if it clears an element that must not be empty."""
    after = dict(before)
    for name, given in change.items():
        if name in _KEYS:
            continue
        is_group = isinstance(given, dict) and not {"ListID", "FullName"} & set(given)
        value = merged(before.get(name, {}), given) if is_group else given
        if _is_empty(value):
            if name in _FIXED and name not in clearable:
                raise Refused(3150, f'There is a missing element: "{name}".')
            after.pop(name, None)
        else:
            after[name] = value
    return after


def _is_empty(value: Any) -> bool:
    return not any(value.values()) if isinstance(value, dict) else value == ""


def named_lines(kept: dict[str, Fields], lines: Sequence[Fields]) -> None:
    """Raise `Refused` if a change names a line that does not exist, or names one twice."""
    named = [line["TxnLineID"] for line in lines if line["TxnLineID"] != NEW_LINE]
    for line_id in named:
        if line_id not in kept or named.count(line_id) > 1:
            raise Refused(3120, f'Object "{line_id}" specified in the request cannot be found.')


def by_id(lines: Sequence[Fields]) -> dict[str, Fields]:
    """Return lines by their TxnLineID."""
    return {line["TxnLineID"]: line for line in lines}


def cannot(kind: str, why: str) -> Refused:
    """Return the refusal of a change that a linked transaction does not allow (3170)."""
    return Refused(3170, f"There was an error when modifying a {kind}.  QuickBooks error message: {why}")
