"""Check documents and records for what QuickBooks Desktop would refuse, before they are sent. Lengths are as in
`tables`.

Names of customers, vendors and products are not refused here: `names` shortens them, and the hub tells the person
which name they have in QuickBooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from hub.plugin import (
    Bill,
    Books,
    CreditMemo,
    Document,
    Fix,
    FixKind,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Payment,
    Problem,
    PurchaseOrder,
    Sale,
    describe,
    noun,
    say,
)
from quickbooks_desktop import statuses
from quickbooks_desktop.options import chosen
from quickbooks_desktop.payloads import memo
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
    """Return what a person must correct in a document or a new record before it can be posted."""
    if isinstance(subject, NewCustomer | NewVendor | NewItem):
        yield from _record(subject)
        return
    yield from _number(subject)
    yield from _closed(subject, books)
    if isinstance(subject, Payment):
        yield from _large(subject.amount, _LARGEST_AMOUNT, describe(subject))
        return
    for line in subject.lines:
        yield from _line(line)
    what = say("The memo of %(document)s", document=describe(subject))
    yield from _long(memo(subject.note, subject.memo), TEXT_LENGTH, what, "memo")
    if isinstance(subject, Sale):
        yield from _sale(subject, options)


def _sale(sale: Sale, options: Mapping[str, str]) -> Iterator[Problem]:
    if sale.discount and sale.discount_account is None:
        yield Problem(
            what=say("%(title)s has a discount, and no account for discounts is chosen.", title=sale.title),
            why=say("QuickBooks books a discount by an item, and the item needs an account."),
            cure=say("Choose it in this dialog, or on the Accounts tab for all orders."),
            field="discount_account",
            code="discount-account-missing",
        )
    what = say("The P.O. number %(number)s", number=sale.po_number)
    yield from _long(sale.po_number, PO_NUMBER_LENGTH, what, "po_number")
    for key in ("taxable_code", "nontaxable_code"):
        code = chosen(options, key)
        yield from _long(code, TAX_CODE_LENGTH, say("The tax code %(code)s", code=code), key)


def _number(document: Document) -> Iterator[Problem]:
    length = NUMBER_LENGTHS[type(document)]
    if len(document.number) > length:
        yield Problem(
            what=say("The number %(number)s is too long for QuickBooks.", number=document.number),
            why=say(
                "QuickBooks Desktop keeps %(most)s characters; it has %(count)s.", most=length,
                count=len(document.number),
            ),
            cure=say("Give it a shorter number."),
            field="number",
            code="number-too-long",
            fixes=()
            if isinstance(document, Payment)
            else (Fix(label=say("Number it"), kind=FixKind.NUMBER, value=document.number[:length], editable=True),),
        )


def _closed(document: Document, books: Books) -> Iterator[Problem]:
    if books.closed_until and document.date <= books.closed_until:
        changes = getattr(document, "revises", None) is not None  # A posting stays in its own period.
        yield statuses.closed(describe(document), books.closed_until, may_move=not changes)


def _line(line: Line) -> Iterator[Problem]:
    name = line.description[:40] or line.item.name
    what = say("The description “%(text)s…”", text=line.description[:40])
    yield from _long(line.description, TEXT_LENGTH, what, "lines")
    for word, value in ((say("quantity"), line.quantity), (say("price"), line.price)):
        yield from _large(value, _LARGEST_PRICE, say("The line “%(line)s”: its %(figure)s", line=name, figure=word))
        if value != round(value, _PLACES):
            yield Problem(
                what=say("The line “%(line)s” has the %(figure)s %(value)s.", line=name, figure=word, value=value),
                why=say("QuickBooks keeps five decimals."),
                cure=say("Round it, so that quantity times price still comes to the amount."),
                field="lines",
                code="too-many-decimals",
            )
    what = say("The line “%(line)s”: its %(figure)s", line=name, figure=say("amount"))
    yield from _large(line.amount, _LARGEST_AMOUNT, what)


def _large(value: Decimal, limit: Decimal, what: str) -> Iterator[Problem]:
    if abs(value) >= limit:
        yield Problem(
            what=say("%(what)s is too large for QuickBooks: %(value)s.", what=what, value=value),
            cure=say("Check the figure; if it is right, divide the order."),
            field="lines",
            code="too-large",
        )


def _record(record: NewRecord) -> Iterator[Problem]:
    word = {NewCustomer: "customer", NewVendor: "vendor", NewItem: "item"}[type(record)]
    if not printable(record.name).strip():
        what = say("A new %(kind)s has no name.", kind=noun(word))
        yield Problem(what=what, cure=say("Give it one."), field=word, code="name-missing")
    if isinstance(record, NewItem):
        yield from _long(record.description, TEXT_LENGTH, say("The description of %(name)s", name=record.name), word)
        if record.price is not None and record.price != round(record.price, _PLACES):
            yield Problem(
                what=say("%(name)s costs %(price)s.", name=record.name, price=record.price),
                why=say("QuickBooks keeps five decimals."),
                cure=say("Round the price."),
                field=word,
                code="too-many-decimals",
            )
    else:
        yield from _long(record.email, EMAIL_LENGTH, say("The e-mail address of %(name)s", name=record.name), word)


def _long(text: str, length: int, what: str, field: str) -> Iterator[Problem]:
    if len(text) > length:
        yield Problem(
            what=say("%(what)s is too long for QuickBooks.", what=what),
            why=say(
                "QuickBooks Desktop keeps %(most)s characters; it has %(count)s.", most=f"{length:,}",
                count=f"{len(text):,}",
            ),
            cure=say("Shorten it."),
            field=field,
            code="too-long",
        )
