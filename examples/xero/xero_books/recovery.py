"""Find the outcome of a batch that Xero has forgotten, or that ended in an internal error, by searching its documents.

Xero remembers a key for six minutes, also with an internal error as its answer. Contacts and items need no search:
Xero refuses a second one of the same name or code, and `posting` then finds the first. Invoices, credit notes and
purchase orders are recognized by their number, payments and bills by their mark. A batch has only one kind, so one
way of searching is enough, with forty documents per call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hub.plugin import Batch, Conversation, Payload, Response, in_cents, make_mark, say
from xero_books.marks import mark_of
from xero_books.posting import Row, join_chunks, send_read
from xero_books.reading import PAGE_SIZE, day
from xero_books.transport import build_read


def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
    """Return for each request the response that it would have had, or None if Xero has no trace of it."""
    kind = batch.requests[0].payload.get("put", "")
    elements = [request.payload["element"] for request in batch.requests if request.writes]
    if kind == "Payments":
        there, known = (yield from _query_payments(elements)), _by_mark(batch.idempotency_key)
    elif kind == "PurchaseOrders":
        there, known = (yield from _query_orders(elements)), _by_number("PurchaseOrderNumber")
    elif kind == "Invoices" and elements[0]["Type"] == "ACCPAY":
        there, known = (yield from _query_bills(elements)), _by_mark(batch.idempotency_key)
    elif kind == "CreditNotes":
        first, last = _first_and_last(elements)
        where = f'Type=="ACCRECCREDIT" AND Date>={first} AND Date<={last}'
        there, known = (yield from _query_all(kind, where=where, unitdp=4)), _by_number("CreditNoteNumber")
    elif kind == "Invoices":
        there, known = (yield from _query_invoices(elements)), _by_number("InvoiceNumber")
    else:
        return [None for _ in batch.requests]
    asked = enumerate(elements, start=1)
    found = [next((row for row in there if known(row, element, place)), None) for place, element in asked]
    return [Response(payload={"row": row}) if row is not None else None for row in found]


def _by_mark(key: str) -> Callable[[Row, Payload, int], bool]:
    return lambda row, _, place: mark_of(row) == make_mark(key, place)


def _by_number(name: str) -> Callable[[Row, Payload, int], bool]:
    """Return a test that a row has our number, contact, date and amount. If no row has, the document is sent again, and
    refused if its number is taken."""

    def known(row: Row, element: Payload, _: int) -> bool:
        return (
            row.get(name) == element[name]
            and row["Contact"]["ContactID"] == element["Contact"]["ContactID"]
            and day(row["Date"]).isoformat() == element["Date"]
            and _sum_of_lines(row["LineItems"]) == _sum_of_lines(element["LineItems"])
        )

    return known


def _sum_of_lines(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    """Return the sum of the lines before tax."""
    amounts = [
        line["LineAmount"] if "LineAmount" in line
        else in_cents(line["Quantity"] * line["UnitAmount"]) - line.get("DiscountAmount", 0)
        for line in lines
        if "Quantity" in line
    ]  # fmt: skip
    return sum((in_cents(amount) for amount in amounts), Decimal(0))


def _query_invoices(elements: Sequence[Payload]) -> Conversation[list[Row]]:
    found: list[Row] = []
    for numbers in join_chunks([element["InvoiceNumber"] for element in elements]):
        found += yield from _query_all("Invoices", InvoiceNumbers=numbers, where='Type=="ACCREC"', unitdp=4)
    return found


def _query_bills(elements: Sequence[Payload]) -> Conversation[list[Row]]:
    first, last = _first_and_last(elements)
    where = f'Type=="ACCPAY" AND Date>={first} AND Date<={last}'
    found: list[Row] = []
    for contacts in join_chunks(sorted({element["Contact"]["ContactID"] for element in elements})):
        found += yield from _query_all("Invoices", ContactIDs=contacts, where=where, unitdp=4)
    return found


def _query_payments(elements: Sequence[Payload]) -> Conversation[list[Row]]:
    """Return the payments of the invoices, with their references."""
    found: list[Row] = []
    for ids in join_chunks(sorted({element["Invoice"]["InvoiceID"] for element in elements})):
        invoices = yield from _query_all("Invoices", IDs=ids, unitdp=4)
        found += [payment for invoice in invoices for payment in invoice.get("Payments", ())]
    return found


def _query_orders(elements: Sequence[Payload]) -> Conversation[list[Row]]:
    """Return the purchase orders between the first and the last date. Xero cannot find them by several numbers."""
    days = sorted(element["Date"] for element in elements)
    return (yield from _query_all("PurchaseOrders", DateFrom=days[0], DateTo=days[-1]))


def _query_all(path: str, **parameters: str | int) -> Conversation[list[Row]]:
    found: list[Row] = []
    page = pages = 1
    while page <= pages:
        question = build_read(path, {"page": page, "pageSize": PAGE_SIZE, **parameters})
        answer = yield from send_read(say("look which of these are there: %(kinds)s", kinds=path), question)
        found, page, pages = found + answer["rows"], page + 1, answer["pages"]
    return found


def _first_and_last(elements: Sequence[Payload]) -> tuple[str, str]:
    """Return the first and the last date of some documents, in the format of a `where`."""
    days = sorted(element["Date"] for element in elements)
    return _write_date(days[0]), _write_date(days[-1])


def _write_date(text: str) -> str:
    year, month, of_month = (int(part) for part in text.split("-"))
    return f"DateTime({year}, {month}, {of_month})"
