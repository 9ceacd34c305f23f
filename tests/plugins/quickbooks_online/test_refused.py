"""What the books refuse is explained in the words of who sent it, and leaves them as they were."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from hub.plugin import NewCustomer, NewItem, Ref, Rejected
from sandbox.online import Running
from tests.support.online_conversations import Transport
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
    ("record", "code", "field"),
    [
        (NewCustomer(name="hit promotional"), "name-of-another-kind", "customer"),
        (NewCustomer(name="Emily Platt"), "name-of-another-kind", "customer"),
        (NewCustomer(name="A:B"), "2040", "customer"),
        (NewCustomer(name="n" * 501), "2050", "customer"),
        (NewItem(name="A:7102", income=Ref(id="99999")), "2040", "item"),
        (NewItem(name="A7102", income=Ref(id="99999")), "2500", ""),
    ],
)
def test_a_record_that_cannot_be_entered_is_explained(
    books: Running, transport: Transport, record: NewCustomer | NewItem, code: str, field: str
) -> None:
    before = books.books()
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.create(record, {}, BOOKS))
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == (code, field)
    assert books.books() == before


def test_a_product_whose_account_is_of_another_kind_is_explained(books: Running, transport: Transport) -> None:
    before = books.books()
    item = NewItem(name="A7102", income=account(books, "1000"))
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.create(item, {}, BOOKS))
    assert [problem.code for problem in refused.value.problems] == ["6430"]
    assert books.books() == before


def test_an_inactive_customer_is_neither_used_nor_entered_again(books: Running, transport: Transport) -> None:
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    inactive(books, "customer", customer.id)
    before = books.books()
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    assert [problem.code for problem in refused.value.problems] == ["name-inactive"]
    assert books.books() == before


Breaking = Callable[[Running, Ref], None]


@pytest.mark.parametrize(
    ("broken", "code", "field"),
    [
        pytest.param(
            lambda books, _: preference(books, "AccountingInfoPrefs", BookCloseDate="2026-11-30"),
            "6210",
            "date",
            id="closed books",
        ),
        pytest.param(
            lambda books, _: preference(books, "SalesFormsPrefs", AllowDiscount=False),
            "6000",
            "",
            id="discounts switched off",
        ),
        pytest.param(
            lambda books, customer: inactive(books, "customer", customer.id),
            "610",
            "customer",
            id="customer made inactive",
        ),
        pytest.param(
            lambda books, _: inactive(books, "item", stoneware_there(books)),
            "610",
            "lines",
            id="product archived",
        ),
    ],
)
def test_an_invoice_that_the_books_refuse_leaves_them_as_they_were(
    books: Running, transport: Transport, broken: Breaking, code: str, field: str
) -> None:
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    broken(books, customer)
    before = books.books()
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.post(order_1042(customer, item), {}, BOOKS))
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == (code, field)
    assert problem.cure
    assert books.books() == before


def test_a_number_that_is_taken_is_refused(books: Running, transport: Transport) -> None:
    invoice, _ = post_1042(books, transport)
    before = books.books()
    customer = Ref(id=before["Customer"][-1]["Id"], name="ABC Company")
    item = Ref(id=before["Item"][-1]["Id"])
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.post(order_1042(customer, item), {}, BOOKS))
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("6140", "number")
    assert books.books() == before
    assert invoice.number == "1042"


def test_a_payment_that_is_a_cent_more_than_the_invoice_leaves_the_cent_as_credit(
    books: Running, transport: Transport
) -> None:
    """QuickBooks may work out a cent less of tax than the order (quickbooks-ruby 547)."""
    invoice, _ = post_1042(books, transport)
    customer = Ref(id=books.books()["Customer"][-1]["Id"], name="ABC Company")
    money = payment_of_1042(Ref(id=invoice.id), customer, amount=Decimal("118.51"))
    posting = transport.one(QUICKBOOKS.post(money, {}, BOOKS))
    received = books.books()["Payment"][-1]
    assert (received["TotalAmt"], received["UnappliedAmt"]) == (Decimal("118.51"), Decimal("0.01"))
    assert [problem.code for problem in posting.differences] == ["partly-applied"]
