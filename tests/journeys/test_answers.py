"""What a person can answer to a problem, before sending and after: another date, number or name, or what is there."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import description
from hub.database import now, session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.host import Order
from hub.installations.install import reload_lists
from hub.models import Delivery, Installation
from hub.orders.deliveries import last_choices
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Problem
from hub.queue import commit
from hub.serialization import problems_of
from hub.states import DeliveryState
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.online import by_hand, look, look_again, posted, whole_ledger

NOVEMBER_15 = {"AccountingInfoPrefs": {"BookCloseDate": "2026-11-15"}}




def send(installation: Installation, answers: Mapping[str, str] | None = None) -> None:
    send_order(ADA_AT_ACME, installation.id, order_1042(), Choices(answers=answers or {}))
    pump.deliver(installation.id)
    session().expire_all()


def refused(installation: Installation, answers: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(Incomplete) as stopped:
        send_order(ADA_AT_ACME, installation.id, order_1042(), Choices(answers=answers or {}))
    return stopped.value.problems


def stopped() -> tuple[Delivery, Problem]:
    """The only delivery that stopped, and why."""
    session().expire_all()
    (found,) = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED))
    (problem,) = problems_of(found.problems)
    return found, problem


def again(installation: Installation, delivery: Delivery, **answers: str) -> None:
    retry_delivery(ADA_AT_ACME, delivery.id, answers)
    pump.deliver(installation.id)
    session().expire_all()


def dates(books: Running) -> list[tuple[str, str]]:
    found = books.books()
    return [(kind, one["TxnDate"]) for kind in ("Invoice", "Payment") for one in found[kind]]


def test_closed_books_are_known_before_sending_and_another_day_cures_it(online: Installation, books: Running) -> None:
    books.control(f"preferences/{REALM}", NOVEMBER_15)
    look(online)
    problems = refused(online)
    assert {problem.field for problem in problems} == {"date"}
    (offer,) = {offer for problem in problems for offer in problem.fixes}
    assert (offer.kind, offer.value) == ("date", "2026-11-16")
    assert books.books()["Invoice"] == []
    send(online, {"date": "2026-11-16"})
    assert dates(books) == [("Invoice", "2026-11-16"), ("Payment", "2026-11-16")]
    assert posted()


def test_books_closed_at_the_last_moment_lead_to_the_same_cure(online: Installation, books: Running) -> None:
    books.control(f"preferences/{REALM}", NOVEMBER_15)
    online.checked_at = now() - dt.timedelta(hours=1)
    commit()
    send(online)
    delivery, problem = stopped()
    assert (problem.field, problem.code) == ("date", "6210")
    assert description.known_books(online).closed_until == dt.date(2026, 11, 15)  # It has been asked since.
    again(online, delivery, date="2026-11-16")
    pass_time(online)
    assert dates(books)[0] == ("Invoice", "2026-11-16")
    assert posted()


def test_a_period_that_closed_afterwards_is_no_matter_for_what_is_posted(online: Installation, books: Running) -> None:
    send(online)
    books.control(f"preferences/{REALM}", {"AccountingInfoPrefs": {"BookCloseDate": "2026-12-31"}})
    look(online)
    send(online)
    assert posted()
    changed = replace(order_1042(), memo="Thank you.")
    with pytest.raises(Incomplete) as later:
        send_order(ADA_AT_ACME, online.id, changed, Choices(updates=("invoice",)))
    assert [problem.field for problem in later.value.problems] == ["date"]


def test_numbers_that_the_company_gives_itself_are_shown_and_called_no_difference(
    online: Installation, books: Running
) -> None:
    books.control(f"preferences/{REALM}", {"SalesFormsPrefs": {"CustomTxnNumbers": False}})
    look(online)
    long = replace(order_1042(), number="1042-" + "9" * 30)
    send_order(ADA_AT_ACME, online.id, long, Choices())
    pump.deliver(online.id)
    session().expire_all()
    (invoice,) = session().scalars(select(Delivery).where(Delivery.kind == "invoice"))
    assert (invoice.state, invoice.posting_number, invoice.problems) == ("posted", "1001", [])


def test_a_number_too_long_can_be_changed_where_it_is_told(online: Installation, books: Running) -> None:
    long = replace(order_1042(), number="1042-" + "9" * 30)
    with pytest.raises(Incomplete) as told:
        send_order(ADA_AT_ACME, online.id, long, Choices())
    (problem,) = told.value.problems
    assert (problem.field, problem.about, problem.fixes[0].editable) == ("number", "invoice", True)
    send_order(ADA_AT_ACME, online.id, long, Choices(answers={"invoice:number": "1042-9"}))
    pump.deliver(online.id)
    assert [one[0] for one in whole_ledger(books)["invoices"]] == ["1042-9"]
    assert posted()


def enter_1042(books: Running, customer: str, total: str) -> str:
    """Somebody has entered an invoice 1042 by hand."""
    found = books.books()
    party = next(one["Id"] for one in found["Customer"] if one["DisplayName"] == customer)
    item = next(one["Id"] for one in found["Item"] if one["Name"] == "Services")
    line = {"DetailType": "SalesItemLineDetail", "Amount": total, "SalesItemLineDetail": {"ItemRef": {"value": item}}}
    by_hand(books, "Invoice", {"DocNumber": "1042", "TxnDate": "2026-11-01", "CustomerRef": {"value": party},
                               "Line": [line]})  # fmt: skip
    return str(books.books()["Invoice"][-1]["Id"])


def of(name: str) -> Order:
    return replace(order_1042(), company=replace(order_1042().company, name=name))


def send_zenith(installation: Installation, desk: Desk) -> tuple[Delivery, Problem]:
    """The order is for Zenith Yoga, who is in the books."""
    desk.orders["1042"] = of("Zenith Yoga")
    send_order(ADA_AT_ACME, installation.id, desk.orders["1042"], Choices())
    pump.deliver(installation.id)
    return stopped()


def test_a_duplicate_can_be_linked_and_its_payment_finds_it(
    online: Installation, books: Running, desk: Desk
) -> None:
    there = enter_1042(books, "Zenith Yoga", "200.00")
    delivery, problem = send_zenith(online, desk)
    assert (problem.field, problem.code) == ("number", "6140")
    assert all(told in problem.why for told in ("1042", "Zenith Yoga", "200.00"))
    assert [(one.kind, one.value) for one in problem.fixes] == [
        ("same_as", there), ("number", "1042-2"), ("repeats_number", "yes"),
    ]  # fmt: skip
    again(online, delivery, same_as=there)
    assert [one[:4] for one in whole_ledger(books)["invoices"]] == [
        ("1042", "Zenith Yoga", Decimal("200.00"), Decimal("100.00"))
    ]
    (told,) = problems_of(delivery.problems)
    assert told.code == "total-differs"
    assert "200.00" in told.what
    assert "218.50" in told.what
    assert posted()


def test_a_duplicate_that_was_linked_and_deleted_is_entered_again(
    online: Installation, books: Running, desk: Desk
) -> None:
    there = enter_1042(books, "Zenith Yoga", "200.00")
    order = desk.orders["1042"] = replace(of("Zenith Yoga"), payments=())
    send_order(ADA_AT_ACME, online.id, order, Choices())
    pump.deliver(online.id)
    delivery, _ = stopped()
    again(online, delivery, same_as=there)
    (row,) = books.books()["Invoice"]
    by_hand(books, "Invoice", {"Id": there, "SyncToken": row["SyncToken"]}, operation="delete")
    look_again(online)
    choices = replace(last_choices(online, [delivery]), updates=("invoice",))
    send_order(ADA_AT_ACME, online.id, order, choices)
    pump.deliver(online.id)
    assert [one[:3] for one in whole_ledger(books)["invoices"]] == [("1042", "Zenith Yoga", Decimal("218.50"))]
    assert posted()


@pytest.mark.parametrize(("answer", "value"), [("number", "1042-B"), ("repeats_number", "yes")])
def test_a_duplicate_can_be_renumbered_or_allowed(
    online: Installation, books: Running, desk: Desk, answer: str, value: str
) -> None:
    enter_1042(books, "Cool Cars", "99.00")
    delivery, problem = send_zenith(online, desk)
    assert all(told in problem.why for told in ("1042", "Cool Cars", "99.00"))
    assert "same_as" not in [one.kind for one in problem.fixes]  # It is somebody else's.
    again(online, delivery, **{answer: value})
    assert [one[:3] for one in whole_ledger(books)["invoices"]] == [
        ("1042", "Cool Cars", Decimal("99.00")), (value.replace("yes", "1042"), "Zenith Yoga", Decimal("218.50")),
    ]  # fmt: skip
    assert posted()


def names(books: Running) -> list[str]:
    return [one["CustomerRef"]["name"] for one in books.books()["Invoice"]]


def test_a_name_that_a_vendor_has_is_known_before_sending(online: Installation, books: Running) -> None:
    with pytest.raises(Incomplete) as told:
        send_order(ADA_AT_ACME, online.id, of("books by  BESSIE"), Choices())
    (problem,) = told.value.problems
    assert (problem.field, problem.about, problem.code) == ("customer", "customer", "name-of-another-kind")
    (offer,) = problem.fixes
    send_order(ADA_AT_ACME, online.id, of("Books by Bessie"), Choices(answers={"customer:name": "Books by Bessie (C)"}))
    pump.deliver(online.id)
    assert (offer.kind, names(books)) == ("name", ["Books by Bessie (C)"])
    assert posted()


def test_an_employees_name_is_found_by_the_books_and_another_name_cures_it(
    online: Installation, books: Running, desk: Desk
) -> None:
    desk.orders["1042"] = of("Emily Platt")
    send_order(ADA_AT_ACME, online.id, of("Emily Platt"), Choices())
    pump.deliver(online.id)
    delivery, problem = stopped()
    assert (delivery.kind, problem.fixes[0].value) == ("customer", "Emily Platt (C)")
    assert problem.code == "name-of-another-kind"
    again(online, delivery, name="Emily Platt Ltd")
    assert names(books) == ["Emily Platt Ltd"]
    assert posted()


@pytest.mark.parametrize("name", ["Books by Bessie", "Emily Platt"])
def test_a_suffix_is_added_where_the_setting_says_so(online: Installation, books: Running, name: str) -> None:
    online.options = {**online.options, "taken_names": "suffix"}
    commit()
    send_order(ADA_AT_ACME, online.id, of(name), Choices())
    pump.deliver(online.id)
    assert names(books) == [f"{name} (C)"]
    assert posted()


def test_an_inactive_customer_is_said_to_be_inactive(online: Installation, books: Running) -> None:
    customer = next(one for one in books.books()["Customer"] if one["DisplayName"] == "Mark Cho")
    books.control(f"edit/{REALM}/Customer/{customer['Id']}", {"Active": False})
    reload_lists(ADA_AT_ACME, online.id)
    pump.deliver(online.id)
    with pytest.raises(Incomplete) as told:
        send_order(ADA_AT_ACME, online.id, of("Mark Cho"), Choices())
    (problem,) = told.value.problems
    assert problem.code == "name-inactive"
    assert problem.fixes[0].value == "Mark Cho (C)"


def test_who_asks_for_a_new_customer_of_a_name_that_is_there_is_offered_that_one(online: Installation) -> None:
    with pytest.raises(Incomplete) as told:
        send_order(ADA_AT_ACME, online.id, of("Zenith Yoga"), Choices(customer="new"))
    (problem,) = told.value.problems
    assert [offer.kind for offer in problem.fixes] == ["customer", "name"]


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_two_orders_for_one_new_customer_pressed_at_once_create_one(
    online: Installation, books: Running, app: Flask, desk: Desk, kind: str
) -> None:
    orders, together = [order_1042(), desk.copy_order("1043")], threading.Barrier(2)

    def press(order: Order) -> None:
        with app.app_context():
            together.wait()
            send_order(ADA_AT_ACME, online.id, order, Choices())

    with ThreadPoolExecutor(2) as people:
        list(people.map(press, orders))
    books.fault(kind, "/batch")
    for _ in range(3):
        pump.deliver(online.id)
        pass_time(online)
    assert {one[0] for one in whole_ledger(books)["invoices"]} == {"1042", "1043"}
    assert len(whole_ledger(books)["invoices"]) == 2
    assert len(whole_ledger(books)["customers"]) == len(whole_ledger(books)["items"]) == 1
    assert len(whole_ledger(books)["payments"]) == 2
    assert posted()
