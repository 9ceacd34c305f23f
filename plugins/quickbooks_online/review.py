"""Check documents and records for what QuickBooks Online would refuse, before they are sent.

Lengths are Intuit's, at minor version 75.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.plugin import (
    Bill,
    Books,
    Document,
    Line,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Payment,
    Problem,
    PurchaseOrder,
    Sale,
    TaxSystem,
    describe,
    noun,
    say,
)
from quickbooks_online import numbering, refusals
from quickbooks_online.options import MEMO, chosen
from quickbooks_online.payloads import memo, taxed

CUSTOMER_NAME_LENGTH = 500
ITEM_NAME_LENGTH = 100
DESCRIPTION_LENGTH = 4000
MEMO_LENGTH = 1000
EMAIL_LENGTH = 100
PHONE_LENGTH = 30
CUSTOM_FIELD_LENGTH = 31
LINES = 10_000
TAXABLE_LINES = 750
NOT_IN_NAMES = {":": say("a colon"), "\t": say("a tab"), "\n": say("a line break"), "\r": say("a line break")}


def problems(subject: Document | NewRecord, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """Return what a person must correct in a document or a new record before it can be posted."""
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
            what=say(
                "What is bought from %(vendor)s comes to %(total)s %(currency)s.",
                vendor=document.vendor.name, total=document.total, currency=document.currency,
            ),
            why=say("QuickBooks takes no bill or purchase order below zero."),
            cure=say("Enter it in QuickBooks as a vendor credit."),
            field="lines",
            code="below-zero",
        )
    for line in document.lines:
        yield from _described(line)
        if line.amount < 0 <= document.total:
            yield Problem(
                what=say(
                    "The line “%(line)s” costs %(amount)s.",
                    line=line.description or line.item.name, amount=line.amount,
                ),
                why=say("QuickBooks takes no line below zero on a bill or a purchase order."),
                cure=say("Take its cost off the order, and enter it in QuickBooks as a vendor credit."),
                field="lines",
                code="line-below-zero",
            )


def _vendor(vendor: NewVendor) -> Iterator[Problem]:
    yield from _name(vendor.name, CUSTOMER_NAME_LENGTH, say("vendor"), "vendor")
    yield from _reached(vendor, "vendor")


def _number(document: Document, books: Books) -> Iterator[Problem]:
    if document.kind not in books.assigns_numbers_to and len(document.number) > numbering.LENGTH:
        yield Problem(
            what=say("The number %(number)s is too long for QuickBooks.", number=document.number),
            why=say(
                "QuickBooks keeps %(length)s characters; this number has %(number)s.",
                length=numbering.LENGTH, number=len(document.number),
            ),
            cure=say("Give it a shorter number."),
            field="number",
            code="number-too-long",
            fixes=numbering.shorter(document),
        )


def _closed(document: Document, books: Books) -> Iterator[Problem]:
    """Return a problem if the books are closed for the document's date (6210)."""
    if books.closed_until and document.date <= books.closed_until:
        changes = getattr(document, "revises", None) is not None  # A posting stays in its own period.
        yield refusals.closed(describe(document), books.closed_until, may_move=not changes)


def _lacking(document: Document, books: Books) -> Iterator[Problem]:
    """Return a problem if the company's plan does not include this kind of document (5020)."""
    if document.kind in books.unsupported:
        yield Problem(
            what=say(
                "The QuickBooks plan of %(books)s does not know this kind of document: %(kind)s.",
                books=books.name, kind=noun(document.kind),
            ),
            why=say("QuickBooks Online Plus and Advanced have them."),
            cure=say("Send the order without it, or change the plan in QuickBooks."),
            field="documents",
            code="kind-not-supported",
        )


