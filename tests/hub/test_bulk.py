"""Many orders at once: what is ready, what is not and why, and that sending them is sending each once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import select

from hub import order_ids
from hub.database import session
from hub.dispatch import due, pump
from hub.host import OrderState, Permission, User
from hub.models import Delivery, Installation
from hub.orders import bundles
from hub.orders.deliveries import deliveries_of_order
from tests.support.host import Desk
from tests.support.pages import Browser, count_queries, problem_codes
from tests.support.pretend import Ledger
from tests.support.send_many import (
    FEW,
    MANY,
    SOME,
    form,
    hidden,
    press,
    progress,
    queue_first_part,
    send_all,
    text,
)


def test_the_dialog_says_what_is_ready_what_needs_a_choice_and_what_is_there(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    send_all(browser, ["3000"])
    orders.orders["3001"] = replace(orders.orders["3001"], total=orders.orders["3001"].total + 1)
    page = browser.post("/hub/orders/send", {"id": FEW}, htmx=True)
    assert page.status_code == 200
    assert progress(page.text) == {"ready": 1, "choice": 1, "done": 1}
    assert problem_codes(page.text) == ["does-not-add-up"]
    assert "Company 3002" in text(page.text), "It is named as a new customer."
    assert hidden(page.text.partition("/hub/orders/sent")[2], "id") == ["3002"]
    assert [one.order_id for one in session().scalars(select(Delivery).where(Delivery.kind == "invoice"))] == ["3000"]


def test_looking_at_200_orders_takes_as_many_queries_as_looking_at_three(
    app: Flask, browser: Browser, installation: Installation, orders: Desk
) -> None:
    def queries(ids: list[str]) -> int:
        seen = count_queries(app)
        before = len(seen)
        answer = browser.client.get("/hub/orders/send?" + "&".join(f"id={one}" for one in ids))
        assert progress(answer.text) == {"ready": len(ids), "choice": 0, "done": 0}
        return len(seen) - before

    few = queries(FEW)
    assert queries(MANY) == few


def test_many_orders_arrive_once_each_however_often_they_are_sent(
    browser: Browser, installation: Installation, orders: Desk, ledger: Ledger
) -> None:
    first, again = press(browser, SOME), press(browser, SOME)
    assert first != again
    assert progress(browser.get(first).text)["queued"] == 0
    queue_first_part(1)
    assert progress(browser.get(first).text)["queued"] == 20
    bundles.send_bundle(1)
    bundles.send_bundle(2)
    send_all(browser, SOME[:20])
    while due.find_due_installations():
        pump.deliver(installation.id)
    assert sorted(one["number"] for one in ledger.invoices) == SOME
    assert (len(ledger.payments), len(ledger.customers), len(ledger.items)) == (30, 30, 1)
    for address in (first, again):
        done = browser.get(address, htmx=True).text
        assert progress(done) == {"total": 30, "queued": 30, "good": 30, "bad": 0}
        assert "every 2s" not in done


def test_one_that_cannot_be_sent_does_not_hold_up_the_others(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    orders.orders["3001"] = replace(orders.orders["3001"], total=orders.orders["3001"].total + 1)
    page = send_all(browser, FEW)
    assert progress(page) == {"total": 3, "queued": 3, "good": 0, "bad": 1}
    assert problem_codes(page) == ["does-not-add-up"]
    sent = session().scalars(select(Delivery.order_id).where(Delivery.kind == "invoice").order_by(Delivery.id))
    assert list(sent) == ["3000", "3002"]


def test_what_is_sent_together_is_what_is_sent_alone(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    browser.post("/hub/orders/3000/send", {"documents": "invoice", "customer": "", "tax": ""})
    send_all(browser, ["3001"])
    alone, together = (deliveries_of_order("acme", number) for number in ("3000", "3001"))

    def written(deliveries: list[Delivery], number: str) -> list[Any]:
        said = [(one.kind, one.title, one.state, one.sent_by, str(one.subject)) for one in deliveries]
        return [tuple(str(value).replace(number, "N") for value in one) for one in said]

    assert written(alone, "3000") == written(together, "3001")


def test_more_than_200_are_not_taken_at_once(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    orders.copy_order("4000")
    page = browser.post("/hub/orders/send", {"id": [*MANY, "4000"]}, htmx=True)
    assert re.search(r"\b200\b.*\b1\b", text(page.text)), "200 are sent at once, 1 is left out."
    assert len(hidden(page.text.partition("/hub/orders/sent")[2], "id")) == 200


def test_who_may_not_send_has_no_bar_and_sends_nothing(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    assert "<form" in browser.get("/hub/orders/bar", htmx=True).text
    installation.visible_to = {"who": "users", "ids": ["ada"]}
    installation.documents = ["bill"]
    session().commit()
    assert browser.post("/hub/orders/sent", form(FEW), htmx=True).status_code == 422
    orders.signed_in = User(id="eve", name="Eve")
    assert "<form" not in browser.get("/hub/orders/bar", htmx=True).text
    orders.permissions = {Permission.VIEW}
    for path in ("/hub/orders/send", "/hub/orders/sent"):
        assert browser.post(path, form(FEW)).status_code in {400, 403}, path
    assert session().scalars(select(Delivery)).all() == []


def test_the_bar_says_that_nothing_is_connected_yet_to_who_might_send(
    browser: Browser, desk: Desk
) -> None:
    bar = browser.get("/hub/orders/bar", htmx=True).text
    assert "<form" not in bar
    assert text(bar).strip()
    desk.permissions = {Permission.VIEW}
    assert text(browser.get("/hub/orders/bar", htmx=True).text).strip() == ""


def test_orders_are_found_by_their_state(
    browser: Browser, installation: Installation, orders: Desk, ledger: Ledger
) -> None:
    def found(state: OrderState) -> set[str | None]:
        return set(session().scalars(order_ids("acme", state)))

    ledger.refuses = lambda payload: "No." if payload.get("invoices", {}).get("number") == "3001" else ""
    send_all(browser, ["3000", "3001"])
    while due.find_due_installations():
        pump.deliver(installation.id)
    send_all(browser, ["3002"])
    assert found(OrderState.UNSENT) == {"3000", "3001", "3002"}
    assert found(OrderState.POSTED) == {"3000"}
    assert found(OrderState.ATTENTION) == {"3001"}
    assert found(OrderState.MOVING) == {"3002"}
    assert set(session().scalars(order_ids("other", OrderState.POSTED))) == set()
