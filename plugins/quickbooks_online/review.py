"""Check documents and records for what QuickBooks Online would refuse, before they are sent.

Lengths are Intuit's, at minor version 75.
"""

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
    TaxSystem,
    describe,
    noun,
    say,
)
from quickbooks_online import numbering, refusals
from quickbooks_online.options import MEMO, PO_NUMBER
from quickbooks_online.payloads import ADDRESS_LINES, memo, taxed
from quickbooks_online.preferences import HOME
from quickbooks_online.refusals import PROBLEMS

CUSTOMER_NAME_LENGTH = 500
ITEM_NAME_LENGTH = 100
DESCRIPTION_LENGTH = 4000
MEMO_LENGTH = 1000
EMAIL_LENGTH = 100
PHONE_LENGTH = 30
CUSTOM_FIELD_LENGTH = 31
ADDRESS_LINE_LENGTH = 500
ADDRESS_LENGTH = 2000
"""Of all lines of an address together."""
US_ENCODING = "cp1252"
"""The characters of a US company: ISO-8859-1 as Intuit says, and the typographic signs that Windows adds to it."""
LINES = 10_000
TAXABLE_LINES = 750
NOT_IN_NAMES = {":": say("a colon"), "\t": say("a tab"), "\n": say("a line break"), "\r": say("a line break")}


def find_problems(subject: Document | NewRecord, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """Return what a person must correct in a document or a new record before it can be posted."""
    if isinstance(subject, NewItem):
        yield from _review_item(subject)
        yield from _review_characters(subject, books)
    elif isinstance(subject, NewCustomer | NewVendor):
        yield from _review_party(subject)
        yield from _review_characters(subject, books)
    else:
        if subject.kind not in books.assigns_numbers_to:
            yield from PROBLEMS.find_long_number(subject, numbering.LENGTH)
        yield from refusals.find_closed_period(subject, books.closed_until)
        yield from _review_characters(subject, books)
        yield from _review_plan(subject, books)
        if isinstance(subject, Sale):
            yield from _review_sale(subject, options, books)
        elif not isinstance(subject, Payment):
            yield from _review_purchase(subject)


def _review_characters(subject: Document | NewRecord, books: Books) -> Iterator[Problem]:
    """Return a problem for characters that a US company cannot store (Intuit: ISO-8859-1 there, else Unicode)."""
    if books.country in HOME:
        yield from PROBLEMS.find_wrong_characters(subject, US_ENCODING)


def _review_addresses(subject: Sale | PurchaseOrder | Bill | NewCustomer | NewVendor) -> Iterator[Problem]:
    return PROBLEMS.find_long_addresses(
        subject, most=ADDRESS_LINE_LENGTH, lines=ADDRESS_LINES, together=ADDRESS_LENGTH
    )


def _review_purchase(document: PurchaseOrder | Bill) -> Iterator[Problem]:
    yield from PROBLEMS.find_negative_purchase(document, say("Enter it in QuickBooks as a vendor credit."))
    yield from PROBLEMS.find_long_descriptions(document.lines, DESCRIPTION_LENGTH)
    yield from _review_addresses(document)
    for line in document.lines:
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


def _review_plan(document: Document, books: Books) -> Iterator[Problem]:
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


def _review_sale(sale: Sale, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    yield from _review_tax(sale, options, books)
    if sale.discount and not books.discounts:
        yield Problem(
            what=say("%(title)s has a discount, and discounts are switched off in QuickBooks.", title=sale.title),
            cure=say(
                "Switch them on in QuickBooks under Settings, Account and settings, Sales, or take it off the order."
            ),
            field="discount_account",
            code="discounts-off",
        )
    yield from _review_line_counts(sale, taxed=taxed(sale, options))
    yield from PROBLEMS.find_long_descriptions(sale.lines, DESCRIPTION_LENGTH)
    title = describe(sale)
    yield from _review_addresses(sale)
    yield from PROBLEMS.find_wrong_email(sale.email, say("The email address of %(name)s", name=title))
    what = say("The message on %(document)s", document=title)
    yield from PROBLEMS.find_long_text(memo(sale, options), MEMO_LENGTH, what, "memo")
    what = say("The e-mail address of %(name)s", name=title)
    yield from PROBLEMS.find_long_text(sale.email, EMAIL_LENGTH, what, "email")
    if PO_NUMBER.value_in(options) != MEMO:
        what = say("The P.O. number %(number)s", number=sale.po_number)
        yield from PROBLEMS.find_long_text(sale.po_number, CUSTOM_FIELD_LENGTH, what, "po_number")


def _review_tax(sale: Sale, options: Mapping[str, str], books: Books) -> Iterator[Problem]:
    """Return a problem if the company's tax system cannot represent the tax of the order."""
    is_taxed, field = taxed(sale, options), "tax"
    if sale.tax.amount and books.tax_system is TaxSystem.NONE:
        yield Problem(
            what=say(
                "%(title)s has %(tax)s of sales tax, and your QuickBooks does not use sales tax.",
                title=sale.title, tax=sale.tax.amount,
            ),
            why=say("QuickBooks would leave the tax out."),
            cure=say("Send the tax as an item, or switch sales tax on in QuickBooks."),
            field=field,
            code="tax-off",
        )
    elif books.tax_system is TaxSystem.BY_CODE:
        yield from PROBLEMS.find_missing_tax_code(sale, say("In your QuickBooks a tax code says the rate."))
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


def _review_line_counts(sale: Sale, *, taxed: bool) -> Iterator[Problem]:
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


def _review_party(party: NewCustomer | NewVendor) -> Iterator[Problem]:
    yield from PROBLEMS.find_wrong_name(party.name, party.kind, most=CUSTOMER_NAME_LENGTH, unusable=NOT_IN_NAMES)
    yield from PROBLEMS.find_long_contact(party, email=EMAIL_LENGTH, phone=PHONE_LENGTH)
    yield from PROBLEMS.find_wrong_email(
        party.email, say("The email address of %(name)s", name=party.name), str(party.kind)
    )
    yield from _review_addresses(party)


def _review_item(item: NewItem) -> Iterator[Problem]:
    yield from PROBLEMS.find_wrong_name(item.name, "item", most=ITEM_NAME_LENGTH, unusable=NOT_IN_NAMES)
    what = say("The description of %(name)s", name=item.name)
    yield from PROBLEMS.find_long_text(item.description, DESCRIPTION_LENGTH, what, "item")
