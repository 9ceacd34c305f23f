"""A cancelled order voids its invoice in the books: once, wherever the line is cut, and refused with a reason."""

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
from hub.errors import Incomplete, NotPossible
from hub.host import Order
from hub.integrations import registry
from hub.models import Delivery, Exchange, Installation
from hub.orders.cancel import cancel_delivery
from hub.orders.deliveries import deliveries_of_order
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.plans import Action
from hub.plugin import RecordKind
from hub.serialization import problems_of
from hub.states import DeliveryState
from sandbox.desktop.connector import Faults
from sandbox.online import REALM, Running
from tests.support.books import record_named
from tests.support.deliveries import pass_time
from tests.support.desktop import Office
from tests.support.desktop import look_again as look_at_file
from tests.support.differences import find_differences
from tests.support.host import ACME, ADA_AT_ACME, Desk, order_1042, turned
from tests.support.online import by_hand, look_again
from tests.support.online import entered as credited
from tests.support.orders import outcomes
from tests.support.serving import serving

VOID = Choices(documents=(), updates=("invoice",))


def unpaid() -> Order:
    return replace(order_1042(), payments=())


def cancelled(order: Order | None = None) -> Order:
    return replace(order or unpaid(), cancelled=True)


def invoices(books: Running) -> list[tuple[object, ...]]:
    return [(one["DocNumber"], one["TotalAmt"], one["Balance"], "Voided" in one.get("PrivateNote", ""))
            for one in books.books()["Invoice"]]  # fmt: skip


VOIDED = [("1042", Decimal("0.00"), Decimal("0.00"), True)]
GONE = ("invoice", DeliveryState.POSTED, "voided")


def balance(installation: Installation) -> Decimal:
    session().expire_all()
    row = record_named(installation.id, RecordKind.CUSTOMER, "ABC Company")
    return history.load_customer_account(installation.id, row.record_id, now().date()).balance


def close(books: Running, until: str | None) -> None:
    books.control(f"preferences/{REALM}", {"AccountingInfoPrefs": {"BookCloseDate": until}})


def written() -> list[str]:
    """Return what QuickBooks was asked to write, oldest first: "create Invoice"."""
    payloads = session().scalars(select(Exchange.payload).where(Exchange.writes).order_by(Exchange.id))
    return [
        f"{one.get('optionsData') or one['operation']} {kind}"
        for one in payloads for kind in one if kind[:1].isupper()
    ]  # fmt: skip


@pytest.fixture
def sent(online: Installation) -> Installation:
    """Order 1042 is in the books, without a payment."""
    send_order(ADA_AT_ACME, online.id, unpaid(), Choices())
    pump.deliver(online.id)
    return online


def test_a_cancelled_order_offers_to_void_its_invoice_and_nothing_else(sent: Installation) -> None:
    assert find_differences(sent, unpaid(), Choices()) == []
    (offer,) = find_differences(sent, cancelled(), Choices())
    assert (offer.about, offer.title, offer.way) == ("invoice", "Invoice 1042", Action.VOID)
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, sent.id, cancelled(), Choices())
    assert [one.code for one in refused.value.problems] == ["order-cancelled"]


@pytest.mark.databases("sqlite", "postgresql")
def test_the_invoice_is_voided_and_the_history_says_so(sent: Installation, books: Running, desk: Desk) -> None:
    assert balance(sent) == Decimal("218.50")
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)  # Two people press at once.
    assert outcomes() == [("invoice", DeliveryState.QUEUED, "")]
    pump.deliver(sent.id)
    assert invoices(books) == VOIDED
    assert outcomes() == [GONE]
    assert balance(sent) == Decimal(0)
    assert written()[-1] == "void Invoice"
    assert [(one.document, one.voided) for one in desk.told] == [("invoice", False), ("invoice", True)]
    look_again(sent)
    assert (balance(sent), outcomes()) == (Decimal(0), [GONE])
    assert find_differences(sent, cancelled(), Choices()) == []


@pytest.mark.parametrize(("trip", "kind"), list(product(range(2), ["cut_before", "cut_after"])))
def test_wherever_the_line_is_cut_it_is_voided_once(sent: Installation, books: Running, trip: int, kind: str) -> None:
    (invoice,) = books.books()["Invoice"]
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    if trip:
        by_hand(books, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"], "sparse": True,
                                   "PrivateNote": "Call them"}, operation="update")  # fmt: skip
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        pump.deliver(sent.id)
        pass_time(sent)
    assert invoices(books) == VOIDED
    (after,) = books.books()["Invoice"]
    assert int(after["SyncToken"]) == int(invoice["SyncToken"]) + 1 + trip, "One change for the void, and no second."
    assert outcomes() == [GONE]


