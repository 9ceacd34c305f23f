"""A purchase order or bill whose order changed: the dialog says so, and changes it where the books can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from flask import Flask

from hub.database import session
from hub.host import Order
from hub.models import Installation
from hub.services.carrying import carrying
from hub.services.drafting.choices import Choices
from hub.services.drafting.revising import Revisable
from hub.services.integrations import registry
from hub.services.sending import sending
from sandbox.online import Running
from tests.hub.conftest import ADA, Desk
from tests.hub.test_carrying import pass_time
from tests.journeys.batches import EVERYTHING
from tests.journeys.batches import order as bought
from tests.journeys.desktop import Office, serving, whole_file
from tests.journeys.test_order_1042 import posted

BOTH = ("purchase_order/s1", "bill/s1")


def fewer() -> Order:
    """Eighty mugs instead of a hundred, and they cost more; it is invoiced as it was."""
    plain = bought(1042)
    line = replace(plain.lines[0], cost=Decimal("1.25"))
    return replace(plain, lines=(line,))


def purchases(books: Running) -> dict[str, object]:
    found = books.books()
    (order,), (bill,) = found["PurchaseOrder"], found["Bill"]
    answered = [(link["TxnId"], link["TxnLineId"]) for line in bill["Line"] for link in line.get("LinkedTxn", ())]
    return {
        "order": (order["DocNumber"], order["TotalAmt"], order["POStatus"]),
        "bill": (bill["DocNumber"], bill["TotalAmt"], bill["Balance"]),
        "linked": answered == [(order["Id"], line["Id"]) for line in order["Line"]],
    }


SENT = {"order": ("1042", Decimal("110.50"), "Closed"), "bill": ("1042", Decimal("110.50"), Decimal("110.50")),
        "linked": True}  # fmt: skip
CHANGED = {"order": ("1042", Decimal("125.00"), "Closed"), "bill": ("1042", Decimal("125.00"), Decimal("125.00")),
           "linked": True}  # fmt: skip


@pytest.fixture
def sent(online: Installation) -> Installation:
    sending.send(online.id, bought(1042), EVERYTHING, ADA)
    carrying.carry(online.id)
    return online


def revisions(installation: Installation, order: Order) -> list[Revisable]:
    session().expire_all()
    return sending.revisions(installation, order, Choices())


def test_what_changed_is_said_and_a_tick_changes_it_in_the_books(sent: Installation, books: Running) -> None:
    assert revisions(sent, bought(1042)) == []
    found = revisions(sent, fewer())
    assert [(one.about, one.can_update) for one in found] == [(about, True) for about in BOTH]
    for one in found:
        totals = [(change.before, change.after) for change in one.changes if change.what == "Total"]
        assert totals == [("110.50", "125.00")]
    sending.send(sent.id, fewer(), Choices(), ADA)
    carrying.carry(sent.id)
    assert purchases(books) == SENT, "Not without a tick."
    sending.send(sent.id, fewer(), Choices(updates=BOTH), ADA)
    carrying.carry(sent.id)
    assert purchases(books) == CHANGED
    assert posted()
    assert revisions(sent, fewer()) == []


@pytest.mark.parametrize("about", BOTH)
def test_one_of_the_two_can_be_changed_alone(sent: Installation, books: Running, about: str) -> None:
    sending.send(sent.id, fewer(), Choices(documents=(), updates=(about,)), ADA)
    carrying.carry(sent.id)
    name = "order" if about == "purchase_order/s1" else "bill"
    assert purchases(books) == SENT | {name: CHANGED[name]}
    assert [one.about for one in revisions(sent, fewer())] == [one for one in BOTH if one != about]


@pytest.mark.parametrize(("trip", "kind"), list(product(range(3), ["cut_before", "cut_after"])))
def test_wherever_the_line_is_cut_they_are_changed_and_not_entered_twice(
    sent: Installation, books: Running, trip: int, kind: str
) -> None:
    sending.send(sent.id, fewer(), Choices(updates=BOTH), ADA)
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        carrying.carry(sent.id)
        pass_time(sent)
    assert purchases(books) == CHANGED
    assert posted()


def test_a_bill_that_is_sent_later_answers_the_purchase_order_that_is_there(
    online: Installation, books: Running
) -> None:
    sending.send(online.id, bought(1042), Choices(documents=("purchase_order",)), ADA)
    carrying.carry(online.id)
    sending.send(online.id, bought(1042), Choices(documents=("bill",)), ADA)
    carrying.carry(online.id)
    assert purchases(books) == SENT


# ── QuickBooks Desktop ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load()
    assert broken == ()
    with serving(app) as url:
        found = Office.open(url, tmp_path)
        found.connect()
        yield found


def test_what_cannot_be_changed_from_here_is_said_and_never_entered_again(
    app: Flask, office: Office, desk: Desk
) -> None:
    sending.send(office.installation.id, bought(1042), EVERYTHING, ADA)
    assert office.update()[-1] == "OK"
    before = whole_file(office.company)
    desk.orders["1042"] = fewer()
    assert [(one.about, one.can_update) for one in revisions(office.installation, fewer())] == [
        (about, False) for about in BOTH
    ]  # fmt: skip
    page = app.test_client().get("/hub/orders/1042/send").text
    assert "Changed since it was sent: Purchase order 1042" in page
    assert "Change it in QuickBooks by hand." in page
    sending.send(office.installation.id, fewer(), Choices(updates=BOTH), ADA)
    office.update()
    assert whole_file(office.company) == before
