"""An order that gives money back is a credit memo: the order with its signs turned."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.database import session
from hub.host import Company, Order, OrderPayment
from hub.models import Installation, Mapping
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.kinds.sale import sale_kind
from hub.planning.tax import AS_ITEM
from hub.plugin import Capabilities, CreditMemo, Invoice, PurchaseOrder
from hub.serialization import subject_json, subject_of
from tests.support.generated_orders import orders
from tests.support.host import ADA_AT_ACME, order_1042, turned
from tests.support.hypothesis_profile import examples
from tests.support.planned import Planned, planned_order
from tests.support.pretend import Pretend


@pytest.fixture
def crediting(app: Flask, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation whose ledger takes credit memos."""
    takes = Pretend.capabilities.documents | {CreditMemo.kind}
    capabilities = Capabilities(
        documents=takes, lists=Pretend.capabilities.lists, creates=Pretend.capabilities.creates,
        requests_per_batch=5,
    )  # fmt: skip
    monkeypatch.setattr(Pretend, "capabilities", capabilities)
    installation.documents = [*installation.documents, CreditMemo.kind]
    return installation




def planned(installation: Installation, order: Order, **choices: Any) -> Planned:
    return planned_order(installation, order, Choices(**choices))


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders().filter(lambda order: order.total > 0), tax=st.sampled_from(["", AS_ITEM, "code:5"]))
def test_a_credit_memo_says_what_the_invoice_would_say(crediting: Installation, order: Order, tax: str) -> None:
    session().merge(Mapping(installation_id=crediting.id, role="sales_tax_item", record_id="9", name="Sales Tax"))
    sold, returned = planned(crediting, order, tax=tax), planned(crediting, turned(order), tax=tax)
    assert returned.blockers == ()
    assert isinstance(sold.sale, Invoice)
    assert isinstance(returned.sale, CreditMemo)
    for name in ("lines", "discount", "tax", "total", "number", "customer"):
        assert getattr(returned.sale, name) == getattr(sold.sale, name), name
    assert subject_of("credit_memo", subject_json(returned.sale)) == returned.sale


def mixed(*, back: str, total: str) -> Order:
    """Order 1042 with a line more, in which some of the first is given back."""
    plain = order_1042()
    quantity = Decimal(back)
    line = replace(plain.lines[0], quantity=-quantity, amount=-quantity * plain.lines[0].price)
    return replace(
        plain, lines=(plain.lines[0], line), discount=Decimal("0.00"), total=Decimal(total), payments=()
    )


def test_what_is_given_back_on_an_order_that_is_owed_is_a_negative_line_of_the_invoice(crediting: Installation) -> None:
    outline = planned(crediting, mixed(back="30", total="161.00"))
    assert isinstance(outline.sale, Invoice)
    assert [line.amount for line in outline.sale.lines] == [Decimal("230.00"), Decimal("-69.00")]
    assert (outline.sale.total, outline.blockers) == (Decimal("161.00"), ())


def test_what_is_sold_on_an_order_that_gives_back_is_a_negative_line_of_the_memo(crediting: Installation) -> None:
    outline = planned(crediting, mixed(back="130", total="-69.00"))
    assert isinstance(outline.sale, CreditMemo)
    assert [(line.quantity, line.amount) for line in outline.sale.lines] == [
        (Decimal(-100), Decimal("-230.00")), (Decimal(130), Decimal("299.00"))
    ]  # fmt: skip
    assert (outline.sale.total, outline.blockers) == (Decimal("69.00"), ())


def test_a_negative_price_is_turned_and_not_the_quantity(crediting: Installation) -> None:
    plain = order_1042()
    line = replace(plain.lines[0], quantity=Decimal(2), price=Decimal("-30.00"), amount=Decimal("-60.00"))
    outline = planned(crediting, replace(plain, lines=(line,), discount=Decimal(0), total=Decimal(-60), payments=()))
    assert outline.sale is not None
    assert [(one.quantity, one.price) for one in outline.sale.lines] == [(Decimal(2), Decimal("30.00"))]


def test_a_refund_is_not_sent_and_a_payment_contradicts_what_is_given_back(crediting: Installation) -> None:
    refund = OrderPayment(id="8", date=dt.date(2026, 11, 20), amount=Decimal("-218.50"))
    outline = planned(crediting, replace(turned(order_1042()), payments=(refund,)))
    assert (outline.payments, outline.blockers) == ([], ())
    paid = replace(refund, amount=Decimal("1.00"))
    (problem,) = planned(crediting, replace(turned(order_1042()), payments=(paid,))).blockers
    assert problem.code == "overpaid"
    assert "-218.50" in problem.what


def test_what_the_settings_do_not_allow_is_not_sent_whatever_the_order_has_become(crediting: Installation) -> None:
    crediting.documents = ["invoice"]
    (problem,) = planned(crediting, turned(order_1042())).blockers
    assert problem.code == "kind-not-allowed"


def test_books_that_take_no_credit_memos_say_so_before_sending(installation: Installation) -> None:
    (problem,) = planned(installation, turned(order_1042())).blockers
    assert (problem.code, problem.field) == ("kind-not-supported", "documents")


def test_an_order_is_never_an_invoice_and_a_credit_memo_at_once(crediting: Installation) -> None:
    send_order(ADA_AT_ACME, crediting.id, order_1042(), Choices())
    (problem,) = planned(crediting, turned(order_1042())).blockers
    assert problem.code == "other-kind-posted"
    assert planned(crediting, turned(order_1042()), documents=("bill",)).blockers[0].field == "lines", "Only a bill."


def test_what_a_customer_gives_back_is_not_ordered_from_a_vendor(crediting: Installation) -> None:
    vendor = Company(id="s1", name="Mug Makers")
    order = mixed(back="30", total="161.00")
    order = replace(order, lines=tuple(replace(one, vendor=vendor, cost=Decimal(1)) for one in order.lines))
    (bought,) = planned(crediting, order, documents=("purchase_order",)).of_kind(PurchaseOrder)
    assert [line.quantity for line in bought.lines] == [Decimal(100)]
    assert sale_kind(order) == Invoice.kind