def _sale(sale: Sale, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    yield from _tax(sale, options, books)
    if sale.discount and not books.discounts:
        yield Problem(
            what=say("%(title)s has a discount, and discounts are switched off in QuickBooks.", title=sale.title),
            cure=say(
                "Switch them on in QuickBooks under Settings, Account and settings, Sales, or take it off the order."
            ),
            field="discount_account",
            code="discounts-off",
        )
    yield from _too_many_lines(sale, taxed=taxed(sale, options))
    for line in sale.lines:
        yield from _described(line)
    title = describe(sale)
    yield from _long(memo(sale, options), MEMO_LENGTH, say("The message on %(document)s", document=title), "memo")
    yield from _long(sale.email, EMAIL_LENGTH, say("The e-mail address of %(name)s", name=title), "email")
    if chosen(options, "po_number") != MEMO:
        what = say("The P.O. number %(number)s", number=sale.po_number)
        yield from _long(sale.po_number, CUSTOM_FIELD_LENGTH, what, "po_number")


def _tax(sale: Sale, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """Return a problem if the company's tax system cannot represent the tax of the order."""
    has, field = {"title": sale.title, "tax": sale.tax.amount}, "tax"
    is_taxed = taxed(sale, options)
    if sale.tax.amount and books.tax_system is TaxSystem.NONE:
        yield Problem(
            what=say("%(title)s has %(tax)s of sales tax, and your QuickBooks does not use sales tax.", **has),
            why=say("QuickBooks would leave the tax out."),
            cure=say("Send the tax as an item, or switch sales tax on in QuickBooks."),
            field=field,
            code="tax-off",
        )
    elif sale.tax.amount and books.tax_system is TaxSystem.BY_CODE and sale.tax.code is None:
        yield Problem(
            what=say("%(title)s has %(tax)s of sales tax, and QuickBooks is not told at which rate.", **has),
            why=say("In your QuickBooks a tax code says it."),
            cure=say("Choose a tax code, or send the tax as an item."),
            field=field,
            code="tax-code-missing",
        )
    elif is_taxed and books.tax_system is TaxSystem.BY_LINE and sale.tax.code is None:
        yield Problem(
            what=say("%(title)s is to be taxed, and QuickBooks is not told by which code.", title=sale.title),
            why=say("In your QuickBooks every line has a tax code."),
            cure=say("Choose a tax code."),
            field=field,
            code="tax-code-missing",
        )
    elif is_taxed and books.tax_system is TaxSystem.BY_LINE and not all(line.taxable for line in sale.lines):
        yield Problem(
            what=say("%(title)s has lines with and without tax.", title=sale.title),
            why=say("In your QuickBooks every line has a tax code, and one is chosen for all of them."),
            cure=say("Send the tax as an item, or divide the order."),
            field=field,
            code="tax-differs-by-line",
        )


def _too_many_lines(sale: Sale, *, taxed: bool) -> Iterator[Problem]:
    taxable = sum(line.taxable for line in sale.lines) if taxed else 0
    for count, most, what in (
        (len(sale.lines), LINES, say("%(title)s has too many lines for QuickBooks.", title=sale.title)),
        (taxable, TAXABLE_LINES, say("%(title)s has too many taxable lines for QuickBooks.", title=sale.title)),
    ):
        if count > most:
            yield Problem(
                what=what,
                why=say("QuickBooks takes %(most)s; it has %(count)s.", most=f"{most:,}", count=f"{count:,}"),
                cure=say("Divide the order into several."),
                field="lines",
                code="too-many-lines",
            )


def _customer(customer: NewCustomer) -> Iterator[Problem]:
    yield from _name(customer.name, CUSTOMER_NAME_LENGTH, say("customer"), "customer")
    yield from _reached(customer, "customer")


def _reached(party: NewCustomer | NewVendor, field: str) -> Iterator[Problem]:
    yield from _long(party.email, EMAIL_LENGTH, say("The e-mail address of %(name)s", name=party.name), field)
    yield from _long(party.phone, PHONE_LENGTH, say("The telephone number of %(name)s", name=party.name), field)


def _described(line: Line) -> Iterator[Problem]:
    what = say("The description “%(text)s…”", text=line.description[:40])
    yield from _long(line.description, DESCRIPTION_LENGTH, what, "lines")


def _item(item: NewItem) -> Iterator[Problem]:
    yield from _name(item.name, ITEM_NAME_LENGTH, say("product"), "item")
    yield from _long(item.description, DESCRIPTION_LENGTH, say("The description of %(name)s", name=item.name), "item")


def _name(name: str, length: int, kind: str, field: str) -> Iterator[Problem]:
    """Return problems with a name: it may have no colon, which separates the levels of a list, no tab and no line
    break."""
    if not name.strip():
        what = say("A new %(kind)s has no name.", kind=kind)
        yield Problem(what=what, cure=say("Give it a name."), field=field, code="name-missing")
    yield from _long(name.strip(), length, say("The name “%(name)s…”", name=name.strip()[:40]), field)
    for character, sign in NOT_IN_NAMES.items():
        if character in name.strip():
            yield Problem(
                what=say("The name “%(name)s” has %(sign)s in it.", name=" ".join(name.split()), sign=sign),
                why=say("QuickBooks takes no %(kind)s with %(sign)s in its name.", kind=kind, sign=sign),
                cure=say("Change the name, or choose a %(kind)s that is in QuickBooks already.", kind=kind),
                field=field,
                code="name-characters",
            )


def _long(text: str, most: int, what: str, field: str) -> Iterator[Problem]:
    if len(text) > most:
        yield Problem(
            what=say("%(text)s is too long for QuickBooks.", text=what),
            why=say(
                "QuickBooks keeps %(most)s characters; this has %(count)s.", most=f"{most:,}", count=f"{len(text):,}"
            ),
            cure=say("Make it shorter."),
            field=field,
            code="too-long",
        )
