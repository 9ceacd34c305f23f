"""Compare what a bookkeeper made of a document or record with what we sent last, before an update overwrites it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.plugin import Fix, FixKind, Payload, Problem, Rejected, Revision, Sentence, say
from quickbooks_desktop.qbxml import CLEAR

_LABELS = {
    "Name": say("name"), "CompanyName": say("company name"), "Email": say("email"), "Phone": say("phone number"),
    "BillAddress": say("billing address"), "ShipAddress": say("shipping address"), "CustomerRef": say("customer"),
    "VendorRef": say("vendor"), "TxnDate": say("date"), "RefNumber": say("number"), "PONumber": say("P.O. number"),
    "TermsRef": say("terms"), "DueDate": say("due date"), "ClassRef": say("class"), "Memo": say("memo"),
    "ExpectedDate": say("expected date"), "ItemSalesTaxRef": say("sales tax"), "TotalAmount": say("amount"),
}  # fmt: skip
_LINES = {
    "InvoiceLineMod": ("InvoiceLineAdd", "InvoiceLineRet"),
    "CreditMemoLineMod": ("CreditMemoLineAdd", "CreditMemoLineRet"),
    "PurchaseOrderLineMod": ("PurchaseOrderLineAdd", "PurchaseOrderLineRet"),
    "ItemLineMod": ("ItemLineAdd", "ItemLineRet"),
}
"""The lines of a change, as they were added, and as QuickBooks returns them."""
_COMPARED = ("ItemRef", "Desc", "Quantity", "Amount")


def check_conflicts(
    standing: Payload, before: Payload | None, change: Payload, revises: Revision, subject: Sentence
) -> None:
    """Raise `Rejected` if a bookkeeper changed something that the change would overwrite. `standing` is the document or
    record as it is in QuickBooks, `before` what we sent last."""
    seen_by_total = bool(revises.overwrites) and not revises.overwrites.isdigit()
    if before is None or seen_by_total:
        return
    changed = [label for name, label in _LABELS.items() if name in change and _differs(name, standing, before, change)]
    for name, (added, returned) in _LINES.items():
        if name in change and _lines_differ(standing.get(returned, ()), before.get(added, ()), change[name]):
            changed.append(say("lines"))
    if changed:
        raise Rejected(_changed_there(standing["EditSequence"], changed, subject))


def _changed_there(version: str, changed: Sequence[Sentence | str], subject: Sentence) -> Problem:
    return Problem(
        what=say(
            "Someone changed %(subject)s in QuickBooks: %(changed)s.", subject=subject,
            changed=", ".join(str(one) for one in changed),
        ),
        why=say("This update would overwrite that change."),
        cure=say("Check it in QuickBooks. Then overwrite it, or skip this update."),
        code="changed-there",
        fixes=(Fix(label=say("Overwrite it with the order"), kind=FixKind.OVERWRITES, value=version),),
    )  # fmt: skip


def _differs(name: str, standing: Payload, before: Payload, change: Payload) -> bool:
    """Return True if an element is neither as we sent it nor as we are about to send it."""
    there = standing.get(name)
    return not _is_alike(there, before.get(name)) and not _is_alike(there, change[name])


def _is_alike(there: Any, ours: Any) -> bool:
    there, ours = "" if there == CLEAR else there, "" if ours == CLEAR else ours
    if isinstance(there, dict) or isinstance(ours, dict):
        there, ours = there or {}, ours or {}
        if "ListID" in ours or "ListID" in there:
            return bool(there.get("ListID", "") == ours.get("ListID", ""))
        names = {name for one in (there, ours) for name in one} - {"Note", "Country"}
        return all(_is_alike(there.get(name), ours.get(name)) for name in names)
    return bool(_plain(there) == _plain(ours))


def _plain(value: Any) -> Any:
    if value is None or value == "":
        return ""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value).strip()


def _lines_differ(there: Sequence[Payload], before: Sequence[Payload], change: Sequence[Payload]) -> bool:
    return not (_are_alike(there, before) or _are_alike(there, change))


def _are_alike(there: Sequence[Payload], ours: Sequence[Payload]) -> bool:
    return len(there) == len(ours) and all(_is_line(row, line) for row, line in zip(there, ours, strict=True))


def _is_line(row: Payload, line: Payload) -> bool:
    """Compare a line with one that we sent. A line that takes its item from a purchase order names none, nor is the
    item of a discount known that is on the document no more."""
    known = [name for name in _COMPARED if line.get(name) not in (None, {}, {"ListID": ""})]
    return all(_is_alike(row.get(name), line.get(name)) for name in known)
