"""Find texts and addresses that QuickBooks would print otherwise than they are: other letters, or a part of them.

QuickBooks keeps the letters of Windows-1252; others become "?" (qbwc/qbxml issue 8), so that two companies with Chinese
names would be one customer "????". An address block prints five lines in all (Zed Axis a143, Crik-IT).
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.plugin import (
    Address,
    Bill,
    CreditMemo,
    Document,
    Fix,
    FixKind,
    Invoice,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Payment,
    Problem,
    PurchaseOrder,
    Sentence,
    describe,
    say,
)
from quickbooks_desktop.characters import find_strange
from quickbooks_desktop.payloads import CITY_LENGTHS, address_lines, address_room, city_parts
from quickbooks_desktop.qbxml import printable

Text = tuple[Sentence, str, str]
"""What a text is, the text, and the field of the dialog that it comes from."""


def find_unprintable(subject: Document | NewRecord) -> Iterator[Problem]:
    """Return the texts and addresses of a document or record that QuickBooks cannot keep as they are."""
    for what, text, field in _texts(subject):
        if strange := find_strange(printable(text)):
            name = isinstance(subject, NewCustomer | NewVendor | NewItem) and text == subject.name
            yield _strange_letters(what, strange, field, text if name else "")
    for what, place, addressee, field in _addresses(subject):
        yield from _cut_address(what, place, addressee, field)


def _strange_letters(what: Sentence, strange: str, field: str, name: str) -> Problem:
    return Problem(
        what=say("%(what)s has letters that QuickBooks cannot keep: %(strange)s", what=what, strange=strange[:20]),
        why=say("QuickBooks Desktop keeps Western letters only, and prints others as question marks."),
        cure=say("Enter it under a name in Western letters.") if name
        else say("Write it in Western letters on the order, or leave it out."),
        field=field,
        code="letters-not-kept",
        fixes=(Fix(label=say("Enter it as"), kind=FixKind.NAME, value=_without(name), editable=True),) if name else (),
    )  # fmt: skip


def _without(name: str) -> str:
    """Return the letters of a name that can be kept; a person completes them."""
    return " ".join("".join(one for one in printable(name) if not find_strange(one)).split())


def _texts(subject: Document | NewRecord) -> Iterator[Text]:
    match subject:
        case NewCustomer() | NewVendor() | NewItem():
            kind = str(subject.kind)
            yield say("The name %(name)s", name=subject.name), subject.name, kind
            if isinstance(subject, NewItem):
                yield say("The description of %(name)s", name=subject.name), subject.description, kind
            else:
                contact = f"{subject.email} {subject.phone}"
                yield say("The email or phone number of %(name)s", name=subject.name), contact, kind
        case Payment():
            texts = f"{subject.number} {subject.method} {subject.note}"
            yield say("The memo of %(document)s", document=describe(subject)), texts, "memo"
        case Invoice() | CreditMemo() | Bill() | PurchaseOrder():
            yield say("The number %(number)s", number=subject.number), subject.number, "number"
            texts = f"{subject.memo} {subject.note} {getattr(subject, 'po_number', '')}"
            yield say("The memo or P.O. number of %(document)s", document=describe(subject)), texts, "memo"
            for line in subject.lines:
                yield say("The line “%(line)s”", line=line.description[:40]), line.description, "lines"


def _addresses(subject: Document | NewRecord) -> Iterator[tuple[Sentence, Address, str, str]]:
    """Return each address with its addressee and the field that it comes from."""
    named = {
        "billing": say("The billing address"), "shipping": say("The shipping address"),
        "ship_to": say("The shipping address"), "address": say("The address"),
    }  # fmt: skip
    party = getattr(subject, "name", "") or getattr(getattr(subject, "customer", None), "name", "")
    for name, what in named.items():
        place = getattr(subject, name, None)
        if isinstance(place, Address):
            yield what, place, "" if name == "ship_to" else party, "shipping" if name == "ship_to" else name


def _cut_address(what: Sentence, place: Address, addressee: str, field: str) -> Iterator[Problem]:
    texts = (*place.lines, *city_parts(place).values())
    if strange := find_strange(printable(" ".join(texts))):
        yield _strange_letters(what, strange, field, "")
    for name, value in city_parts(place).items():
        if len(value) > CITY_LENGTHS[name]:
            yield _too_long(say("%(what)s: “%(text)s”", what=what, text=value), CITY_LENGTHS[name], field)
    lines = address_lines(place, addressee)
    if len(lines) > address_room(place):
        yield Problem(
            what=say("%(what)s does not fit: it has %(count)s lines above the city.", what=what, count=len(lines)),
            why=say("QuickBooks prints five lines of an address, with the name and the city. Others are lost."),
            cure=say("Shorten the address on the order or at the company."),
            field=field,
            code="address-too-long",
        )


def _too_long(what: Sentence, most: int, field: str) -> Problem:
    return Problem(
        what=say("%(what)s is too long for QuickBooks.", what=what),
        why=say("QuickBooks keeps %(most)s characters, and would cut the rest.", most=most),
        cure=say("Shorten it on the order or at the company."),
        field=field,
        code="too-long",
    )
