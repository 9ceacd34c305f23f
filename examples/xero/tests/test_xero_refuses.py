"""A refusal of Xero reaches a person as a sentence, with the field that cures it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from hub.books import description
from hub.database import session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.installations.install import check_connection
from hub.models import Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Books, FixKind, Line, NewCustomer, NewItem, Problem, PurchaseOrder, Ref, Subject, say
from hub.serialization import problems_of
from hub.states import DeliveryState
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.xero import EVERYTHING, carry, order, posted, whole_ledger
from xero_books import Xero, refusals
from xero_sandbox import TENANT, Running

Change = Callable[[Running], None]
MUG = Line(
    item=Ref(id="Mug"), description="Mug", quantity=Decimal(2), price=Decimal("1.50"), amount=Decimal("3.00")
)  # fmt: skip


def edit(kind: str, name: str, value: str, changes: dict[str, Any]) -> Change:
    """A change that a bookkeeper makes in Xero to what has `value` under `name`."""

    def change(books: Running) -> None:
        ids = {"Contacts": "ContactID", "Accounts": "AccountID", "Organisation": "OrganisationID"}
        found = next(one for one in books.books()[kind] if one[name] == value)
        books.control(f"edit/{TENANT}/{kind}/{found[ids[kind]]}", changes)

    return change


def stopped() -> list[Problem]:
    session().expire_all()
    rows = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    return [problem for row in rows for problem in problems_of(row.problems)]


@pytest.mark.parametrize(
    ("subject", "code", "fixes"),
    [
        (NewItem(name=" ", income=Ref(id="200")), "name-missing", []),
        (NewItem(name="A" * 31, income=Ref(id="200")), "too-long", []),
        (NewCustomer(name="<ABC>"), "name-characters", []),
        (PurchaseOrder(
            number="1" * 256, date=dt.date(2026, 11, 12), currency="USD", vendor=Ref(id="7"), lines=(MUG,),
            total=MUG.amount,
        ), "number-too-long", [FixKind.NUMBER]),
    ],
    ids=["item without a name", "long code", "brackets", "long number"],
)  # fmt: skip
def test_what_xero_would_refuse_is_told_before_it_is_sent(subject: Subject, code: str, fixes: list[FixKind]) -> None:
    (problem,) = Xero().validate(subject, {}, Books(id="1", name="Test Books"))
    assert problem.code == code
    assert [fix.kind for fix in problem.fixes] == fixes


LOCKED = edit("Organisation", "ShortCode", "!sbxUS", {"PeriodLockDate": "2026-11-30"})
FULL = edit("Organisation", "ShortCode", "!sbxUS", {"Refused": ["CreateApprovedInvoice"]})


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        (LOCKED, "date", "locked"),
        (FULL, "documents", "plan"),
        (edit("Accounts", "Name", "Sales", {"Status": "ARCHIVED"}), "income_account", "account"),
        (edit("Contacts", "Name", "ABC Company", {"ContactStatus": "ARCHIVED"}), "customer", "archived"),
    ],
)
def test_what_xero_refuses_is_said_with_what_cures_it(
    xero: Installation, books: Running, change: Change, field: str, code: str
) -> None:
    send_order(ADA_AT_ACME, xero.id, replace(order_1042(), id="1", number="1", payments=()), Choices())
    pump.deliver(xero.id)
    change(books)
    send_order(ADA_AT_ACME, xero.id, replace(order_1042(), payments=()), Choices())
    pump.deliver(xero.id)
    (problem,) = stopped()
    assert (problem.field, problem.code) == (field, code)
    assert len(whole_ledger(books)["invoices"]) == 1


@pytest.mark.parametrize(("change", "code"), [(LOCKED, "locked"), (FULL, "plan")])
def test_what_the_organisation_tells_is_known_before_anything_is_sent(
    xero: Installation, books: Running, change: Change, code: str
) -> None:
    change(books)
    check_connection(ADA_AT_ACME, xero.id)
    pump.deliver(xero.id)
    session().expire_all()
    known = description.known_books(xero)
    assert (known.closed_until is not None, bool(known.unsupported)) == (code == "locked", code == "plan")
    with pytest.raises(Incomplete) as told:
        send_order(ADA_AT_ACME, xero.id, order_1042(), Choices())
    assert {problem.code for problem in told.value.problems} == {code}


def test_a_number_that_is_taken_is_offered_for_linking_and_everything_else_goes_on(
    xero: Installation, books: Running, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, xero.id, replace(order(1042), payments=()), EVERYTHING)
    carry(xero, 2)
    desk.orders["again"] = again = replace(order(1042), id="again")
    send_order(ADA_AT_ACME, xero.id, again, EVERYTHING)
    carry(xero, 2)
    problems = stopped()
    assert [problem.field for problem in problems] == ["number", "number"]  # The invoice and the purchase order.
    assert [problem.fixes[0].kind for problem in problems] == [FixKind.SAME_AS] * 2
    rows = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    for row, problem in zip(rows, problems, strict=True):
        retry_delivery(ADA_AT_ACME, row.id, {problem.fixes[0].kind: problem.fixes[0].value})
    carry(xero, 3)
    found = whole_ledger(books)
    assert [one[0] for one in found["invoices"]] == ["1042"]
    assert found["payments"] == [("1042", Decimal("100.00"))]
    assert [one[0] for one in found["orders"]] == ["1042"]
    assert posted()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Payment amount exceeds the amount outstanding on this document", "overpaid"),
        ("Payments can only be made against Authorised documents", "status"),
        ("The TaxType code 'OUTPUT' cannot be used with account code '310'.", "tax"),
        ("The document date cannot be before the end of year lock date, currently set at 31-Jul-2013", "locked"),
        ("You have reached the limit of invoices you can approve.", "plan"),
        ("Something that nobody has ever read", ""),
    ],
)
def test_every_sentence_of_xeros_becomes_one_of_ours(said: str, code: str) -> None:
    problem = refusals.build_problem(said, say("invoice 1042 for ABC"))
    assert problem.code == code
    assert problem.cure
    assert "{" not in f"{problem.what}{problem.why}{problem.cure}{problem.field}"
    if not code:
        assert said in problem.why


def test_a_pause_that_xero_asks_for_is_kept_by_the_line(xero: Installation, books: Running) -> None:
    books.control("limits", {"minute": 0})
    send_order(ADA_AT_ACME, xero.id, order_1042(), Choices())
    pump.deliver(xero.id)
    session().expire_all()
    assert xero.resume_at is not None
    assert "minute" in xero.trouble, "The limit that Xero names."
    books.control("limits", {})
    carry(xero, 3)
    assert [one[2:] for one in whole_ledger(books)["invoices"]] == [(Decimal("218.50"), Decimal("118.50"))]
    assert posted()
