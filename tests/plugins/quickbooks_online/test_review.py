"""What QuickBooks would refuse is said before anything is sent, and what it takes is not held up."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from hub.plugin import Address, Document, NewCustomer, NewItem, NewRecord, NewVendor, Ref, Tax
from quickbooks_online import QuickBooksOnline
from tests.support.online_documents import BOOKS, order_1042, payment_of_1042

QUICKBOOKS = QuickBooksOnline()
INCOME = Ref(id="79")
LINE = dataclasses.replace(order_1042().lines[0], quantity=Decimal(1), price=Decimal(1), amount=Decimal("1.00"))
TAXED = Tax(amount=Decimal("1.00"))


def long_order(count: int, tax: Tax) -> Document:
    return order_1042(lines=(LINE,) * count, discount=Decimal(0), tax=tax, total=Decimal(count) + tax.amount)


@pytest.mark.parametrize(
    ("subject", "options", "fields"),
    [
        (order_1042(), {}, []),
        (payment_of_1042(Ref(id="145")), {}, []),
        (NewCustomer(name="O'Hara & Söhne – “€”"), {}, []),
        (NewCustomer(name="Söhne 🎉"), {}, ["customer"]),
        (NewVendor(name="ABC", email="n/a"), {}, ["vendor"]),
        (NewCustomer(name="ABC", billing=Address(lines=("x" * 501,))), {}, ["customer"]),
        (NewCustomer(name="ABC", billing=Address(lines=("x" * 300,) * 7)), {}, ["customer"]),
        (order_1042(email="a@b.test; c@d.test"), {}, ["email"]),
        (order_1042(shipping=Address(lines=("x" * 501,))), {}, ["shipping"]),
        (order_1042(memo="好"), {}, ["memo"]),
        (NewItem(name="A7102", income=INCOME), {}, []),
        (order_1042(number="1" * 21), {}, []),
        (order_1042(number="1" * 22), {}, ["number"]),
        (payment_of_1042(Ref(id="145"), number="1" * 22), {}, ["number"]),
        (order_1042(memo="m" * 1001), {}, ["memo"]),
        (order_1042(memo="m" * 990, po_number="PO-77"), {}, ["memo"]),
        (order_1042(memo="m" * 990, po_number="PO-77"), {"po_number": "1"}, []),
        (order_1042(po_number="P" * 32), {"po_number": "1"}, ["po_number"]),
        (order_1042(email=f"{'e' * 92}@abc.test"), {}, ["email"]),
        (order_1042(lines=(dataclasses.replace(order_1042().lines[0], description="d" * 4001),)), {}, ["lines"]),
        (long_order(751, Tax()), {}, []),
        (long_order(750, TAXED), {}, []),
        (long_order(751, TAXED), {}, ["lines"]),
        (long_order(751, Tax()), {"books_tax": "yes"}, ["lines"]),
        (long_order(10_001, Tax()), {}, ["lines"]),
        (NewCustomer(name="  "), {}, ["customer"]),
        (NewCustomer(name="A:B"), {}, ["customer"]),
        (NewCustomer(name="A\tB\nC"), {}, ["customer", "customer"]),
        (NewCustomer(name="n" * 501), {}, ["customer"]),
        (NewCustomer(name="ABC", phone="5" * 31, email=f"{'e' * 92}@abc.test"), {}, ["customer", "customer"]),
        (NewItem(name="A:7102", income=INCOME), {}, ["item"]),
        (NewItem(name="n" * 101, income=INCOME), {}, ["item"]),
        (NewItem(name="A7102", description="d" * 4001, income=INCOME), {}, ["item"]),
    ],
)
def test_review(subject: Document | NewRecord, options: dict[str, str], fields: list[str]) -> None:
    problems = QUICKBOOKS.validate(subject, options, BOOKS)
    assert [problem.field for problem in problems] == fields
    for problem in problems:
        assert problem.what.endswith(".")
        assert problem.cure.endswith(".")
