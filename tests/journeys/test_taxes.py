"""Sales tax in each of the ways in which books come to it; what they come to is compared to the cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.host import Order
from hub.models import Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.serialization import problems_of
from sandbox.online import REALM, Running
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import look
from tests.support.orders import EVERYTHING
from tests.support.orders import order as bought

DUE = Decimal("17.48")  # 8 % of 218.50.


def taxed(tax: Decimal = DUE, order: Order | None = None) -> Order:
    plain = order or order_1042()
    return replace(plain, tax=tax, total=Decimal("218.50") + tax)


def code(books: Running, name: str = "California") -> str:
    return f"code:{next(one['Id'] for one in books.books()['TaxCode'] if one['Name'] == name)}"


def send(installation: Installation, order: Order, choices: Choices) -> list[str]:
    """Send it, and give what there is to say about the invoice."""
    send_order(ADA_AT_ACME, installation.id, order, choices)
    pump.deliver(installation.id)
    session().expire_all()
    (invoice,) = session().scalars(select(Delivery).where(Delivery.kind == "invoice"))
    assert invoice.state == "posted"
    return [problem.what for problem in problems_of(invoice.problems)]


def figures(books: Running) -> list[tuple[Decimal, Decimal]]:
    return [
        ((one.get("TxnTaxDetail") or {}).get("TotalTax", Decimal(0)), one["TotalAmt"])
        for one in books.books()["Invoice"]
    ]


def prefer(installation: Installation, books: Running, **taxes: object) -> None:
    books.control(f"preferences/{REALM}", {"TaxPrefs": taxes})
    look(installation)


def go_abroad(installation: Installation, books: Running) -> None:
    (company,) = books.books()["CompanyInfo"]
    books.control(f"edit/{REALM}/CompanyInfo/{company['Id']}", {"Country": "CA"})
    look(installation)


def test_automated_tax_that_agrees_is_no_matter(
    online: Installation, books: Running
) -> None:
    assert send(online, taxed(), Choices()) == []
    assert figures(books) == [(DUE, Decimal("235.98"))]


def test_a_difference_in_tax_is_shown_with_both_figures(online: Installation, books: Running) -> None:
    told = send(online, taxed(Decimal("18.00")), Choices())
    assert told == [
        "The books say 17.48 of sales tax; the order says 18.00.",
        "The books say 235.98; we sent 236.50.",
    ]


@pytest.mark.parametrize("allowed", [True, False])
def test_automated_tax_is_overridden_where_the_company_allows_it_and_otherwise_told(
    online: Installation, books: Running, allowed: bool
) -> None:
    prefer(online, books, AllowPartnerTaxOverride=allowed)
    told = send(online, taxed(Decimal("18.00")), Choices(tax=code(books)))
    assert figures(books) == [(Decimal("18.00"), Decimal("236.50")) if allowed else (DUE, Decimal("235.98"))]
    assert bool(told) is not allowed


def test_tax_by_hand_needs_a_code_and_that_is_known_before_sending(online: Installation, books: Running) -> None:
    prefer(online, books, PartnerTaxEnabled=None)
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, online.id, taxed(), Choices())
    assert [problem.field for problem in refused.value.problems] == ["tax"]
    assert send(online, taxed(), Choices(tax=code(books))) == []
    assert figures(books) == [(DUE, Decimal("235.98"))]


def test_books_without_sales_tax_would_leave_it_out_and_that_is_known_before_sending(
    online: Installation, books: Running
) -> None:
    prefer(online, books, UsingSalesTax=False)
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, online.id, taxed(), Choices())
    assert [problem.field for problem in refused.value.problems] == ["tax"]
    assert send(online, order_1042(), Choices()) == []


def test_abroad_every_line_has_the_code_that_was_chosen(online: Installation, books: Running) -> None:
    go_abroad(online, books)
    order = taxed(order=bought(1042))
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, online.id, order, EVERYTHING)
    assert [problem.field for problem in refused.value.problems] == ["tax"]
    assert send(online, order, replace(EVERYTHING, tax=code(books))) == []
    assert figures(books) == [(DUE, Decimal("235.98"))]
    (invoice,) = books.books()["Invoice"]
    assert invoice["GlobalTaxCalculation"] == "TaxExcluded"
    assert len(books.books()["Bill"]) == len(books.books()["PurchaseOrder"]) == 1


def test_abroad_an_order_without_tax_says_that_none_applies(online: Installation, books: Running) -> None:
    go_abroad(online, books)
    assert send(online, order_1042(), Choices()) == []
    (invoice,) = books.books()["Invoice"]
    assert (invoice["GlobalTaxCalculation"], invoice["TotalAmt"]) == ("NotApplicable", Decimal("218.50"))
