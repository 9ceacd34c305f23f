"""A kind of document takes its declaration, its builder and a handler, and nothing else.

The estimate lives in `tests.support.estimates`. It is sent, shown, refused and tried again, changed and voided here,
and no file of the hub knows of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import select

import hub
from hub.database import session
from hub.dispatch import pump
from hub.host import Order
from hub.models import Bundle, Delivery, Installation
from hub.orders.bundles import send_bundle
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.kinds import document_builders
from hub.planning.plans import Action
from hub.plugin import document_kinds
from hub.states import DeliveryState
from tests.support.differences import find_differences
from tests.support.estimates.builder import EstimateBuilder
from tests.support.estimates.declaration import ESTIMATE, Estimate
from tests.support.estimates.handler import Estimating, EstimatingLedger
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.pages import Browser

WANTED = Choices(documents=(Estimate.kind,))


@pytest.fixture
def ledger() -> EstimatingLedger:
    return EstimatingLedger()


@pytest.fixture
def estimating(
    app: Flask, installation: Installation, ledger: EstimatingLedger, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    """An installation of a product whose plugin has a handler for estimates."""
    monkeypatch.setitem(cast("dict[str, Any]", document_kinds()), ESTIMATE.key, ESTIMATE)
    monkeypatch.setitem(cast("dict[str, Any]", document_builders()), ESTIMATE.key, EstimateBuilder())
    app.extensions["hub"].integrations = {"pretend": Estimating(ledger)}
    installation.documents = [*installation.documents, Estimate.kind]
    session().commit()
    return installation


def more_of_it() -> Order:
    line = replace(order_1042().lines[0], quantity=Decimal(110), amount=Decimal("253.00"))
    return replace(order_1042(), lines=(line,), total=Decimal("241.50"))


def carry(installation: Installation) -> Delivery:
    for _ in range(3):
        pump.deliver(installation.id)
    session().expire_all()
    return session().scalars(select(Delivery).where(Delivery.kind == Estimate.kind)).one()


def test_an_estimate_is_sent_with_its_new_customer_and_item(
    estimating: Installation, ledger: EstimatingLedger
) -> None:
    send_order(ADA_AT_ACME, estimating.id, order_1042(), WANTED)
    sent = carry(estimating)
    assert (sent.state, sent.title, sent.posting_total) == (DeliveryState.POSTED, "Estimate 1042", Decimal("218.50"))
    assert [(one["number"], one["total"]) for one in ledger.estimates] == [("1042", Decimal("218.50"))]
    assert [one["name"] for one in ledger.customers] == ["ABC Company"]
    assert (ledger.invoices, ledger.payments) == ([], [])


def test_an_estimate_is_offered_shown_and_followed(estimating: Installation, browser: Browser) -> None:
    dialog = browser.get("/hub/orders/1042/send").text
    assert 'name="documents" value="estimate"' in dialog
    preview = browser.post("/hub/orders/1042/send/preview", {"documents": "estimate", "tax": "", "customer": ""})
    assert "Estimate 1042" in preview.text
    assert "Invoice 1042" not in preview.text
    status = browser.post("/hub/orders/1042/send", {"documents": "estimate", "tax": "", "customer": ""}, htmx=True)
    assert "Estimate 1042" in status.text
    assert "Estimate 1042" in browser.get(f"/hub/installations/{estimating.id}/activity").text
    assert "Estimates" in browser.get(f"/hub/installations/{estimating.id}/details").text


def test_estimates_of_many_orders_are_offered_and_sent(
    estimating: Installation, ledger: EstimatingLedger, browser: Browser
) -> None:
    asked = browser.post("/hub/orders/send", {"id": "1042", "within": "1", "documents": Estimate.kind}).text
    assert re.search(r'value="estimate" checked>\s*Estimates', asked)
    assert 'data-ready="1"' in asked
    browser.post("/hub/orders/sent", {"id": "1042", "within": "1", "documents": Estimate.kind})
    send_bundle(session().scalars(select(Bundle.id)).one())
    assert carry(estimating).state is DeliveryState.POSTED
    assert (len(ledger.estimates), ledger.invoices) == (1, [])


def test_an_estimate_that_was_refused_is_tried_again(estimating: Installation, ledger: EstimatingLedger) -> None:
    ledger.refuses = lambda payload: "Not today." if "estimates" in payload else ""
    send_order(ADA_AT_ACME, estimating.id, order_1042(), WANTED)
    stopped = carry(estimating)
    assert stopped.state is DeliveryState.STOPPED
    ledger.refuses = lambda _: ""
    retry_delivery(ADA_AT_ACME, stopped.id)
    assert carry(estimating).state is DeliveryState.POSTED
    assert len(ledger.estimates) == 1


def test_an_estimate_is_changed_after_its_order(
    estimating: Installation, ledger: EstimatingLedger, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, estimating.id, order_1042(), WANTED)
    carry(estimating)
    desk.orders["1042"] = more_of_it()
    (found,) = find_differences(estimating, more_of_it(), WANTED)
    assert (found.about, found.way) == ("estimate", Action.UPDATE)
    send_order(ADA_AT_ACME, estimating.id, more_of_it(), replace(WANTED, updates=("estimate",)))
    assert carry(estimating).posting_total == Decimal("241.50")
    assert [(one["revises"], one["total"]) for one in ledger.estimates] == [
        ("", Decimal("218.50")), ("estimates-1", Decimal("241.50"))
    ]  # fmt: skip
    assert find_differences(estimating, more_of_it(), WANTED) == []


def test_an_estimate_of_a_cancelled_order_is_voided(
    estimating: Installation, ledger: EstimatingLedger, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, estimating.id, order_1042(), WANTED)
    carry(estimating)
    cancelled = desk.orders["1042"] = replace(order_1042(), cancelled=True)
    (found,) = find_differences(estimating, cancelled, WANTED)
    assert (found.about, found.way) == ("estimate", Action.VOID)
    send_order(ADA_AT_ACME, estimating.id, cancelled, replace(WANTED, updates=("estimate",)))
    voided = carry(estimating)
    assert (voided.state, voided.voids) == (DeliveryState.POSTED, True)
    assert [one["total"] for one in ledger.estimates] == [Decimal("218.50"), Decimal("0.00")]
    assert find_differences(estimating, cancelled, WANTED) == []


def test_no_file_of_the_hub_knows_of_estimates() -> None:
    files = list(Path(hub.__file__).parent.rglob("*.py"))
    assert len(files) > 100
    assert [path.name for path in files if "estimate" in path.read_text(encoding="utf-8").casefold()] == []
