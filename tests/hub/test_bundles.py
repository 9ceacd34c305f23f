"""How a press on Send for many orders is kept: workers queue it, whatever happens to them and to the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from hub import jobs
from hub.database import session
from hub.dispatch import due, pump
from hub.host import Order, Permission, User
from hub.installations.install import remove_installation
from hub.models import Bundle, Delivery, Installation
from hub.orders import bundles
from tests.support.host import ADA, ADA_AT_ACME, Desk
from tests.support.pages import Browser, count_queries, problem_codes
from tests.support.pretend import Ledger
from tests.support.send_many import (
    FEW,
    MANY,
    SOME,
    die_before_commit,
    hidden,
    press,
    progress,
    queue_first_part,
    send_all,
    text,
    work,
)

BEN = User(id="ben", name="Ben", teams=frozenset({"sales"}))


def queued() -> list[str | None]:
    query = select(Delivery.order_id).where(Delivery.kind == "invoice").order_by(Delivery.order_id)
    return list(session().scalars(query))


def test_pressing_takes_one_insert_and_no_preparation_however_many_orders(
    app: Flask, browser: Browser, installation: Installation, orders: Desk
) -> None:
    def statements(ids: list[str]) -> list[str]:
        seen = count_queries(app)
        press(browser, ids)
        return seen[next(n for n, one in enumerate(seen) if "INSERT" in one) - 1 :]

    few, many = statements(FEW), statements(MANY)
    assert [one.split()[0] for one in few] == [one.split()[0] for one in many]
    assert [one.split()[:3] for one in many if "INSERT" in one] == [["INSERT", "INTO", "hub_bundle"]]
    assert queued() == []


@pytest.mark.databases("sqlite", "postgresql")
def test_a_double_click_makes_one_bundle(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    asked = browser.post("/hub/orders/send", {"id": FEW}, htmx=True).text
    key = hidden(asked, "key")[0]
    first = press(browser, FEW, key=key)
    assert press(browser, FEW, key=key) == first
    assert len(session().scalars(select(Bundle)).all()) == 1
    again = hidden(browser.post("/hub/orders/send", {"id": FEW}, htmx=True).text, "key")[0]
    assert press(browser, FEW, key=again) != first


@pytest.mark.databases("sqlite", "postgresql")
def test_a_worker_that_dies_while_it_queues_leaves_each_order_queued_or_left(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    page = press(browser, SOME)
    queue_first_part(1)
    die_before_commit(1)
    assert queued() == SOME[:20]
    assert session().get_one(Bundle, 1).left == SOME[20:]
    assert bundles.find_due_bundles() == [], "A worker that was here a moment ago is given the time of a lease."
    session().get_one(Bundle, 1).due_at = session().get_one(Bundle, 1).sent_at
    session().commit()
    jobs.sweep()
    work()
    assert queued() == SOME
    assert progress(browser.get(page).text) == {"total": 30, "queued": 30, "good": 0, "bad": 0}


def test_who_lost_the_permission_meanwhile_sends_nothing_more(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    page = press(browser, SOME)
    queue_first_part(1)
    orders.permissions = {Permission.VIEW, Permission.MANAGE}
    bundles.send_bundle(1)
    orders.permissions = set(Permission)
    assert queued() == SOME[:20]
    shown = browser.get(page).text
    assert progress(shown) == {"total": 30, "queued": 30, "good": 0, "bad": 10}
    assert problem_codes(shown) == ["not-permitted"] * 10


def test_visible_to_is_asked_of_the_person_who_pressed_as_the_host_knows_that_person_by_then(
    browser: Browser, installation: Installation, orders: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.visible_to = {"who": "teams", "ids": ["sales"]}
    session().commit()
    orders.signed_in = BEN
    press(browser, FEW[:1])
    work()
    assert queued() == FEW[:1], "The host does not list Ben, so what it said of him then still holds."
    press(browser, FEW[1:])
    monkeypatch.setattr(orders, "users", lambda _: [ADA, replace(BEN, teams=frozenset({"office"}))])
    work()
    assert queued() == FEW[:1]
    assert set(session().get_one(Bundle, 2).problems) == set(FEW[1:])
    assert session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one().sent_by == "Ben"


def test_an_installation_that_was_removed_meanwhile_says_so(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    press(browser, FEW)
    remove_installation(ADA_AT_ACME, installation.id)
    work()
    assert queued() == []
    kept = bundles.problems_by_order(session().get_one(Bundle, 1))
    assert {problem.code for problems in kept.values() for problem in problems} == {"not-connected"}
    assert bundles.find_due_bundles() == []


def test_an_order_that_breaks_its_host_is_left_out_with_a_reference_and_holds_up_no_other(
    browser: Browser, installation: Installation, orders: Desk, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    page = press(browser, SOME)
    some_orders = orders.some_orders

    def breaking(organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        if "3005" in order_ids:
            raise ZeroDivisionError
        return some_orders(organization_id, order_ids)

    with monkeypatch.context() as patched:
        patched.setattr(orders, "some_orders", breaking)
        work()
    del orders.orders["3029"]
    assert queued() == [one for one in SOME if one != "3005"]
    shown = browser.get(page).text
    assert progress(shown) == {"total": 30, "queued": 30, "good": 0, "bad": 1}
    assert problem_codes(shown) == ["crashed"]
    references = re.findall(r"\[(\w{8})\]", caplog.text)
    assert references[-1] in shown, "The page names the reference that is in the log."


def test_an_order_that_is_gone_by_then_is_counted_as_not_sent(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    page = press(browser, FEW)
    del orders.orders["3001"]
    work()
    assert queued() == ["3000", "3002"]
    assert progress(browser.get(page).text) == {"total": 3, "queued": 3, "good": 0, "bad": 1}


def test_what_was_not_sent_can_be_looked_at_again_and_what_somebody_has_sent_since_is_shown_as_sent(
    browser: Browser, installation: Installation, orders: Desk, ledger: Ledger
) -> None:
    right = orders.orders["3001"]
    orders.orders["3001"] = replace(right, total=right.total + 1)
    shown = send_all(browser, FEW)
    assert problem_codes(shown) == ["does-not-add-up"]
    assert hidden(shown, "id") == ["3001"]
    orders.orders["3001"] = right
    again = browser.get("/hub/orders/send?within=1&documents=invoice&id=3001")
    assert progress(again.text) == {"ready": 1, "choice": 0, "done": 0}
    send_all(browser, ["3001"])
    while due.find_due_installations():
        pump.deliver(installation.id)
    assert progress(browser.get("/hub/orders/sent/1").text) == {"total": 3, "queued": 3, "good": 3, "bad": 0}
    assert sorted(one["number"] for one in ledger.invoices) == FEW


@pytest.mark.databases("sqlite", "postgresql")
def test_whoever_comes_to_the_list_is_shown_what_was_sent_together(
    browser: Browser, installation: Installation, orders: Desk
) -> None:
    press(browser, SOME)
    queue_first_part(1)
    orders.signed_in = BEN
    bar = browser.get("/hub/orders/bar", htmx=True).text
    assert 'data-total="30"' in bar
    assert "Ada Admin" in text(bar)
    assert re.search(r"\b20\b.*\b30\b", text(bar)), "20 of 30 are queued."
    assert "every 3s" in bar
    bundles.send_bundle(1)
    lately = browser.get("/hub/orders/sent", htmx=True).text
    assert "Ada Admin" in text(lately)
    assert "every 3s" not in lately
    followed = progress(browser.get("/hub/orders/sent/1", htmx=True).text)
    assert followed == {"total": 30, "queued": 30, "good": 0, "bad": 0}
    orders.permissions = {Permission.VIEW}
    assert "Ada Admin" not in browser.get("/hub/orders/sent", htmx=True).text


def test_without_a_worker_the_pages_say_that_nothing_moves_and_nothing_is_lost(
    app: Flask, browser: Browser, installation: Installation, orders: Desk
) -> None:
    pages = (press(browser, FEW), "/hub/orders/bar")
    before = [text(browser.get(page).text) for page in pages]
    app.config["HUB_STUCK_SECONDS"] = 0
    after = [text(browser.get(page).text) for page in pages]
    assert [len(late) > len(early) for late, early in zip(after, before, strict=True)] == [True, True]
    assert progress(browser.get(pages[0]).text) == {"total": 3, "queued": 0, "good": 0, "bad": 0}
    jobs.sweep()
    work()
    assert queued() == FEW


def test_following_200_orders_takes_as_many_queries_as_following_three(
    app: Flask, browser: Browser, installation: Installation, orders: Desk
) -> None:
    def queries(page: str) -> int:
        session().expunge_all()
        seen = count_queries(app)
        before = len(seen)
        assert browser.client.get(page).status_code == 200
        return len(seen) - before

    few, many = press(browser, FEW), press(browser, MANY)
    work()
    assert queued() == MANY
    assert queries(few) == queries(many)
