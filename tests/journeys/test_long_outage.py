"""A line that was cut for longer than Intuit remembers: what has arrived is found, what has not is sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import requests
import simplejson
from sqlalchemy import select

from hub.database import now, session
from hub.dispatch import pump
from hub.models import BatchRow, Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Batch, FixKind, Request, make_mark
from hub.serialization import problems_of
from hub.states import DeliveryState, StopReason
from hub.testing import answered
from quickbooks_online import QuickBooksOnline
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.online import EXPECTED, by_hand, posted, whole_ledger
from tests.support.online_conversations import found
from tests.support.orders import EVERYTHING, order


def long_after(books: Running) -> None:
    """More than a day has passed, and Intuit has forgotten what it was asked."""
    books.control("forget", {})
    for batch in session().scalars(select(BatchRow).where(BatchRow.state == "open")):
        batch.fresh_since = now() - dt.timedelta(days=1, minutes=1)
    session().commit()


def go_on(online: Installation) -> None:
    for _ in range(4):
        pass_time(online)
        pump.deliver(online.id)


@pytest.mark.parametrize(("trip", "kind"), list(product(range(4), ["cut_before", "cut_after"])))
def test_a_line_cut_at_any_trip_and_mended_after_a_day(
    online: Installation, books: Running, trip: int, kind: str
) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    pump.deliver(online.id)
    long_after(books)
    go_on(online)
    assert whole_ledger(books) == EXPECTED
    assert posted()


def everything(books: Running) -> dict[str, list[tuple[object, ...]]]:
    """What fifteen orders with all their documents put there."""
    there = books.books()
    paid = [(one["CustomerRef"]["name"], one["TotalAmt"], one["UnappliedAmt"]) for one in there["Payment"]]
    named = [one for kind in ("Customer", "Vendor", "Item") for one in there[kind]]
    names = [str(one.get("DisplayName") or one["Name"]) for one in named]
    return {
        "invoices": sorted((one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in there["Invoice"]),
        "payments": sorted(paid),
        "orders": sorted((one["DocNumber"], one["TotalAmt"]) for one in there["PurchaseOrder"]),
        "bills": sorted((one["TotalAmt"], one["VendorRef"]["name"]) for one in there["Bill"]),
        "new": [(name,) for name in sorted(names) if name.startswith(("Customer ", "Mug Makers", "A7102"))],
    }


def test_of_thirty_documents_in_one_batch_each_is_found_whose_answer_was_lost(
    online: Installation, books: Running
) -> None:
    """Fifteen orders, whose every batch is carried out, unanswered and forgotten, one after the other."""
    numbers = range(1, 16)
    for number in numbers:
        send_order(ADA_AT_ACME, online.id, order(number, f"Customer {number % 3}"), EVERYTHING)
    for _ in range(30):
        books.fault("cut_after", "/batch")
        pass_time(online)
        pump.deliver(online.id)
        long_after(books)
        requests.delete(f"{books.url}/_sandbox/faults", timeout=5)
        if posted():
            break
    go_on(online)
    assert posted()
    assert everything(books) == {
        "invoices": sorted((str(number), Decimal("218.50"), Decimal("118.50")) for number in numbers),
        "payments": sorted((f"Customer {number % 3}", Decimal("100.00"), Decimal("0.00")) for number in numbers),
        "orders": sorted((str(number), Decimal("110.50")) for number in numbers),
        "bills": [(Decimal("110.50"), "Mug Makers")] * 15,
        "new": [("A7102",), ("Customer 0",), ("Customer 1",), ("Customer 2",), ("Mug Makers",)],
    }


def test_looking_takes_as_many_questions_for_thirty_documents_as_for_one(online: Installation, books: Running) -> None:
    def questions(count: int) -> int:
        fields = {"TxnDate": "2026-11-12", "CustomerRef": {"value": "1"}, "VendorRef": {"value": "2"}, "Line": []}
        asked = tuple(
            Request(name="create", payload={"operation": "create", kind: fields}, writes=True)
            for kind in ("Invoice", "Payment", "Bill")
            for _ in range(count)
        )
        batch = Batch(idempotency_key="0" * 24, requests=asked, body="")
        ended, questions = answered(QuickBooksOnline().recover(batch), *[found("Invoice")] * 3)
        assert list(ended) == [None] * len(asked)
        return len(questions)

    assert questions(1) == questions(10) == 3


def test_a_search_that_is_refused_leaves_the_other_documents_alone(online: Installation, books: Running) -> None:
    """QuickBooks answers 4001 to one search (quickbooks-ruby issue 403): a person decides about that kind alone."""
    send_order(ADA_AT_ACME, online.id, order(1, "Customer 1"), EVERYTHING)
    books.fault("delay", "/batch", seconds=0)
    books.fault("cut_after", "/batch")
    pump.deliver(online.id)
    long_after(books)
    error = {"Message": "Invalid query", "Detail": "QueryValidationError: not queryable", "code": "4001"}
    body = simplejson.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}})
    books.fault("status", "/query", status=400, body=body, headers={"Content-Type": "application/json"})
    go_on(online)
    states = {one.kind: one.state for one in session().scalars(select(Delivery))}
    assert [kind for kind, state in states.items() if state is not DeliveryState.POSTED] == ["invoice", "payment"]
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).one()
    assert (stopped.kind, [one.code for one in problems_of(stopped.problems)]) == ("invoice", ["in-doubt"])
    there = {kind: len(books.books()[kind]) for kind in ("Invoice", "PurchaseOrder", "Bill", "Payment")}
    assert there == {"Invoice": 1, "PurchaseOrder": 1, "Bill": 1, "Payment": 0}


@pytest.mark.parametrize("note", ["Call them first", ""], ids=["written over", "wiped"])
def test_a_note_that_somebody_changed_meanwhile_leaves_the_invoice_known_by_its_figures(
    online: Installation, books: Running, note: str
) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    lose_the_invoice(online, books)
    (row,) = books.books()["Invoice"]
    edit(books, "invoice", row["Id"], {"PrivateNote": note})
    long_after(books)
    go_on(online)
    assert whole_ledger(books) == EXPECTED


def test_an_invoice_that_was_voided_meanwhile_is_not_entered_again(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), payments=()), Choices())
    lose_the_invoice(online, books)
    (row,) = books.books()["Invoice"]
    edit(books, "invoice?operation=void", row["Id"], {"SyncToken": row["SyncToken"]}, sparse=False)
    long_after(books)
    go_on(online)
    assert [(one["DocNumber"], one["TotalAmt"]) for one in books.books()["Invoice"]] == [("1042", Decimal(0))]


def test_what_somebody_entered_by_hand_is_not_taken_for_ours(online: Installation, books: Running) -> None:
    """Two orders of one day and customer that are alike to the cent; the second one's invoice never arrived."""
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), payments=()), Choices())
    pump.deliver(online.id)
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), id="1043", number="1043", payments=()), Choices())
    books.fault("cut_before", "/batch")
    pump.deliver(online.id)
    long_after(books)
    go_on(online)
    assert sorted(one["DocNumber"] for one in books.books()["Invoice"]) == ["1042", "1043"]
    assert posted()


