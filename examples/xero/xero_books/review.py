"""Check documents and records for what Xero would refuse, before they are sent. Lengths are from its API reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.plugin import (
    Books,
    Document,
    Fix,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Payment,
    Problem,
    Sale,
    describe,
    noun,
    say,
)
from xero_books import payloads

NAME_LENGTH = 255
NUMBER_LENGTH = 255
EMAIL_LENGTH = 255
PHONE_LENGTH = 50
CODE_LENGTH = 30
DESCRIPTION_LENGTH = 4000


def problems(subject: Document | NewRecord, books: Books) -> Iterator[Problem]:
    """Return what a person must correct in a document or a new record before it can be posted."""
    if isinstance(subject, NewItem):
        what = say("The item code “%(name)s”", name=subject.name)
        yield from _long(payloads.code(subject), CODE_LENGTH, what, "item")
        what = say("The description of %(name)s", name=subject.name)
        yield from _long(subject.description, DESCRIPTION_LENGTH, what, "item")
    elif isinstance(subject, NewCustomer | NewVendor):
        yield from _contact(subject)
    else:
        yield from _document(subject, books)


def _contact(new: NewCustomer | NewVendor) -> Iterator[Problem]:
    field = str(new.kind)
    if not payloads.name(new.name):
        what = say("A new contact has no name.")
        yield Problem(what=what, cure=say("Give it a name."), field=field, code="name-missing")
    if re.search("[<>]", new.name):
        yield Problem(
            what=say("The name “%(name)s” has angle brackets in it.", name=new.name),
            why=say("Xero takes none in names."), cure=say("Change the name."), field=field, code="name-characters",
        )  # fmt: skip
    yield from _long(new.name, NAME_LENGTH, say("The name “%(name)s…”", name=new.name[:40]), field)
    yield from _long(new.email, EMAIL_LENGTH, say("The e-mail address of %(name)s", name=new.name), field)
    yield from _long(new.phone, PHONE_LENGTH, say("The telephone number of %(name)s", name=new.name), field)
    if new.email and not (new.email.isascii() and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", new.email)):
        yield Problem(
            what=say("Xero does not take %(email)s as an e-mail address.", email=new.email),
            why=say("It knows plain letters only."), cure=say("Correct the address."), field=field, code="email-wrong",
        )  # fmt: skip


def _document(document: Document, books: Books) -> Iterator[Problem]:
    if books.closed_until and document.date <= books.closed_until and books.first_open_day:
        yield Problem(
            what=say(
                "The books are locked until %(day)s, which is not before the date of %(subject)s.",
                day=books.closed_until, subject=describe(document),
            ),
            why=say("Nothing dated up to that day can be added from outside."),
            cure=say("Post it on a later day, or have your adviser move the lock date in Xero."),
            field="date",
            code="locked",
            fixes=(Fix.day(books.first_open_day),),
        )
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
    yield from _long(document.number, NUMBER_LENGTH, say("The number"), "number")
    for line in document.lines:
        what = say("The description “%(text)s…”", text=line.description[:40])
        yield from _long(line.description, DESCRIPTION_LENGTH, what, "lines")
    if document.total < 0:
        yield Problem(
            what=say(
                "What is bought comes to %(total)s %(currency)s.",
                total=document.total, currency=document.currency,
            ),
            why=say("Xero takes no bill or purchase order below zero."),
            cure=say("Enter it in Xero as a vendor's credit note."),
            field="lines",
            code="below-zero",
        )
    if isinstance(document, Sale) and document.tax.amount and document.tax.code is None:
        yield Problem(
            what=say(
                "%(title)s has %(amount)s of sales tax, and Xero is not told at which rate.",
                title=document.title, amount=document.tax.amount,
            ),
            why=say("In Xero every line has a tax rate."),
            cure=say("Choose a tax code, or send the tax as an item."),
            field="tax",
            code="tax-code-missing",
        )


def _long(text: str, most: int, what: str, field: str) -> Iterator[Problem]:
    if len(text) > most:
        yield Problem(
            what=say("%(text)s is too long for Xero.", text=what),
            why=say(
                "Xero keeps %(most)s characters; this has %(count)s.", most=f"{most:,}", count=f"{len(text):,}"
            ),
            cure=say("Make it shorter."), field=field, code="too-long",
        )  # fmt: skip
