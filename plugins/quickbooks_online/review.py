"""What QuickBooks Online would refuse, named before anything is sent. Lengths are Intuit's, at minor version 75."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.plugin import (
    Bill,
    Books,
    Document,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Payment,
    Problem,
    PurchaseOrder,
    Sale,
    Taxing,
)
from quickbooks_online import numbering, refusals
from quickbooks_online.options import MEMO, chosen
from quickbooks_online.payloads import memo, taxed
from quickbooks_online.posting import subject as called

CUSTOMER_NAME_LENGTH = 500
ITEM_NAME_LENGTH = 100
DESCRIPTION_LENGTH = 4000
MEMO_LENGTH = 1000
EMAIL_LENGTH = 100
PHONE_LENGTH = 30
CUSTOM_FIELD_LENGTH = 31
LINES = 10_000
TAXABLE_LINES = 750
NOT_IN_NAMES = {":": "a colon", "\t": "a tab", "\n": "a line break", "\r": "a line break"}


def problems(subject: Document | NewRecord, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """What to put right in a document or a new record before it can be posted."""
    if isinstance(subject, NewCustomer):
        yield from _customer(subject)
    elif isinstance(subject, NewItem):
        yield from _item(subject)
    elif isinstance(subject, NewVendor):
        yield from _vendor(subject)
    else:
        yield from _number(subject, books)
        yield from _closed(subject, books)
        yield from _lacking(subject, books)
        if isinstance(subject, Sale):
            yield from _sale(subject, options, books)
        elif not isinstance(subject, Payment):
            yield from _purchase(subject)


def _purchase(document: PurchaseOrder | Bill) -> Iterator[Problem]:
    if document.total < 0:
        yield Problem(
            what=f"What is bought from {document.vendor.name} comes to {document.total} {document.currency}.",
            why="QuickBooks takes no bill or purchase order below zero.",
            cure="Enter it in QuickBooks as a supplier credit.",
            field="lines",
        )
    for line in document.lines:
        yield from _long(line.description, DESCRIPTION_LENGTH, f"The description “{line.description[:40]}…”", "lines")
        if line.amount < 0 <= document.total:
            yield Problem(
                what=f"The line “{line.description or line.item.name}” costs {line.amount}.",
                why="QuickBooks takes no line below zero on a bill or a purchase order.",
                cure="Take its cost off the order, and enter it in QuickBooks as a supplier credit.",
                field="lines",
            )


def _vendor(vendor: NewVendor) -> Iterator[Problem]:
    yield from _name(vendor.name, CUSTOMER_NAME_LENGTH, "supplier", "vendor")
    yield from _long(vendor.email, EMAIL_LENGTH, f"The e-mail address of {vendor.name}", "vendor")
    yield from _long(vendor.phone, PHONE_LENGTH, f"The telephone number of {vendor.name}", "vendor")


def _number(document: Document, books: Books) -> Iterator[Problem]:
    if document.kind not in books.numbers and len(document.number) > numbering.LENGTH:
        yield Problem(
            what=f"The number {document.number} is too long for QuickBooks.",
            why=f"QuickBooks keeps {numbering.LENGTH} characters; this number has {len(document.number)}.",
            cure="Give it a shorter number.",
            field="number",
            offers=numbering.shorter(document),
        )


def _closed(document: Document, books: Books) -> Iterator[Problem]:
    """The books are closed for its day (6210)."""
    if books.closed_until and document.date <= books.closed_until:
        changes = getattr(document, "revises", None) is not None  # What stands there stays in its own period.
        yield refusals.closed(called(document), books.closed_until, may_move=not changes)


def _lacking(document: Document, books: Books) -> Iterator[Problem]:
    """The company's plan does not have such documents at all (5020)."""
    if document.kind in books.lacks:
        yield Problem(
            what=f"The QuickBooks plan of {books.name} has no {document.kind.replace('_', ' ')}s.",
            why="QuickBooks Online Plus and Advanced have them.",
            cure="Send the order without it, or change the plan in QuickBooks.",
            field="documents",
        )


