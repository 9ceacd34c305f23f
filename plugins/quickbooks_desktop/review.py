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
    say,
)
from quickbooks_desktop import statuses
from quickbooks_desktop.options import NONTAXABLE_CODE, TAXABLE_CODE
from quickbooks_desktop.payloads import PHONE_LENGTH, memo
from quickbooks_desktop.printing import find_unprintable
from quickbooks_desktop.qbxml import printable
from quickbooks_desktop.statuses import PROBLEMS

NUMBER_LENGTHS: Mapping[type[Document], int] = {
    Invoice: 11, CreditMemo: 11, PurchaseOrder: 11, Bill: 20, Payment: 20
}  # fmt: skip
TEXT_LENGTH = 4095
PO_NUMBER_LENGTH = 25
EMAIL_LENGTH = 1023
TAX_CODE_LENGTH = 3
_LARGEST_PRICE, _LARGEST_AMOUNT, _PLACES = Decimal(10) ** 10, Decimal(10) ** 13, 5


def find_problems(subject: Document | NewRecord, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """Return what a person must correct in a document or a new record before it can be posted."""
    yield from find_unprintable(subject)
    if isinstance(subject, NewCustomer | NewVendor | NewItem):
        yield from _review_record(subject)
        return
    yield from PROBLEMS.find_long_number(subject, NUMBER_LENGTHS[type(subject)])
    yield from PROBLEMS.find_closed_period(
        subject, books.closed_until, code="3171", cure=statuses.REFUSALS["3171"].cure
    )
    if isinstance(subject, Payment):
        yield from _find_large_figure(subject.amount, _LARGEST_AMOUNT, describe(subject))
        return
    yield from PROBLEMS.find_long_descriptions(subject.lines, TEXT_LENGTH)
    for line in subject.lines:
        yield from _review_line(line)
    what = say("The memo of %(document)s", document=describe(subject))
    yield from PROBLEMS.find_long_text(memo(subject.note, subject.memo), TEXT_LENGTH, what, "memo")
    if isinstance(subject, Sale):
        yield from _review_sale(subject, options)


def _review_sale(sale: Sale, options: Mapping[str, str]) -> Iterator[Problem]:
    if sale.discount and sale.discount_account is None:
        yield Problem(
            what=say("%(title)s has a discount, and no account for discounts is chosen.", title=sale.title),
            why=say("QuickBooks books a discount by an item, and the item needs an account."),
            cure=say("Choose it in this dialog, or on the Accounts tab for all orders."),
            field="discount_account",
            code="discount-account-missing",
        )
    what = say("The P.O. number %(number)s", number=sale.po_number)
    yield from PROBLEMS.find_long_text(sale.po_number, PO_NUMBER_LENGTH, what, "po_number")
    for option in (TAXABLE_CODE, NONTAXABLE_CODE):
        code = option.value_in(options)
        what = say("The tax code %(code)s", code=code)
        yield from PROBLEMS.find_long_text(code, TAX_CODE_LENGTH, what, option.key)


def _review_line(line: Line) -> Iterator[Problem]:
    name = line.description[:40] or line.item.name
    for word, value in ((say("quantity"), line.quantity), (say("price"), line.price)):
        what = say("The line “%(line)s”: its %(figure)s", line=name, figure=word)
        yield from _find_large_figure(value, _LARGEST_PRICE, what)
        if value != round(value, _PLACES):
            yield Problem(
                what=say("The line “%(line)s” has the %(figure)s %(value)s.", line=name, figure=word, value=value),
                why=say("QuickBooks keeps five decimals."),
                cure=say("Round it, so that quantity times price still comes to the amount."),
                field="lines",
                code="too-many-decimals",
            )
    what = say("The line “%(line)s”: its %(figure)s", line=name, figure=say("amount"))
    yield from _find_large_figure(line.amount, _LARGEST_AMOUNT, what)


def _find_large_figure(value: Decimal, limit: Decimal, what: str) -> Iterator[Problem]:
    if abs(value) >= limit:
        yield Problem(
            what=say("%(what)s is too large for QuickBooks: %(value)s.", what=what, value=value),
            cure=say("Check the figure; if it is right, divide the order."),
            field="lines",
            code="too-large",
        )


def _review_record(record: NewRecord) -> Iterator[Problem]:
    word = str(record.kind)
    yield from PROBLEMS.find_wrong_name(printable(record.name), word)
    if isinstance(record, NewItem):
        what = say("The description of %(name)s", name=record.name)
        yield from PROBLEMS.find_long_text(record.description, TEXT_LENGTH, what, word)
        if record.price is not None and record.price != round(record.price, _PLACES):
            yield Problem(
                what=say("%(name)s costs %(price)s.", name=record.name, price=record.price),
                why=say("QuickBooks keeps five decimals."),
                cure=say("Round the price."),
                field=word,
                code="too-many-decimals",
            )
    else:
        yield from PROBLEMS.find_long_contact(record, email=EMAIL_LENGTH, phone=PHONE_LENGTH)
