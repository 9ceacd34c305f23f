"""What Xero would refuse, named before anything is sent. Lengths are those of its API reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.plugin import (
    Books,
    Document,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Offer,
    Payment,
    Problem,
    Sale,
)
from xero_books import payloads
from xero_books.posting import subject as called

NAME_LENGTH = 255
NUMBER_LENGTH = 255
EMAIL_LENGTH = 255
PHONE_LENGTH = 50
CODE_LENGTH = 30
DESCRIPTION_LENGTH = 4000


def problems(subject: Document | NewRecord, books: Books) -> Iterator[Problem]:
    """What to put right in a document or a new record before it can be posted."""
    if isinstance(subject, NewItem):
        yield from _long(payloads.code(subject), CODE_LENGTH, f"The item code “{subject.name}”", "item")
        yield from _long(subject.description, DESCRIPTION_LENGTH, f"The description of {subject.name}", "item")
    elif isinstance(subject, NewCustomer | NewVendor):
        yield from _contact(subject)
    else:
        yield from _document(subject, books)


def _contact(new: NewCustomer | NewVendor) -> Iterator[Problem]:
    field = str(new.kind)
    if not payloads.name(new.name):
        yield Problem(what="A new contact has no name.", cure="Give it a name.", field=field)
    if re.search("[<>]", new.name):
        yield Problem(
            what=f"The name “{new.name}” has angle brackets in it.", why="Xero takes none in names.",
            cure="Change the name.", field=field,
        )  # fmt: skip
    yield from _long(new.name, NAME_LENGTH, f"The name “{new.name[:40]}…”", field)
    yield from _long(new.email, EMAIL_LENGTH, f"The e-mail address of {new.name}", field)
    yield from _long(new.phone, PHONE_LENGTH, f"The telephone number of {new.name}", field)
    if new.email and not (new.email.isascii() and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", new.email)):
        yield Problem(
            what=f"Xero does not take {new.email} as an e-mail address.", why="It knows plain letters only.",
            cure="Correct the address.", field=field,
        )  # fmt: skip


def _document(document: Document, books: Books) -> Iterator[Problem]:
    if books.closed_until and document.date <= books.closed_until and books.first_open_day:
        yield Problem(
            what=f"The books are locked until {books.closed_until.day} {books.closed_until:%b %Y}, which is not before "
            f"the date of {called(document)}.",
            why="Nothing dated up to that day can be added from outside.",
            cure="Post it on a later day, or have your adviser move the lock date in Xero.",
            field="date",
            offers=(Offer.day(books.first_open_day),),
        )
    if document.kind in books.lacks:
        yield Problem(
            what=f"{books.name} does not let you enter a {document.kind.replace('_', ' ')} in Xero.",
            why="Its plan does not have them, or whoever connected Xero may not.",
            cure="Send the order without it, or change the plan or the rights in Xero.",
            field="documents",
        )
    if isinstance(document, Payment):
        return
    yield from _long(document.number, NUMBER_LENGTH, "The number", "number")
    for line in document.lines:
        yield from _long(line.description, DESCRIPTION_LENGTH, f"The description “{line.description[:40]}…”", "lines")
    if document.total < 0:
        yield Problem(
            what=f"What is bought comes to {document.total} {document.currency}.",
            why="Xero takes no bill or purchase order below zero.",
            cure="Enter it in Xero as a supplier's credit note.",
            field="lines",
        )
    if isinstance(document, Sale) and document.tax.amount and document.tax.code is None:
        yield Problem(
            what=f"{document.title} has {document.tax.amount} of sales tax, and Xero is not told at which rate.",
            why="In Xero every line has a tax rate.",
            cure="Choose a tax code, or send the tax as an item.",
            field="tax",
        )


def _long(text: str, most: int, called: str, field: str) -> Iterator[Problem]:
    if len(text) > most:
        yield Problem(
            what=f"{called} is too long for Xero.", why=f"Xero keeps {most:,} characters; this has {len(text):,}.",
            cure="Make it shorter.", field=field,
        )  # fmt: skip