def test_a_change_that_was_carried_out_is_not_carried_out_over_what_somebody_did_since(
    online: Installation, books: Running, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), payments=()), Choices())
    pump.deliver(online.id)
    line = replace(order_1042().lines[0], quantity=Decimal(50), amount=Decimal("115.00"))
    changed = replace(order_1042(), payments=(), lines=(line,), total=Decimal("103.50"))
    desk.orders["1042"] = changed
    send_order(ADA_AT_ACME, online.id, changed, Choices(updates=("invoice",)))
    books.fault("cut_after", "/batch")
    pump.deliver(online.id)
    (row,) = books.books()["Invoice"]
    assert row["TotalAmt"] == Decimal("103.50")
    edit(books, "invoice", row["Id"], {"CustomerMemo": {"value": "By hand"}})
    long_after(books)
    go_on(online)
    assert posted()
    (row,) = books.books()["Invoice"]
    assert (row["TotalAmt"], row["CustomerMemo"]["value"]) == (Decimal("103.50"), "By hand")


def test_a_change_that_was_lost_is_refused_with_a_way_out_if_the_invoice_was_deleted_meanwhile(
    online: Installation, books: Running, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), payments=()), Choices())
    pump.deliver(online.id)
    line = replace(order_1042().lines[0], quantity=Decimal(50), amount=Decimal("115.00"))
    desk.orders["1042"] = changed = replace(order_1042(), payments=(), lines=(line,), total=Decimal("103.50"))
    send_order(ADA_AT_ACME, online.id, changed, Choices(updates=("invoice",)))
    books.fault("cut_before", "/batch")
    pump.deliver(online.id)
    (row,) = books.books()["Invoice"]
    assert row["TotalAmt"] == Decimal("218.50")
    by_hand(books, "Invoice", {"Id": row["Id"], "SyncToken": row["SyncToken"]}, operation="delete")
    long_after(books)
    go_on(online)
    (delivery,) = session().scalars(select(Delivery).where(Delivery.kind == "invoice"))
    (problem,) = problems_of(delivery.problems)
    assert (delivery.state, delivery.reason) == (DeliveryState.STOPPED, StopReason.REJECTED)
    assert [fix.kind for fix in problem.fixes] == [FixKind.ANEW]
    assert books.books()["Invoice"] == []


