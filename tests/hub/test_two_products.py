"""One organization sends its orders to two accounting products, whose ids collide."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from hub.books.refresh import refresh_lists
from hub.database import session
from hub.dispatch import pump
from hub.host import Company
from hub.installations.install import claim_attempt, finish_authorization, install_integration, start_authorization
from hub.integrations import registry
from hub.models import Delivery, Installation, Mapping
from hub.orders.deliveries import deliveries_of_order, last_choices
from hub.orders.send import send_order
from hub.orders.send_many import check_orders
from hub.planning.choices import Choices
from hub.states import DeliveryState
from tests.support.host import ACME, ADA_AT_ACME, Desk
from tests.support.pages import Browser
from tests.support.pretend import Ledger, Pretend

KAY = Company(id="99", name="Kay's Mugs")


class Other(Pretend):
    """Another product, with books of its own."""

    key = "other"
    label = "Other Books"


@pytest.fixture
def other_ledger() -> Ledger:
    """Books in which the customer 58 is another one, and nobody is called ABC Company."""
    return Ledger(customers=[{"id": "58", "name": KAY.name}])


@pytest.fixture
def first(installation: Installation, ledger: Ledger) -> Installation:
    """The books in which ABC Company is the customer 58, once the lists have been read again."""
    ledger.customers.append({"id": "58", "name": "ABC Company"})
    load(installation)
    return installation


@pytest.fixture
def second(app: Flask, first: Installation, other_ledger: Ledger) -> Installation:
    app.extensions["hub"].integrations["other"] = Other(other_ledger)
    found = install_integration(ADA_AT_ACME, "other")
    address = start_authorization(ADA_AT_ACME, found.id, "http://host/back")
    state = address.rpartition("state=")[2]
    claimed = claim_attempt(ADA_AT_ACME, "other", state)
    finish_authorization(ADA_AT_ACME, claimed, "http://host/back", {"books": "books-2", "state": state})
    session().add(Mapping(installation_id=found.id, role="income_account", record_id="4000", name="4000 Sales"))
    load(found)
    return found


def load(installation: Installation) -> None:

    refresh_lists(installation, registry.find_integration(installation.integration))
    session().commit()
    pump.deliver(installation.id)


def carry(installation: Installation) -> None:
    for _ in range(4):
        pump.deliver(installation.id)


@pytest.fixture
def sent(first: Installation, second: Installation, desk: Desk) -> list[Delivery]:
    """Order 1042, in the first books as an invoice for the customer 58, whom a rep chose."""
    send_order(ADA_AT_ACME, first.id, desk.orders["1042"], Choices(customer="58", accounts={"income_account": "4000"}))
    carry(first)
    found = deliveries_of_order(ACME.id, "1042")
    assert {one.state for one in found} == {DeliveryState.POSTED}
    return found


def test_what_was_chosen_for_one_product_is_not_chosen_for_another(
    sent: list[Delivery], first: Installation, second: Installation
) -> None:
    assert last_choices(first, sent).customer == "58"
    assert last_choices(second, sent) == Choices(tax=second.tax)


def test_what_was_chosen_before_the_same_books_were_connected_again_is_still_chosen(
    sent: list[Delivery], first: Installation
) -> None:
    again = Installation(
        organization_id=ACME.id, integration="pretend", installed_by="Ada", books_id=first.books_id, tax="item"
    )
    others = Installation(organization_id=ACME.id, integration="pretend", installed_by="Ada", books_id="books-9")
    nameless = Installation(organization_id=ACME.id, integration="pretend", installed_by="Ada", books_id="")
    assert [last_choices(one, sent).customer for one in (again, others, nameless)] == ["58", "", ""]


def test_many_orders_go_to_the_second_product_as_they_would_had_the_first_never_been(
    sent: list[Delivery], second: Installation, other_ledger: Ledger
) -> None:
    (checked,) = check_orders(second, ["1042"], ["invoice"])
    assert (checked.readiness, checked.entered) == ("ready", ["ABC Company"])
    send_order(ADA_AT_ACME, second.id, checked.order, checked.choices)
    carry(second)
    created = next(one for one in other_ledger.customers if one["name"] == "ABC Company")
    assert [one["customer"] for one in other_ledger.invoices] == [created["id"]] != ["58"]


def test_the_dialog_of_the_second_product_is_filled_in_anew(
    sent: list[Delivery], first: Installation, second: Installation, browser: Browser
) -> None:
    shown = browser.get(f"/hub/orders/1042/send?installation={second.id}").text
    assert 'name="documents"' in shown
    assert 'value="58" selected' not in shown
    done = browser.get(f"/hub/orders/1042/send?installation={first.id}").text
    assert 'name="documents"' not in done


def test_without_being_asked_where_the_dialog_is_about_where_the_order_went(
    sent: list[Delivery], second: Installation, browser: Browser, desk: Desk
) -> None:
    assert 'name="documents"' not in browser.get("/hub/orders/1042/send").text
    desk.copy_order("2042", payments=())
    send_order(ADA_AT_ACME, second.id, replace(desk.orders["2042"], payments=()), Choices())
    carry(second)
    assert 'name="documents"' not in browser.get("/hub/orders/2042/send").text
