"""The choices of a person are followed in Xero, too, also after it was uninstalled and installed again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from hub.books import mappings
from hub.books.links import find_linked_refs
from hub.database import session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.installations.install import install_integration, remove_installation
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning import fixes
from hub.planning.choices import Choices, choice_of_new
from hub.plugin import FixKind, RecordKind
from hub.queue import commit
from hub.serialization import problems_of
from hub.states import DeliveryState
from tests.support.host import ABC, ADA_AT_ACME, Desk, order_1042
from tests.support.xero import EVERYTHING, carry, consent, expected, order, posted, send, whole_ledger
from xero_sandbox import TENANT, Running


def linked(xero: Installation, kind: RecordKind, company: str) -> str:
    session().expire_all()
    return find_linked_refs(xero.id, [(kind, company)])[kind, company].id


def test_another_new_customer_and_vendor_are_created_once(xero: Installation, books: Running, desk: Desk) -> None:
    desk.orders["1042"], desk.orders["1043"] = order(1042), order(1043)
    send(xero, 1042)
    carry(xero, 3)
    customer, vendor = linked(xero, RecordKind.CUSTOMER, ABC.id), linked(xero, RecordKind.VENDOR, "s1")
    another = replace(
        EVERYTHING, customer=choice_of_new(customer), vendors={"s1": choice_of_new(vendor)},
        answers={"customer:name": "ABC Company West", "vendor/s1:name": "Mug Makers East"},
    )  # fmt: skip
    for _ in range(2):
        send_order(ADA_AT_ACME, xero.id, order(1043), another)
        carry(xero, 3)
    found = whole_ledger(books)
    assert [one for (one,) in found["contacts"]] == ["ABC Company", "ABC Company West", "Mug Makers", "Mug Makers East"]
    assert [one[:2] for one in found["invoices"]] == [("1042", "ABC Company"), ("1043", "ABC Company West")]
    assert [one[:2] for one in found["orders"]] == [("1042", "Mug Makers"), ("1043", "Mug Makers East")]
    assert posted()


def test_an_order_that_was_refused_after_its_customer_was_created_goes_to_that_customer(
    xero: Installation, books: Running, desk: Desk
) -> None:
    """Another customer's invoice has the number."""
    other = replace(order_1042(), id="other", payments=(), company=replace(ABC, id="13", name="Other Company"))
    send_order(ADA_AT_ACME, xero.id, other, Choices())
    carry(xero, 2)
    send_order(ADA_AT_ACME, xero.id, order_1042(), Choices(customer="new"))
    carry(xero, 2)
    (stopped,) = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED))
    (problem,) = problems_of(stopped.problems)
    assert [one.kind for one in problem.fixes] == [FixKind.NUMBER]
    retry_delivery(ADA_AT_ACME, stopped.id, {FixKind.NUMBER: "1042-B"})
    carry(xero, 3)
    found = whole_ledger(books)
    assert [one for (one,) in found["contacts"]] == ["ABC Company", "Other Company"]
    assert [one[:2] for one in found["invoices"]] == [("1042", "Other Company"), ("1042-B", "ABC Company")]
    assert found["payments"] == [("1042-B", Decimal("100.00"))]
    assert posted()


@pytest.mark.parametrize("fate", ["before", "after"])
def test_what_was_on_its_way_when_xero_was_uninstalled_does_not_come_twice(
    xero: Installation, books: Running, fate: str
) -> None:
    send(xero, 1042)
    books.fault("delay", "PUT /api.xro", times=2)  # The contacts and the item arrive.
    books.fault(f"cut_{fate}", "PUT /api.xro")
    pump.deliver(xero.id)
    remove_installation(ADA_AT_ACME, xero.id)
    again = install_again()
    with pytest.raises(Incomplete) as told:
        send(again, 1042)
    session().rollback()
    problems = [one for one in told.value.problems if one.code == "maybe-there"]
    assert len(problems) == len(told.value.problems) > 0
    choices = EVERYTHING
    for one in problems:
        is_there = one.about == "invoice" and fate == "after"
        fix = one.fixes[-1 if is_there else 0]
        assert fix.kind is (FixKind.SAME_AS if is_there else FixKind.ANEW)
        choices = fixes.apply_fix(choices, one.about, fix.kind, fix.value)
    send_order(ADA_AT_ACME, again.id, order(1042), choices)
    carry(again, 4)
    assert whole_ledger(books) == expected(1042)


def install_again() -> Installation:
    installation = install_integration(ADA_AT_ACME, "xero")
    consent(installation, TENANT)
    pump.deliver(installation.id)
    integration = registry.find_integration("xero")
    wanted = {one.field.key: one.chosen.id for one in mappings.list_choices(installation, integration) if one.chosen}
    mappings.save_mappings(installation, integration, wanted | {"income_account": "200", "deposit_account": "090"})
    commit()
    return installation
