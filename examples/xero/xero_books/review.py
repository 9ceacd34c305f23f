"""Check documents and records for what Xero would refuse, before they are sent. Lengths are from its API reference."""

from __future__ import annotations

from collections.abc import Iterator

from hub.plugin import (
    Books,
    Document,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Payment,
    Problem,
    Sale,
    noun,
    say,
)
from xero_books import payloads
from xero_books.refusals import PROBLEMS

NAME_LENGTH = 255
NUMBER_LENGTH = 255
EMAIL_LENGTH = 255
PHONE_LENGTH = 50
ADDRESS_LINE_LENGTH = 500
CODE_LENGTH = 30
DESCRIPTION_LENGTH = 4000
NOT_IN_NAMES = dict.fromkeys("<>", say("an angle bracket"))


def find_problems(subject: Document | NewRecord, books: Books) -> Iterator[Problem]:
    """Return what a person must correct in a document or a new record before it can be posted."""
    if isinstance(subject, NewItem):
        yield from PROBLEMS.find_wrong_name(payloads.code(subject), "item", most=CODE_LENGTH)
        what = say("The description of %(name)s", name=subject.name)
        yield from PROBLEMS.find_long_text(subject.description, DESCRIPTION_LENGTH, what, "item")
    elif isinstance(subject, NewCustomer | NewVendor):
        yield from _review_contact(subject)
    else:
        yield from _review_document(subject, books)


def _review_contact(new: NewCustomer | NewVendor) -> Iterator[Problem]:
    field = str(new.kind)
    yield from PROBLEMS.find_wrong_name(new.name, field, most=NAME_LENGTH, unusable=NOT_IN_NAMES)
    yield from PROBLEMS.find_long_contact(new, email=EMAIL_LENGTH, phone=PHONE_LENGTH)
    what = say("The email address of %(name)s", name=new.name)
    yield from PROBLEMS.find_wrong_email(new.email, what, field, ascii_only=True)
    yield from PROBLEMS.find_long_addresses(new, most=ADDRESS_LINE_LENGTH, lines=payloads.ADDRESS_LINES)


def _review_document(document: Document, books: Books) -> Iterator[Problem]:
    cure = say("Post it on a later day, or have your adviser move the lock date in Xero.")
    yield from PROBLEMS.find_closed_period(document, books.closed_until, code="locked", cure=cure)
    if document.kind in books.unsupported:
        yield Problem(
            what=say(
                "%(books)s does not let you enter a %(kind)s in Xero.", books=books.name, kind=noun(document.kind)
            ),
            why=say("Its plan does not have them, or whoever connected Xero may not."),
            cure=say("Send the order without it, or change the plan or the rights in Xero."),
            field="documents",
            code="plan",
        )
    if isinstance(document, Payment):
        return
    yield from PROBLEMS.find_long_number(document, NUMBER_LENGTH)
    yield from PROBLEMS.find_long_descriptions(document.lines, DESCRIPTION_LENGTH)
    if isinstance(document, Sale):
        yield from PROBLEMS.find_missing_tax_code(document, say("In Xero every line has a tax rate."))
    else:
        yield from PROBLEMS.find_negative_purchase(document, say("Enter it in Xero as a vendor's credit note."))
