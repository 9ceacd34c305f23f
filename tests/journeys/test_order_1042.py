"""Order 1042 into the sandbox's books, with the real plugin, and every way in which the line can be cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.dispatch import credentials, pump
from hub.errors import Incomplete
from hub.installations.install import remove_installation
from hub.integrations import registry
from hub.models import BatchRow, Delivery, Installation, Listing
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import PushIntegration, RecordKind, Rejected, TransactionKind
from hub.serialization import problems_of
from hub.states import DeliveryState, InstallationState
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import EXPECTED, consent, posted, whole_ledger


def test_installing_reads_the_company_and_its_lists(online: Installation) -> None:
    assert online.state is InstallationState.CONNECTED
    assert (online.books_name, online.books_country, online.books_currency) == ("Sandbox Company_US_1", "US", "USD")
    listings = session().scalars(select(Listing)).all()
    assert {one.kind for one in listings} == {*RecordKind, *TransactionKind}
    assert all(not one.loading and one.loaded == one.total for one in listings), [
        (one.kind, one.loaded, one.total, one.problem) for one in listings
    ]


def test_order_1042_arrives_with_exactly_its_figures(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert not [one.problems for one in session().scalars(select(Delivery)) if one.problems]


@pytest.mark.parametrize(("trip", "kind"), list(product(range(6), ["cut_before", "cut_after"])))
def test_a_line_cut_at_any_trip_loses_nothing_and_doubles_nothing(
    online: Installation, books: Running, trip: int, kind: str
) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        pump.deliver(online.id)
        pass_time(online)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert session().scalar(select(BatchRow.id).where(BatchRow.state != "answered")) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_is_waited_out(online: Installation, books: Running, status: int) -> None:
    books.fault("status", "/batch", times=2, status=status, body="<html>Sorry</html>")
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    session().expire_all()
    assert online.trouble
    for _ in range(3):
        pass_time(online)
        pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    session().expire_all()
    assert online.trouble == ""


def test_a_token_that_ran_out_is_renewed_on_the_way(online: Installation, books: Running) -> None:
    books.control("clock", {"advance_seconds": 7200})
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED


def test_a_grant_that_was_taken_back_waits_for_an_admin_and_then_goes_on(
    app: Flask, online: Installation, books: Running
) -> None:
    app.config["HUB_CONFIRM_SECONDS"] = 0  # A loss is believed at the second refusal, after this.
    books.control("clock", {"advance_days": 102})
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    pass_time(online)
    pump.deliver(online.id)
    session().expire_all()
    assert online.state is InstallationState.EXPIRED
    consent(online, books)
    pass_time(online)
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED


def test_books_that_answer_too_slowly_are_asked_again_and_hold_everything_once(
    online: Installation, books: Running, app: Flask
) -> None:
    app.config["HUB_QUICKBOOKS_ONLINE_TIMEOUT"] = "1"
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    books.fault("delay", "/batch", times=2, seconds=1.5)
    for _ in range(4):
        pump.deliver(online.id)
        pass_time(online)
    assert whole_ledger(books) == EXPECTED


@pytest.mark.parametrize(
    ("name", "code"),
    [("Smith: Sons", "name-characters"), ("Tab\tTavern", "name-characters"), ("Long " * 120, "too-long")],
)
def test_a_name_that_the_books_refuse_is_known_before_sending(
    online: Installation, books: Running, name: str, code: str
) -> None:
    order = order_1042()
    with pytest.raises(Incomplete) as refused:
        send_order(ADA_AT_ACME, online.id, replace(order, company=replace(order.company, name=name)), Choices())
    problem = refused.value.problems[0]
    assert (problem.field, problem.code) == ("customer", code)
    assert session().scalars(select(Delivery)).all() == []
    assert whole_ledger(books)["invoices"] == []


def test_a_customer_that_is_already_an_employee_stops_with_a_sentence_and_another_choice_cures_it(
    online: Installation, books: Running
) -> None:
    order = order_1042()
    order = replace(order, company=replace(order.company, name="Emily Platt"))
    send_order(ADA_AT_ACME, online.id, order, Choices())
    pump.deliver(online.id)
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert [one.kind for one in stopped] == ["customer"]
    (problem,) = problems_of(stopped[0].problems)
    assert (problem.field, problem.code) == ("customer", "name-of-another-kind")
    assert "Emily Platt" in problem.what
    assert whole_ledger(books)["invoices"] == []
    other = next(one for one in books.books()["Customer"] if one["DisplayName"] == "Zenith Yoga")
    send_order(ADA_AT_ACME, online.id, order, Choices(customer=other["Id"]))
    pump.deliver(online.id)
    assert [one[:2] for one in whole_ledger(books)["invoices"]] == [("1042", "Zenith Yoga")]
    assert posted_or_cancelled()


def posted_or_cancelled() -> bool:
    session().expire_all()
    return {one.state for one in session().scalars(select(Delivery))} <= {DeliveryState.POSTED, DeliveryState.CANCELLED}


def test_a_denied_consent_and_a_foreign_realm_leave_everything_as_it_was(online: Installation, books: Running) -> None:
    with pytest.raises(Rejected) as refused:
        consent(online, books, realm="4620816365000000002")
    assert [one.code for one in refused.value.problems] == ["other-books"]
    session().rollback()
    session().expire_all()
    assert online.books_id == "4620816365000000001"
    assert online.state is InstallationState.CONNECTED
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED


def test_uninstalling_gives_the_authorization_back(online: Installation, books: Running) -> None:
    integration = registry.find_integration("quickbooks_online")
    assert isinstance(integration, PushIntegration)
    token = credentials.connection_of(online, integration).credentials["access_token"]

    def status() -> int:
        address = f"{books.url}/v3/company/{REALM}/preferences"
        return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code

    assert status() == 200
    remove_installation(ADA_AT_ACME, online.id)
    assert status() == 401
    assert online.credential is None