def _sale(sale: Sale, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    yield from _tax(sale, options, books)
    if sale.discount and not books.discounts:
        yield Problem(
            what=f"{sale.title} has a discount, and discounts are switched off in QuickBooks.",
            cure="Switch them on in QuickBooks under Settings, Account and settings, Sales, or take it off the order.",
            field="discount_account",
        )
    yield from _too_many_lines(sale, taxed=taxed(sale, options))
    for line in sale.lines:
        yield from _long(line.description, DESCRIPTION_LENGTH, f"The description “{line.description[:40]}…”", "lines")
    yield from _long(memo(sale, options), MEMO_LENGTH, f"The message on {sale.title}", "memo")
    yield from _long(sale.email, EMAIL_LENGTH, f"The e-mail address of {sale.title}", "email")
    if chosen(options, "po_number") != MEMO:
        yield from _long(sale.po_number, CUSTOM_FIELD_LENGTH, f"The P.O. number {sale.po_number}", "po_number")


def _tax(sale: Sale, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """What cannot become the tax of the order, in the way in which these books come to theirs."""
    what, field = f"{sale.title} has {sale.tax.amount} of sales tax", "tax"
    is_taxed = taxed(sale, options)
    if sale.tax.amount and books.taxing is Taxing.NONE:
        yield Problem(
            what=f"{what}, and your QuickBooks does not use sales tax.",
            why="QuickBooks would leave the tax out.",
            cure="Send the tax as an item, or switch sales tax on in QuickBooks.",
            field=field,
        )
    elif sale.tax.amount and books.taxing is Taxing.BY_CODE and sale.tax.code is None:
        yield Problem(
            what=f"{what}, and QuickBooks is not told at which rate.",
            why="In your QuickBooks a tax code says it.",
            cure="Choose a tax code, or send the tax as an item.",
            field=field,
        )
    elif is_taxed and books.taxing is Taxing.BY_LINE and sale.tax.code is None:
        yield Problem(
            what=f"{sale.title} is to be taxed, and QuickBooks is not told by which code.",
            why="In your QuickBooks every line has a tax code.",
            cure="Choose a tax code.",
            field=field,
        )
    elif is_taxed and books.taxing is Taxing.BY_LINE and not all(line.taxable for line in sale.lines):
        yield Problem(
            what=f"{sale.title} has lines with and without tax.",
            why="In your QuickBooks every line has a tax code, and one is chosen for all of them.",
            cure="Send the tax as an item, or divide the order.",
            field=field,
        )


def _too_many_lines(sale: Sale, *, taxed: bool) -> Iterator[Problem]:
    taxable = sum(line.taxable for line in sale.lines) if taxed else 0
    for count, most, kind in ((len(sale.lines), LINES, "lines"), (taxable, TAXABLE_LINES, "taxable lines")):
        if count > most:
            yield Problem(
                what=f"{sale.title} has too many {kind} for QuickBooks.",
                why=f"QuickBooks takes {most:,}; it has {count:,}.",
                cure="Divide the order into several.",
                field="lines",
            )


def _customer(customer: NewCustomer) -> Iterator[Problem]:
    yield from _name(customer.name, CUSTOMER_NAME_LENGTH, "customer", "customer")
    yield from _long(customer.email, EMAIL_LENGTH, f"The e-mail address of {customer.name}", "customer")
    yield from _long(customer.phone, PHONE_LENGTH, f"The telephone number of {customer.name}", "customer")


def _item(item: NewItem) -> Iterator[Problem]:
    yield from _name(item.name, ITEM_NAME_LENGTH, "product", "item")
    yield from _long(item.description, DESCRIPTION_LENGTH, f"The description of {item.name}", "item")


def _name(name: str, length: int, kind: str, field: str) -> Iterator[Problem]:
    """A name's own rules: QuickBooks separates the levels of its lists by a colon, and a name fills one line."""
    if not name.strip():
        yield Problem(what=f"A new {kind} has no name.", cure="Give it a name.", field=field)
    yield from _long(name.strip(), length, f"The name “{name.strip()[:40]}…”", field)
    for character, sign in NOT_IN_NAMES.items():
        if character in name.strip():
            yield Problem(
                what=f"The name “{' '.join(name.split())}” has {sign} in it.",
                why=f"QuickBooks takes no {kind} with {sign} in its name.",
                cure=f"Change the name, or choose a {kind} that is in QuickBooks already.",
                field=field,
            )


def _long(text: str, most: int, called: str, field: str) -> Iterator[Problem]:
    if len(text) > most:
        yield Problem(
            what=f"{called} is too long for QuickBooks.",
            why=f"QuickBooks keeps {most:,} characters; this has {len(text):,}.",
            cure="Make it shorter.",
            field=field,
        )
