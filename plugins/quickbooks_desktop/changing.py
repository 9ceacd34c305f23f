"""Change and void documents that are already in QuickBooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from hub.plugin import (
    Conversation,
    CreditMemo,
    Invoice,
    Payload,
    Posting,
    Problem,
    Rejected,
    Revision,
    Sentence,
    in_cents,
    noun,
    say,
)
from quickbooks_desktop import conflicts, payloads, statuses
from quickbooks_desktop.asking import Row, query_rows
from quickbooks_desktop.history import VOIDED
from quickbooks_desktop.statuses import PROBLEMS
from quickbooks_desktop.writes import void_transaction, write_row

IN_WORDS = {
    "Invoice": noun("invoice"), "CreditMemo": noun("credit_memo"), "ReceivePayment": noun("payment"),
    "PurchaseOrder": noun("purchase_order"), "Bill": noun("bill"), "Customer": noun("customer"),
}  # fmt: skip
"""QuickBooks' kinds, as people call them."""

ATTEMPTS = 3
"""How many times a change is sent if a QuickBooks user keeps changing the same transaction first (3200)."""


def change_row(
    kind: str,
    revises: Revision,
    fields: Callable[[Payload], Payload],
    subject: Sentence,
    *,
    before: Payload | None,
    names: Mapping[str, str] | None = None,
    element: str = "TxnID",
    by_lines: bool = False,
    cure: str = "",
) -> Conversation[Row]:
    """Change an existing `kind`. If a QuickBooks user changed it meanwhile, read it again and change its new version,
    unless its total there is none of `revises.totals`, or the user changed what we are about to change: then raise
    `Rejected`, so that a person decides. `before` are the elements that we sent last, if they are known.

    `element` is the name of its id. `fields` returns the elements to send, given the transaction as it is in
    QuickBooks; only its EditSequence is certain to be there, unless it is changed `by_lines`. `cure` replaces the
    problem's cure if QuickBooks does not allow the change because of something linked to it (3170).
    """
    standing: Payload = {"EditSequence": revises.version} if revises.version and not by_lines else {}
    last = ""
    for _ in range(ATTEMPTS):
        if not standing:
            row = yield from _read_standing(kind, element, revises, subject)
            standing = row["fields"]
            if standing["EditSequence"] not in {revises.version, revises.overwrites} and not _is_seen(row, revises):
                conflicts.check_conflicts(standing, before, fields(standing), revises, subject)
        try:
            name = say("change %(kind)s", kind=IN_WORDS[kind])
            return (yield from write_row(name, f"{kind}Mod", fields(standing), subject, names=names))
        except Rejected as refusal:
            last = refusal.problems[0].code
            if last == statuses.NOT_CHANGED and cure:
                raise Rejected(replace(refusal.problems[0], cure=cure)) from None
            if last != statuses.OUTDATED:
                raise
            standing = {}
    raise Rejected(statuses.build_problem(last, "", subject))


def _read_standing(kind: str, element: str, revises: Revision, subject: Sentence) -> Conversation[Row]:
    wanted: Payload = {element: [revises.id]} | ({"IncludeLineItems": True} if element == "TxnID" else {})
    found = yield from query_rows(say("look at the %(kind)s", kind=IN_WORDS[kind]), f"{kind}Query", wanted, subject)
    if not found:
        raise Rejected(PROBLEMS.deleted_there(subject, revises.id if element == "TxnID" else ""))
    if revises.totals:
        PROBLEMS.check_unchanged(total_of(found[0]), revises, subject)
    return found[0]


def _is_seen(row: Row, revises: Revision) -> bool:
    """Return True if a person has seen that the total is another one than what was posted, and updates it anyhow."""
    if revises.posted is None or not revises.totals:
        return False
    total = total_of(row)
    return total not in {revises.posted.total, revises.totals[0]} and total in revises.totals


def total_of(row: Row) -> Decimal:
    """Return the total of a document as it is in QuickBooks, rounded to cents."""
    found = row["fields"]
    match row["kind"]:
        case "InvoiceRet":  # The discount is a line, so the subtotal includes it.
            total = Decimal(found["Subtotal"]) + Decimal(found.get("SalesTaxTotal") or 0)
        case "BillRet":
            total = Decimal(found["AmountDue"])
        case _:
            total = Decimal(found["TotalAmount"])
    return in_cents(total)


def void_document(document: Invoice | CreditMemo, revises: Revision, subject: Sentence) -> Conversation[Posting]:
    """Void a document, unless it is voided already. QuickBooks does not remove the payments applied to it by itself."""
    kind = payloads.KINDS[document.kind]
    name = say("look at the %(kind)s", kind=IN_WORDS[kind])
    found = yield from query_rows(name, f"{kind}Query", {"TxnID": [revises.id]}, subject)
    if not found:
        raise Rejected(PROBLEMS.deleted_there(subject))
    if not found[0]["fields"].get("Memo", "").startswith(VOIDED):
        PROBLEMS.check_unchanged(total_of(found[0]), revises, subject)
        try:
            yield from void_transaction(say("void %(kind)s", kind=IN_WORDS[kind]), kind, revises.id, subject)
        except Rejected as refusal:
            raise Rejected(_not_voided(subject, refusal.problems[0])) from None
    return Posting(id=revises.id, number=document.number, total=in_cents(Decimal(0)))


def _not_voided(subject: Sentence, said: Problem) -> Problem:
    return Problem(
        what=say("QuickBooks did not void %(subject)s.", subject=subject),
        why=said.why,
        cure=say("If payments or credits are applied to it, take them off in QuickBooks first; then press Retry."),
        code=said.code,
    )
