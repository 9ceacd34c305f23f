"""A payment that comes before its invoice is the customer's credit at once, and is applied when the invoice comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import history
from hub.database import now, session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.integrations import registry
from hub.models import Exchange, Installation
from hub.orders.cancel import cancel_delivery
from hub.orders.deliveries import deliveries_of_order, last_choices
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.plans import Action
from hub.plugin import AT_ONCE, RecordKind
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.desktop.connector import Faults
from sandbox.online import Running
from tests.support.books import record_named
from tests.support.deliveries import pass_time
from tests.support.desktop import ORDER_1042, Office, whole_file
from tests.support.desktop import look_again as look_at_file
from tests.support.differences import find_differences
from tests.support.host import ACME, ADA_AT_ACME, Desk, order_1042
from tests.support.online import by_hand, look_again, posted
from tests.support.serving import serving

DEPOSIT = Choices(documents=("payment",))


def allow(installation: Installation) -> None:
    installation.options = {**installation.options, "deposits": AT_ONCE}
    commit()


@pytest.fixture
def early(online: Installation) -> Installation:
    allow(online)
    return online


def paid(books: Running) -> list[tuple[object, ...]]:
    return [(one["TotalAmt"], one["UnappliedAmt"]) for one in books.books()["Payment"]]


def owed(books: Running) -> list[tuple[object, ...]]:
    return [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in books.books()["Invoice"]]


def balance(installation: Installation) -> Decimal:
    session().expire_all()
    row = record_named(installation.id, RecordKind.CUSTOMER, "ABC Company")
    return history.load_customer_account(installation.id, row.record_id, now().date()).balance


HUNDRED = Decimal("100.00")
APPLIED = [(HUNDRED, Decimal("0.00"))]
INVOICED = [("1042", Decimal("218.50"), Decimal("118.50"))]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_deposit_is_the_customers_credit_and_then_on_the_invoice(early: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, early.id, order_1042(), DEPOSIT)
    pump.deliver(early.id)
    assert (paid(books), owed(books)) == ([(HUNDRED, HUNDRED)], [])
    assert not [one for one in books.books()["Item"] if one["Name"] == "A7102"], "Only the invoice needs it."
    assert balance(early) == -HUNDRED
    choices = last_choices(early, deliveries_of_order(ACME.id, "1042"))
    assert choices.sells, "The invoice is what is sent next."
    send_order(ADA_AT_ACME, early.id, order_1042(), choices)
    pump.deliver(early.id)
    assert (paid(books), owed(books)) == (APPLIED, INVOICED)
    assert posted()
    assert balance(early) == Decimal("118.50"), "At once, from the echoes."
    look_again(early)
    assert balance(early) == Decimal("118.50"), "And as the books say it."


@pytest.mark.parametrize(("trip", "kind"), list(product(range(5), ["cut_before", "cut_after"])))
def test_wherever_the_line_is_cut_it_is_received_once_and_applied_once(
    early: Installation, books: Running, trip: int, kind: str
) -> None:
    send_order(ADA_AT_ACME, early.id, order_1042(), DEPOSIT)
    pump.deliver(early.id)
    send_order(ADA_AT_ACME, early.id, order_1042(), Choices())
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        pump.deliver(early.id)
        pass_time(early)
    assert (paid(books), owed(books)) == (APPLIED, INVOICED)
    assert posted()


def test_without_the_setting_a_payment_waits_for_its_invoice(online: Installation, books: Running) -> None:
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, online.id, order_1042(), DEPOSIT)
    assert [one.code for one in refused.value.problems] == ["payments-need-invoice"]
    assert books.books()["Payment"] == []


OFFERED = 'name="documents" value="payment"'


def test_the_dialog_offers_it_where_the_setting_says_so_and_then_the_invoice(app: Flask, online: Installation) -> None:
    client, address = app.test_client(), "/hub/orders/1042/send"
    assert OFFERED not in client.get(address).text
    allow(online)
    assert OFFERED in client.get(address).text
    send_order(ADA_AT_ACME, online.id, order_1042(), DEPOSIT)
    pump.deliver(online.id)
    page = client.get(address).text
    assert 'value="invoice" checked' in page, "What comes next is the invoice."
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert OFFERED not in client.get(f"{address}?again=1").text


def test_a_deposit_that_was_corrected_on_the_order_is_changed_when_its_invoice_is_sent(
    app: Flask, desk: Desk, early: Installation, books: Running
) -> None:
    send_order(ADA_AT_ACME, early.id, order_1042(), DEPOSIT)
    pump.deliver(early.id)
    (received,) = order_1042().payments
    corrected = replace(order_1042(), payments=(replace(received, amount=Decimal("110.00")),))
    desk.orders["1042"] = corrected
    page = app.test_client().get("/hub/orders/1042/send").text
    session().expire_all()
    (found,) = find_differences(early, corrected, Choices())
    assert found.way is Action.UPDATE
    assert f'id="hub-changes-{found.about.replace("/", "-")}"' in page
    send_order(ADA_AT_ACME, early.id, corrected, Choices())
    pump.deliver(early.id)
    assert (paid(books), owed(books)) == (
        [(Decimal("110.00"), Decimal("0.00"))], [("1042", Decimal("218.50"), Decimal("108.50"))]
    )  # fmt: skip
    assert posted()
    assert find_differences(early, corrected, Choices()) == []


def test_an_invoice_that_is_given_up_leaves_the_deposit_as_it_was(early: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, early.id, order_1042(), DEPOSIT)
    pump.deliver(early.id)
    live = send_order(ADA_AT_ACME, early.id, order_1042(), Choices())
    (invoice,) = (one for one in live if one.kind == "invoice")
    cancel_delivery(ADA_AT_ACME, invoice.id)
    pump.deliver(early.id)
    assert (paid(books), owed(books)) == ([(HUNDRED, HUNDRED)], [])
    (payment,) = deliveries_of_order(ACME.id, "1042")
    assert (payment.kind, payment.state) == ("payment", DeliveryState.POSTED)


def test_a_deposit_that_somebody_has_applied_elsewhere_stays_there(early: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, early.id, order_1042(), DEPOSIT)
    send_order(ADA_AT_ACME, early.id, replace(order_1042(), id="1043", number="1043", payments=()), Choices())
    pump.deliver(early.id)
    (other,), (payment,) = books.books()["Invoice"], books.books()["Payment"]
    link = {"Amount": 100, "LinkedTxn": [{"TxnId": other["Id"], "TxnType": "Invoice"}]}
    by_hand(books, "Payment", {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True,
                               "CustomerRef": payment["CustomerRef"], "TotalAmt": 100, "Line": [link]},
            operation="update")  # fmt: skip
    look_again(early)
    send_order(ADA_AT_ACME, early.id, order_1042(), Choices())
    pump.deliver(early.id)
    total = Decimal("218.50")
    assert owed(books) == [("1043", total, total - HUNDRED), ("1042", total, total)]
    assert posted()


# ── QuickBooks Desktop ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        found = Office.connected(app, url, tmp_path)
        allow(found.installation)
        yield found


@pytest.mark.parametrize("cut", ["", "before", "after"])
def test_a_company_file_gets_it_in_the_same_two_steps(office: Office, cut: str) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), DEPOSIT)
    assert office.update()[-1] == "OK", office.log
    assert whole_file(office.company)["payments"] == [("ABC Company", HUNDRED, HUNDRED)]
    assert balance(office.installation) == -HUNDRED
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    step = 1
    while cut and office.dies(Faults(die_before=step) if cut == "before" else Faults(die_after=step)):
        step += 1
    assert office.update()[-1] in {"OK", "No data exchange required"}, office.log
    assert whole_file(office.company) == ORDER_1042
    assert posted()
    assert "ReceivePaymentMod" in [one["request"] for one in session().scalars(select(Exchange.payload))]
    look_at_file(office)
    assert balance(office.installation) == Decimal("118.50")
