"""What QuickBooks Desktop would refuse, named before anything is sent. Lengths are those of `tables`.

Names of customers, vendors and products are not refused here: `names` shortens them, and the hub tells the person
under which name they stand in the books.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from hub.plugin import (
    Answer,
    Bill,
    Books,
    CreditMemo,
    Document,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Offer,
    Payment,
    Problem,
    PurchaseOrder,
    Sale,
)
from quickbooks_desktop import statuses
from quickbooks_desktop.options import chosen
from quickbooks_desktop.payloads import memo
from quickbooks_desktop.posting import subject as called
from quickbooks_desktop.qbxml import printable

NUMBER_LENGTHS: Mapping[type[Document], int] = {
    Invoice: 11, CreditMemo: 11, PurchaseOrder: 11, Bill: 20, Payment: 20
}  # fmt: skip
TEXT_LENGTH = 4095
PO_NUMBER_LENGTH = 25
EMAIL_LENGTH = 1023
TAX_CODE_LENGTH = 3
_LARGEST_PRICE, _LARGEST_AMOUNT, _PLACES = Decimal(10) ** 10, Decimal(10) ** 13, 5


def problems(subject: Document | NewRecord, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """What to put right in a document or a new record before it can be posted."""
    if isinstance(subject, NewCustomer | NewVendor | NewItem):
        yield from _record(subject)
        return
    yield from _number(subject)
    yield from _closed(subject, books)
    if isinstance(subject, Payment):
        yield from _large(subject.amount, _LARGEST_AMOUNT, called(subject))
        return
    for line in subject.lines:
        yield from _line(line)
    yield from _long(memo(subject.note, subject.memo), TEXT_LENGTH, f"The memo of {called(subject)}", "memo")
    if isinstance(subject, Sale):
        yield from _sale(subject, options)


def _sale(sale: Sale, options: Mapping[str, str]) -> Iterator[Problem]:
    if sale.discount and sale.discount_account is None:
        yield Problem(
            what=f"{sale.title} has a discount, and no account for discounts is chosen.",
            why="QuickBooks books a discount by an item, and the item needs an account.",
            cure="Choose it on the Accounts tab, under Discounts.",
            field="discount_account",
        )
    yield from _long(sale.po_number, PO_NUMBER_LENGTH, f"The P.O. number {sale.po_number}", "po_number")
    for key in ("taxable_code", "nontaxable_code"):
        yield from _long(chosen(options, key), TAX_CODE_LENGTH, f"The tax code {chosen(options, key)}", key)


def _number(document: Document) -> Iterator[Problem]:
    length = NUMBER_LENGTHS[type(document)]
    if len(document.number) > length:
        yield Problem(
            what=f"The number {document.number} is too long for QuickBooks.",
            why=f"QuickBooks Desktop keeps {length} characters; this number has {len(document.number)}.",
            cure="Give it a shorter number.",
            field="number",
            offers=()
            if isinstance(document, Payment)
            else (Offer(label="Number it", answer=Answer.NUMBER, value=document.number[:length], editable=True),),
        )


def _closed(document: Document, books: Books) -> Iterator[Problem]:
    if books.closed_until and document.date <= books.closed_until:
        changes = getattr(document, "revises", None) is not None  # What stands there stays in its own period.
        yield statuses.closed(called(document), books.closed_until, may_move=not changes)


def _line(line: Line) -> Iterator[Problem]:
    name = f"The line “{line.description[:40] or line.item.name}”"
    yield from _long(line.description, TEXT_LENGTH, f"The description “{line.description[:40]}…”", "lines")
    for word, value in (("quantity", line.quantity), ("price", line.price)):
        yield from _large(value, _LARGEST_PRICE, f"{name}: its {word}")
        if value != round(value, _PLACES):
            yield Problem(
                what=f"{name} has the {word} {value}.",
                why="QuickBooks keeps five decimals.",
                cure="Round it, so that quantity times price still comes to the amount.",
                field="lines",
            )
    yield from _large(line.amount, _LARGEST_AMOUNT, f"{name}: its amount")


def _large(value: Decimal, limit: Decimal, name: str) -> Iterator[Problem]:
    if abs(value) >= limit:
        yield Problem(
            what=f"{name} is too large for QuickBooks: {value}.",
            cure="Check the figure; if it is right, divide the order.",
            field="lines",
        )


def _record(record: NewRecord) -> Iterator[Problem]:
    word = {NewCustomer: "customer", NewVendor: "vendor", NewItem: "item"}[type(record)]
    if not printable(record.name).strip():
        yield Problem(what=f"A new {word} has no name.", cure="Give it one.", field=word)
    if isinstance(record, NewItem):
        yield from _long(record.description, TEXT_LENGTH, f"The description of {record.name}", word)
        if record.price is not None and record.price != round(record.price, _PLACES):
            yield Problem(
                what=f"{record.name} costs {record.price}.",
                why="QuickBooks keeps five decimals.",
                cure="Round the price.",
                field=word,
            )
    else:
        yield from _long(record.email, EMAIL_LENGTH, f"The e-mail address of {record.name}", word)


def _long(text: str, length: int, name: str, field: str) -> Iterator[Problem]:
    if len(text) > length:
        yield Problem(
            what=f"{name} is too long for QuickBooks.",
            why=f"QuickBooks Desktop keeps {length:,} characters; it has {len(text):,}.",
            cure="Shorten it.",
            field=field,
        )
