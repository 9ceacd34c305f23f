"""Documents and new records as hosts have them: short and long, plain and strange."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from hub.plugin import (
    Address,
    Bill,
    Books,
    CreditMemo,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewVendor,
    Payment,
    PurchaseOrder,
    PurchaseOrderRef,
    Record,
    RecordKind,
    Ref,
    Revision,
    Tax,
    in_cents,
)
from tests.support.desktop_conversations import QUICKBOOKS, Transport

BOOKS = Books(id="{f}", name="Rock Castle", currency="USD")
CENT = Decimal("0.01")

texts = st.text(st.characters(codec="utf-8"), max_size=60)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(lambda name: bool(name.strip("\x00 ")))
ids = st.from_regex(r"[0-9A-F]{8}-[0-9]{10}", fullmatch=True)
refs = st.builds(Ref, id=ids, name=texts)
some = st.none() | refs
dates = st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1))
cents = st.decimals(CENT, Decimal("99999.99"), places=2)
addresses = st.builds(
    Address,
    lines=st.lists(texts, max_size=7).map(tuple),
    city=texts,
    region=texts,
    postal_code=texts,
    country=texts,
)
numbers = st.text(st.characters(codec="utf-8", categories=["L", "N", "Pd"]), max_size=11)


revisions = st.none() | st.builds(
    Revision,
    id=ids,
    version=st.sampled_from(["", "1700000000"]),
    totals=st.sampled_from([(), (Decimal("17.00"),), (Decimal("18.00"),)]),
    cleared=st.sets(st.sampled_from([field.name for field in fields(Invoice)] + ["ship_to", "expected"])).map(tuple),
)


voids = st.builds(Revision, id=ids, version=st.just("1700000000"), voids=st.just(True))


@st.composite
def lines(draw: st.DrawFn) -> Line:
    quantity = draw(st.decimals(Decimal(0), Decimal(5000), places=draw(st.integers(0, 3))))
    price = draw(st.decimals(Decimal(0), Decimal(500), places=draw(st.integers(0, 5))))
    return Line(
        item=draw(refs), description=draw(texts), quantity=quantity, price=price, amount=in_cents(quantity * price),
        taxable=draw(st.booleans()), customer=draw(some), billable=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def sales(draw: st.DrawFn) -> Invoice | CreditMemo:
    rows = tuple(draw(st.lists(lines(), min_size=1, max_size=4)))
    subtotal = sum((line.amount for line in rows), Decimal("0.00"))
    discount = draw(st.sampled_from([Decimal("0.00"), in_cents(subtotal / 20), subtotal]))
    tax = Tax(amount=draw(st.sampled_from([Decimal("0.00"), Decimal("4.13")])), code=draw(some))
    common: dict[str, Any] = dict(  # noqa: C408  # As the fields are written everywhere.
        number=draw(numbers), date=draw(dates), currency="USD", customer=draw(refs), lines=rows,
        total=subtotal - discount + tax.amount, discount=discount, discount_account=draw(refs),
        receivable=draw(some), tax=tax, email=draw(texts),
        billing=draw(st.none() | addresses), shipping=draw(st.none() | addresses), po_number=draw(texts)[:25],
        memo=draw(texts), note=draw(texts),
        revises=draw(revisions | voids),
    )  # fmt: skip
    if draw(st.booleans()):
        return CreditMemo(**common)
    return Invoice(due=draw(st.none() | dates), terms=draw(some), **common)


payments = st.builds(
    Payment, number=numbers, date=dates, currency=st.just("USD"), customer=refs, invoice=some, amount=cents,
    method=texts, deposit_to=some, receivable=some, note=texts, revises=revisions,
)  # fmt: skip


def _purchase(kind: type[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def built(rows: list[Line], given: dict[str, Any]) -> Any:
        return kind(lines=tuple(rows), total=sum((line.amount for line in rows), Decimal("0.00")), **given)

    common = {
        "number": numbers, "date": dates, "currency": st.just("USD"), "vendor": refs, "terms": some, "memo": texts,
        "note": texts, "revises": revisions, "tracking_class": some,
    }  # fmt: skip
    return st.builds(built, st.lists(lines(), min_size=1, max_size=4), st.fixed_dictionaries(common | more))


orders = _purchase(PurchaseOrder, ship_to=st.none() | addresses, expected=st.none() | dates)
ordered = st.builds(PurchaseOrderRef, id=ids, lines=st.lists(ids, max_size=4).map(tuple))
bills = _purchase(Bill, payable=some, due=st.none() | dates, ordered=st.none() | ordered)

customers = st.builds(
    NewCustomer, name=names, email=texts, phone=texts, billing=st.none() | addresses, shipping=st.none() | addresses,
    revises=revisions,
)  # fmt: skip
vendors = st.builds(NewVendor, name=names, email=texts, phone=texts, address=st.none() | addresses)
items = st.builds(
    NewItem, name=names, description=texts, price=st.none() | st.decimals(0, 9999, places=5), taxable=st.booleans(),
    income=refs, cost=some,
)  # fmt: skip

subjects = st.one_of(sales(), payments, orders, bills, customers, vendors, items)


DATE = dt.date(2026, 11, 14)


OPTIONS: dict[str, str] = {}


class KnownRecords:
    """The records of the company file that documents refer to."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.records: dict[tuple[RecordKind, str], Record] = {}
        for kind in QUICKBOOKS.capabilities.lists:
            page = transport.one(QUICKBOOKS.fetch(kind, ""))
            assert not page.more
            self.records |= {(kind, record.name): record for record in page.records}

    def __call__(self, kind: RecordKind, name: str) -> Ref:
        return self.records[kind, name].ref

    def account(self, name: str) -> Ref:
        return self(RecordKind.ACCOUNT, name)

    def new(self, record: NewCustomer | NewVendor | NewItem) -> Ref:
        return self.transport.one(QUICKBOOKS.create(record, OPTIONS, BOOKS))