def test_what_somebody_has_voided_by_hand_is_not_voided_again(sent: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    (invoice,) = books.books()["Invoice"]
    by_hand(books, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="void")
    pump.deliver(sent.id)
    assert (invoices(books), outcomes()) == (VOIDED, [GONE])
    assert int(books.books()["Invoice"][0]["SyncToken"]) == int(invoice["SyncToken"]) + 1


@pytest.mark.databases("sqlite", "postgresql")
def test_what_was_paid_becomes_the_customers_credit(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    send_order(ADA_AT_ACME, online.id, cancelled(order_1042()), VOID)
    pump.deliver(online.id)
    assert invoices(books) == VOIDED
    assert [one["UnappliedAmt"] for one in books.books()["Payment"]] == [Decimal("100.00")]
    pump.deliver(online.id)
    assert balance(online) == Decimal("-100.00"), "The books were asked again what became of the payment."


def test_closed_books_keep_it_and_say_why_and_giving_up_leaves_it_as_it_was(
    sent: Installation, books: Running, desk: Desk
) -> None:
    desk.orders["1042"] = cancelled()
    close(books, "2026-12-31")
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    pump.deliver(sent.id)
    (delivery,) = deliveries_of_order(ACME.id, "1042")
    assert delivery.state is DeliveryState.STOPPED
    assert outcomes() == [("invoice", DeliveryState.STOPPED, "")]
    assert problems_of(delivery.problems)[0].code == "6210"
    close(books, None)
    retry_delivery(ADA_AT_ACME, delivery.id)
    cancel_delivery(ADA_AT_ACME, delivery.id)
    pump.deliver(sent.id)
    assert invoices(books) == [("1042", Decimal("218.50"), Decimal("218.50"), False)]
    assert outcomes() == [("invoice", DeliveryState.POSTED, "")]
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    pump.deliver(sent.id)
    assert invoices(books) == VOIDED


def test_an_order_that_was_taken_up_again_is_not_voided_by_a_retry(
    sent: Installation, books: Running, desk: Desk
) -> None:
    close(books, "2026-12-31")
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    pump.deliver(sent.id)
    desk.orders["1042"] = unpaid()
    with pytest.raises(NotPossible):
        retry_delivery(ADA_AT_ACME, deliveries_of_order(ACME.id, "1042")[0].id)


@pytest.mark.databases("sqlite", "postgresql")
def test_an_order_that_comes_back_is_entered_again(sent: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, sent.id, cancelled(), VOID)
    pump.deliver(sent.id)
    session().expire_all()
    (offer,) = find_differences(sent, unpaid(), Choices())
    assert (offer.about, offer.way) == ("invoice", Action.RECREATE)
    again = Choices(updates=("invoice",), answers={"invoice:repeats_number": "yes"})
    send_order(ADA_AT_ACME, sent.id, unpaid(), again)
    pump.deliver(sent.id)
    assert invoices(books) == [*VOIDED, ("1042", Decimal("218.50"), Decimal("218.50"), False)]
    assert outcomes() == [("invoice", DeliveryState.POSTED, "")]


@pytest.mark.databases("sqlite", "postgresql")
def test_an_order_that_gives_back_by_now_voids_its_invoice_before_the_credit_memo(
    sent: Installation, books: Running
) -> None:
    returned = turned(unpaid())
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, sent.id, returned, Choices())
    assert [one.code for one in refused.value.problems] == ["other-kind-posted"]
    send_order(ADA_AT_ACME, sent.id, returned, Choices(updates=("invoice",)))
    pump.deliver(sent.id)
    assert (invoices(books), credited(books)) == (VOIDED, [("1042", Decimal("218.50"), Decimal("218.50"))])
    assert written()[-2:] == ["void Invoice", "create CreditMemo"]
    assert balance(sent) == Decimal("-218.50")


# ── QuickBooks Desktop ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        found = Office.connected(app, url, tmp_path)
        yield found


def in_file(office: Office, kind: str = "Invoice") -> list[tuple[object, ...]]:
    return [(row.fields["RefNumber"], row.fields.get("Subtotal", row.fields.get("TotalAmount")), row.fields["Memo"])
            for row in office.company.rows(kind)]  # fmt: skip


VOIDED_THERE = [("1042", Decimal("0.00"), "VOID: Order 1042")]


@pytest.mark.parametrize("cut", ["", "before", "after"])
def test_a_company_file_voids_it_once_too(office: Office, cut: str) -> None:
    send_order(ADA_AT_ACME, office.installation.id, unpaid(), Choices())
    assert office.update()[-1] == "OK"
    send_order(ADA_AT_ACME, office.installation.id, cancelled(), VOID)
    step = 1
    while cut and office.dies(Faults(die_before=step) if cut == "before" else Faults(die_after=step)):
        step += 1
    assert step > (2 if cut else 0), "The line was cut at the look and at the void."
    assert office.update()[-1] in {"OK", "No data exchange required"}, office.log
    assert in_file(office) == VOIDED_THERE
    assert outcomes() == [GONE]
    look_at_file(office)
    assert (outcomes(), balance(office.installation)) == ([GONE], Decimal(0))


def test_what_is_paid_there_is_not_voided_and_says_what_to_do(office: Office, desk: Desk) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    assert office.update()[-1] == "OK"
    desk.orders["1042"] = cancelled(order_1042())
    send_order(ADA_AT_ACME, office.installation.id, desk.orders["1042"], VOID)
    assert office.update()[-1] == "OK"
    assert outcomes()[0] == ("invoice", DeliveryState.STOPPED, "")
    invoice = session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one()
    assert "payments applied" in problems_of(invoice.problems)[0].why, "QuickBooks says so."
    (payment,) = office.company.rows("ReceivePayment")
    from tests.support.desktop import by_hand as at_the_desk

    at_the_desk(office.company, "<TxnDelRq><TxnDelType>ReceivePayment</TxnDelType>"
                f"<TxnID>{payment.id}</TxnID></TxnDelRq>")  # fmt: skip
    retry_delivery(ADA_AT_ACME, invoice.id)
    assert office.update()[-1] == "OK"
    assert in_file(office) == VOIDED_THERE


def test_a_credit_memo_is_voided_there_too(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, turned(unpaid()), Choices())
    assert office.update()[-1] == "OK"
    choices = Choices(documents=(), updates=("credit_memo",))
    send_order(ADA_AT_ACME, office.installation.id, cancelled(turned(unpaid())), choices)
    assert office.update()[-1] == "OK"
    assert in_file(office, "CreditMemo") == VOIDED_THERE
