"""What the books refuse is explained in the words of who sent it, and leaves them as they were."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from hub.plugin import NewCustomer, NewItem, Ref, Rejected
from sandbox.online import Running
from tests.support.online_conversations import Carrier
from tests.support.online_documents import BOOKS, order_1042, payment_of_1042
from tests.support.online_postings import (
    ABC,
    QUICKBOOKS,
    account,
    inactive,
    post_1042,
    preference,
    stoneware,
    stoneware_there,
)


@pytest.mark.parametrize(
    ("record", "what", "field"),
    [
        (NewCustomer(name="hit promotional"), "In QuickBooks “hit promotional” is a supplier", "customer"),
        (NewCustomer(name="Emily Platt"), "In QuickBooks “Emily Platt” is an employee", "customer"),
        (NewCustomer(name="A:B"), "QuickBooks cannot store some characters of", "customer"),
        (NewCustomer(name="n" * 501), "is longer or shorter than QuickBooks allows", "customer"),
        (NewItem(name="A:7102", income=Ref(id="99999")), "QuickBooks cannot store some characters of", "item"),
        (NewItem(name="A7102", income=Ref(id="99999")), "QuickBooks does not find something that", ""),
    ],
)
def test_a_record_that_cannot_be_entered_is_explained(
    books: Running, carrier: Carrier, record: NewCustomer | NewItem, what: str, field: str
) -> None:
    before = books.books()
    with pytest.raises(Rejected) as refused:
        carrier.one(QUICKBOOKS.create(record, {}, BOOKS))
    (problem,) = refused.value.problems
    assert what in problem.what
    assert problem.field == field
    assert books.books() == before


def test_a_product_whose_account_is_of_another_kind_is_explained(books: Running, carrier: Carrier) -> None:
    before = books.books()
    item = NewItem(name="A7102", income=account(books, "1000"))
    with pytest.raises(Rejected, match="An account of the product “A7102” is of a kind that QuickBooks does not take"):
        carrier.one(QUICKBOOKS.create(item, {}, BOOKS))
    assert books.books() == before


def test_an_inactive_customer_is_neither_used_nor_entered_again(books: Running, carrier: Carrier) -> None:
    customer = carrier.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    inactive(books, "customer", customer.id)
    before = books.books()
    with pytest.raises(Rejected, match="The customer “ABC Company” is inactive in QuickBooks"):
        carrier.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    assert books.books() == before


Breaking = Callable[[Running, Ref], None]


@pytest.mark.parametrize(
    ("broken", "what", "field"),
    [
        pytest.param(
            lambda books, _: preference(books, "AccountingInfoPrefs", BookCloseDate="2026-11-30"),
            "The books are closed until 30 Nov 2026, which is not before the date of invoice 1042 for ABC Company.",
            "date",
            id="closed books",
        ),
        pytest.param(
            lambda books, _: preference(books, "SalesFormsPrefs", AllowDiscount=False),
            "QuickBooks did not take invoice 1042 for ABC Company.",
            "",
            id="discounts switched off",
        ),
        pytest.param(
            lambda books, customer: inactive(books, "customer", customer.id),
            "The customer “ABC Company” is inactive in QuickBooks.",
            "customer",
            id="customer made inactive",
        ),
        pytest.param(
            lambda books, _: inactive(books, "item", stoneware_there(books)),
            "The product “A7102” is inactive in QuickBooks.",
            "lines",
            id="product archived",
        ),
    ],
)
def test_an_invoice_that_the_books_refuse_leaves_them_as_they_were(
    books: Running, carrier: Carrier, broken: Breaking, what: str, field: str
) -> None:
    customer = carrier.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = carrier.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    broken(books, customer)
    before = books.books()
    with pytest.raises(Rejected) as refused:
        carrier.one(QUICKBOOKS.post(order_1042(customer, item), {}, BOOKS))
    (problem,) = refused.value.problems
    assert (problem.what, problem.field) == (what, field)
    assert problem.cure
    assert books.books() == before


def test_a_number_that_is_taken_is_refused(books: Running, carrier: Carrier) -> None:
    invoice, _ = post_1042(books, carrier)
    before = books.books()
    customer = Ref(id=before["Customer"][-1]["Id"], name="ABC Company")
    item = Ref(id=before["Item"][-1]["Id"])
    with pytest.raises(Rejected) as refused:
        carrier.one(QUICKBOOKS.post(order_1042(customer, item), {}, BOOKS))
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("6140", "number")
    assert books.books() == before
    assert invoice.number == "1042"


def test_a_payment_that_is_more_than_the_invoice_is_refused(books: Running, carrier: Carrier) -> None:
    invoice, _ = post_1042(books, carrier)
    before = books.books()
    customer = Ref(id=before["Customer"][-1]["Id"], name="ABC Company")
    money = payment_of_1042(Ref(id=invoice.id), customer, amount=Decimal("118.51"))
    with pytest.raises(Rejected, match=r"did not take the payment of 118\.51 USD by ABC Company"):
        carrier.one(QUICKBOOKS.post(money, {}, BOOKS))
    assert books.books() == before
