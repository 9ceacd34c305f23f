"""What QuickBooks does by itself with documents is seen, and told.

Sources: bPro 1096202 and quickbooks-ruby 547 (a cent of tax); Intuit, Preferences (AutoApplyCredit); simstudioai/sim
6194 (a link to a purchase order is dropped without a word); Intuit, error 620.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.models import Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Fix, FixKind
from hub.serialization import problems_of
from hub.states import DeliveryState
from sandbox.online import REALM, Running
from tests.support.host import ADA_AT_ACME
from tests.support.intuit_client import Client
from tests.support.online import posted
from tests.support.orders import EVERYTHING, MUGS
from tests.support.orders import order as bought


def delivery_of(kind: str) -> Delivery:
    session().expire_all()
    return session().scalars(select(Delivery).where(Delivery.kind == kind)).one()


def codes(kind: str) -> list[str]:
    return [problem.code for problem in problems_of(delivery_of(kind).problems)]


@pytest.mark.parametrize("credit", ["0.01", "150.00", "218.50"])
def test_a_payment_is_booked_although_less_is_open_than_it_pays(
    online: Installation, books: Running, credit: str
) -> None:
    """Somebody, or QuickBooks itself, has paid a part of the invoice when the payment comes."""
    order = bought(1042)
    send_order(ADA_AT_ACME, online.id, replace(order, payments=()), Choices())
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    client = Client(books, books.grant()["access_token"])
    client.write("Payment", {
        "CustomerRef": invoice["CustomerRef"], "TotalAmt": credit,
        "Line": [{"Amount": credit, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
    })  # fmt: skip
    paid = replace(order.payments[0], amount=Decimal("218.50"))
    send_order(ADA_AT_ACME, online.id, replace(order, payments=(paid,)), Choices())
    pump.deliver(online.id)
    assert posted()
    ours = books.books()["Payment"][-1]
    assert (ours["TotalAmt"], ours["UnappliedAmt"]) == (Decimal("218.50"), Decimal(credit))
    assert books.books()["Invoice"][0]["Balance"] == 0
    assert codes("payment") == ["partly-applied"]


@pytest.mark.parametrize("drops", [True, False])
def test_a_bill_whose_purchase_order_was_deleted_is_told_or_can_go_without_the_link(
    online: Installation, books: Running, drops: bool
) -> None:
    books.control("unsure", {"drops_links": drops})
    send_order(ADA_AT_ACME, online.id, bought(1042), Choices(documents=("purchase_order",)))
    pump.deliver(online.id)
    (order,) = books.books()["PurchaseOrder"]
    client = Client(books, books.grant()["access_token"])
    client.write("PurchaseOrder", {"Id": order["Id"], "SyncToken": order["SyncToken"]}, operation="delete")
    send_order(ADA_AT_ACME, online.id, bought(1042), Choices(documents=("bill",)))
    pump.deliver(online.id)
    if drops:
        assert posted()
        assert codes("bill") == ["link-dropped"]
        return
    bill = delivery_of("bill")
    (problem,) = problems_of(bill.problems)
    assert (bill.state, problem.code) == (DeliveryState.STOPPED, "620")
    (fix,) = problem.fixes
    answers = {f"bill/{MUGS.id}:{fix.kind}": fix.value}
    send_order(ADA_AT_ACME, online.id, bought(1042), Choices(documents=("bill",), answers=answers))
    pump.deliver(online.id)
    assert posted()
    assert not books.books()["Bill"][0]["Line"][0].get("LinkedTxn")


def test_a_bill_is_not_sent_with_a_day_before_that_of_its_purchase_order(
    online: Installation, books: Running
) -> None:
    order = bought(1042)
    later = order.date + dt.timedelta(days=3)
    send_order(ADA_AT_ACME, online.id, replace(order, date=later), Choices(documents=("purchase_order",)))
    pump.deliver(online.id)
    with pytest.raises(Incomplete) as left:
        send_order(ADA_AT_ACME, online.id, order, Choices(documents=("bill",)))
    (problem,) = left.value.problems
    assert (problem.code, problem.fixes) == ("before-its-order", (Fix.day(later),))
    send_order(
        ADA_AT_ACME, online.id, order, Choices(documents=("bill",), answers={FixKind.DATE: later.isoformat()})
    )
    pump.deliver(online.id)
    assert posted()
    assert books.books()["Bill"][0]["TxnDate"] == later.isoformat()


def test_everything_still_arrives_where_quickbooks_is_lenient(online: Installation, books: Running) -> None:
    books.control("unsure", {"drops_links": False, "bill_before_order": True, "purchase_orders_by_vendor": True})
    books.control(f"preferences/{REALM}", {"SalesFormsPrefs": {"AutoApplyCredit": False}})
    send_order(ADA_AT_ACME, online.id, bought(1042), EVERYTHING)
    pump.deliver(online.id)
    assert posted()