def lose_the_invoice(online: Installation, books: Running) -> None:
    """Go on until the invoice is in the books and its answer is lost: customer and product take one trip."""
    books.fault("delay", "/batch", seconds=0)
    books.fault("cut_after", "/batch")
    pump.deliver(online.id)
    assert len(books.books()["Invoice"]) == 1
    assert not posted()


def edit(books: Running, path: str, entry_id: str, fields: dict[str, Any], *, sparse: bool = True) -> None:
    headers = {"Authorization": f"Bearer {books.grant()['access_token']}", "Accept": "application/json"}
    row = next(one for one in books.books()["Invoice"] if one["Id"] == entry_id)
    sent = {"Id": entry_id, "SyncToken": row["SyncToken"], **({"sparse": True} if sparse else {}), **fields}
    answer = requests.post(f"{books.url}/v3/company/{REALM}/{path}", json=sent, headers=headers, timeout=5)
    assert answer.status_code == 200, answer.text


def test_every_document_bears_a_mark_of_its_own(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    keys = {one.idempotency_key for one in session().scalars(select(BatchRow))}
    notes = [one["PrivateNote"] for kind in ("Invoice", "Payment") for one in books.books()[kind]]
    marks = {make_mark(key, place) for key in keys for place in range(1, 31)}
    assert len(notes) == 2
    assert len({note.rpartition("Ref. ")[2] for note in notes} & marks) == 2
    assert {one.state for one in session().scalars(select(Delivery))} == {"posted"}


def test_in_a_batch_one_of_which_is_refused_the_others_are_found_and_that_one_stops(
    online: Installation, books: Running
) -> None:
    for number in range(1, 31):
        order = replace(order_1042(), id=str(number), number=str(number), payments=())
        send_order(ADA_AT_ACME, online.id, order, Choices())
    other = books.books()["Customer"][0]
    detail = {"ItemRef": {"value": item(books)}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": detail}
    headers = {"Authorization": f"Bearer {books.grant()['access_token']}", "Accept": "application/json"}
    taken = {"DocNumber": "7", "CustomerRef": {"value": other["Id"]}, "Line": [line]}
    requests.post(f"{books.url}/v3/company/{REALM}/invoice", json=taken, headers=headers, timeout=5).raise_for_status()
    books.fault("delay", "/batch", seconds=0)
    books.fault("cut_after", "/batch")
    pump.deliver(online.id)
    assert len(books.books()["Invoice"]) == 30
    long_after(books)
    go_on(online)
    there = sorted((one["DocNumber"], one["TotalAmt"]) for one in books.books()["Invoice"])
    figures = {str(number): Decimal("218.50") for number in range(1, 31)} | {"7": Decimal("1.00")}
    assert there == sorted(figures.items())
    session().expire_all()
    stopped = session().scalars(select(Delivery).where(Delivery.state != "posted")).all()
    assert [(one.state, one.order_id) for one in stopped] == [("stopped", "7")]


def item(books: Running) -> str:
    return str(next(one["Id"] for one in books.books()["Item"] if one.get("Type") == "NonInventory"))
