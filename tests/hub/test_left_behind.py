"""What a removed installation was sending when the line broke is not sent a second time by the next one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.errors import Incomplete, NotPossible
from hub.host import Company, Order
from hub.installations.install import install_integration, remove_installation
from hub.models import Delivery, Installation, Mapping, TransactionRow
from hub.orders.deliveries import deliveries_of_order, last_choices
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.orders.send_many import check_orders
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.plugin import FixKind, Problem, TransactionKind
from hub.serialization import problems_of
from hub.states import DeliveryState
from tests.support.app import connect
from tests.support.host import ADA_AT_ACME, Desk, order_1042, turned
from tests.support.pages import Browser, statements
from tests.support.wide import Wide, WideLedger, install_wide, prepare

MUGS = Company(id="s1", name="Mug Makers")
EVERYTHING = Choices(documents=("invoice", "purchase_order", "bill"))


def bought() -> Order:
    """Order 1042, whose mugs are bought from a vendor."""
    line = replace(order_1042().lines[0], vendor=MUGS, cost=Decimal("1.00"))
    return replace(order_1042(), lines=(line,))


@dataclass
class Shop:
    """An organization that uninstalls and installs again, and its books."""

    installation: Installation
    ledger: WideLedger
    desk: Desk

    def send(self, order: Order, choices: Choices = EVERYTHING) -> None:
        self.desk.orders[order.id] = order
        send_order(ADA_AT_ACME, self.installation.id, order, choices)
        self.carry()

    def carry(self) -> None:
        for _ in range(6):
            pump.deliver(self.installation.id)
        session().expire_all()

    def refused(self, order: Order, choices: Choices = EVERYTHING) -> tuple[Problem, ...]:
        with pytest.raises(Incomplete) as told:
            self.send(order, choices)
        session().rollback()
        return told.value.problems

    def install_again(self) -> None:
        remove_installation(ADA_AT_ACME, self.installation.id)
        self.ledger.accept()
        again = self.installation = install_integration(ADA_AT_ACME, "pretend")
        connect(again)
        session().add(Mapping(installation_id=again.id, role="income_account", record_id="4000", name="Sales"))
        prepare(again)
        self.carry()

    def leave_behind(self, when: str, kind: str, order: Order, choices: Choices = EVERYTHING) -> None:
        """Send an order, lose the answer for one kind of its documents, and install again."""
        self.ledger.lose(when, "documents", kind=kind)
        self.send(order, choices)
        self.install_again()

    def list_posted(self, number: str = "1042", total: str = "218.50") -> str:
        """The history of the books is read, and has an invoice."""
        session().add(TransactionRow(
            installation_id=self.installation.id, kind=TransactionKind.INVOICE, transaction_id="documents-1",
            number=number, date=dt.date(2026, 11, 12), customer_id="customers-1", total=Decimal(total),
            balance=Decimal(total), currency="USD",
        ))  # fmt: skip
        session().commit()
        return "documents-1"


@pytest.fixture
def shop(app: Flask, installation: Installation, desk: Desk) -> Shop:
    ledger = WideLedger()
    return Shop(install_wide(app, installation, ledger), ledger, desk)


def live(order_id: str = "1042") -> dict[str, Delivery]:
    session().expire_all()
    return {one.kind: one for one in deliveries_of_order("acme", order_id)}


def states() -> set[DeliveryState]:
    session().expire_all()
    return {one.state for one in session().scalars(select(Delivery).where(Delivery.state != DeliveryState.CANCELLED))}


def take(problem: Problem, kind: FixKind, choices: Choices = EVERYTHING) -> Choices:
    """Return the choices after a person pressed a button beside a problem."""
    (fix,) = [one for one in problem.fixes if one.kind is kind]
    return fixes.apply_fix(choices, problem.about, fix.kind, fix.value)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request travels alone."""
    monkeypatch.setattr(Wide, "capabilities", replace(Wide.capabilities, requests_per_batch=1))


EACH_KIND = pytest.mark.parametrize("kind", ["invoice", "payment", "purchase_order", "bill"])


@EACH_KIND
@pytest.mark.usefixtures("alone")
def test_what_may_be_in_the_books_is_sent_by_the_next_installation_only_after_a_person_has_looked(
    shop: Shop, kind: str
) -> None:
    shop.leave_behind("after", kind, bought())
    before = shop.ledger.kinds()
    assert before.count(f"post {kind}") == 1
    (problem,) = shop.refused(bought())
    assert (problem.code, problem.about.partition("/")[0]) == ("maybe-there", kind)
    (outlook,) = check_orders(shop.installation, ["1042"], EVERYTHING.documents)
    assert (outlook.readiness, [one.code for one in outlook.problems]) == ("choice", ["maybe-there"])
    assert shop.ledger.kinds() == before


@EACH_KIND
@pytest.mark.usefixtures("alone")
def test_what_a_person_did_not_find_in_the_books_is_sent_once(shop: Shop, kind: str) -> None:
    shop.leave_behind("before", kind, bought())
    (problem,) = shop.refused(bought())
    said = take(problem, FixKind.ANEW)
    for _ in range(2):
        shop.send(bought(), said)
    assert sorted(shop.ledger.kinds()) == ["post bill", "post invoice", "post payment", "post purchase_order"]
    assert (states(), len(live())) == ({DeliveryState.POSTED}, 4)
    assert {one.installation_id for one in live().values() if one.kind == kind} == {shop.installation.id}


def test_each_document_of_a_batch_that_was_lost_is_asked_about(shop: Shop) -> None:
    shop.leave_behind("after", "invoice", bought())
    assert {one.about for one in shop.refused(bought())} == {"invoice", "purchase_order/s1"}


def test_a_credit_memo_is_asked_about_like_an_invoice(shop: Shop) -> None:
    memo = turned(order_1042())
    shop.leave_behind("after", "credit_memo", memo, Choices(documents=("credit_memo",)))
    (problem,) = shop.refused(memo, Choices(documents=("credit_memo",)))
    assert (problem.code, problem.about) == ("maybe-there", "credit_memo")
    assert shop.ledger.kinds() == ["post credit_memo"]


def test_what_a_person_found_in_the_books_is_linked_and_its_payment_is_applied_to_it(shop: Shop) -> None:
    shop.leave_behind("after", "invoice", order_1042(), Choices())
    there = shop.list_posted()
    (problem,) = shop.refused(order_1042(), Choices())
    assert [one.kind for one in problem.fixes] == [FixKind.ANEW, FixKind.SAME_AS]
    for _ in range(2):
        shop.send(order_1042(), take(problem, FixKind.SAME_AS, Choices()))
    assert shop.ledger.kinds() == ["post invoice", "post payment"]
    assert shop.ledger.documents[-1]["invoice"] == there
    assert (states(), live()["invoice"].posting_id) == ({DeliveryState.POSTED}, there)
    assert [(one.document, one.number) for one in shop.desk.told] == [("invoice", "1042"), ("payment", "")]
    more = replace(order_1042(), memo="Thank you.")
    shop.send(more, replace(last_choices(shop.installation, list(live().values())), updates=("invoice",)))
    assert (shop.ledger.kinds()[-1], shop.ledger.documents[-1]["revises"]) == ("update invoice", there)


def test_what_somebody_changed_meanwhile_is_seen_once_it_is_linked(shop: Shop, app: Flask) -> None:
    shop.leave_behind("after", "invoice", order_1042(), Choices())
    shop.list_posted(total="300.00")
    (problem,) = shop.refused(order_1042(), Choices())
    shop.send(order_1042(), take(problem, FixKind.SAME_AS, Choices()))
    assert "300.00" in Browser(app).get("/hub/orders/1042/status").text


def test_another_invoice_of_the_customer_is_not_offered(shop: Shop) -> None:
    shop.leave_behind("after", "invoice", order_1042(), Choices())
    shop.list_posted(number="999", total="7.00")
    (problem,) = shop.refused(order_1042(), Choices())
    assert [one.kind for one in problem.fixes] == [FixKind.ANEW]


@pytest.mark.parametrize("shelf", ["customers", "items", "vendors"])
def test_a_new_record_is_looked_for_by_its_name_so_nobody_is_asked(shop: Shop, shelf: str) -> None:
    shop.ledger.lose("after", shelf)
    shop.send(bought())
    shop.install_again()
    shop.send(bought())
    assert [len(found) for found in (shop.ledger.customers, shop.ledger.items, shop.ledger.vendors)] == [1, 1, 1]
    assert sorted(shop.ledger.kinds()) == ["post bill", "post invoice", "post payment", "post purchase_order"]
    assert {one.state for one in live().values()} == {DeliveryState.POSTED}


def test_retry_asks_and_takes_the_answer_for_the_installation_that_has_the_books_now(shop: Shop) -> None:
    shop.leave_behind("before", "invoice", order_1042(), Choices())
    stopped = live()["invoice"]
    with pytest.raises(Incomplete):
        retry_delivery(ADA_AT_ACME, stopped.id)
    (problem,) = problems_of(live()["invoice"].problems)
    (fix,) = problem.fixes
    retry_delivery(ADA_AT_ACME, stopped.id, {fix.kind: fix.value})
    shop.carry()
    assert shop.ledger.kinds() == ["post invoice"]
    assert (stopped.state, stopped.installation_id) == (DeliveryState.POSTED, shop.installation.id)


def test_nothing_is_retried_while_no_installation_has_the_books(shop: Shop) -> None:
    shop.ledger.lose("after", "documents", kind="invoice")
    shop.send(order_1042(), Choices())
    remove_installation(ADA_AT_ACME, shop.installation.id)
    with pytest.raises(NotPossible):
        retry_delivery(ADA_AT_ACME, live()["invoice"].id)
    session().rollback()
    assert live()["invoice"].state is DeliveryState.STOPPED


def test_an_answer_about_one_attempt_is_none_about_the_next(shop: Shop) -> None:
    shop.leave_behind("before", "invoice", order_1042(), Choices())
    (problem,) = shop.refused(order_1042(), Choices())
    said = take(problem, FixKind.ANEW, Choices())
    shop.ledger.lose("after", "documents", kind="invoice")
    shop.send(order_1042(), said)
    shop.install_again()
    assert [one.code for one in shop.refused(order_1042(), said)] == ["maybe-there"]
    assert shop.ledger.kinds() == ["post invoice"]


def test_other_books_know_nothing_of_it(shop: Shop) -> None:
    shop.ledger.lose("after", "documents", kind="invoice")
    shop.send(order_1042(), Choices())
    remove_installation(ADA_AT_ACME, shop.installation.id)
    shop.ledger.accept()
    shop.installation = install_integration(ADA_AT_ACME, "pretend")
    connect(shop.installation, "books-2")
    session().add(Mapping(installation_id=shop.installation.id, role="income_account", record_id="4000", name="Sales"))
    prepare(shop.installation)
    shop.send(order_1042(), Choices())
    assert shop.ledger.kinds() == ["post invoice", "post invoice", "post payment"]


@pytest.mark.parametrize("lost", ["", "before", "after"])
def test_a_change_that_was_on_its_way_is_made_by_the_next_installation_and_nothing_comes_twice(
    shop: Shop, lost: str
) -> None:
    """Without a break, the change has not left when the integration is uninstalled."""
    shop.send(order_1042(), Choices())
    more = shop.desk.orders["1042"] = replace(order_1042(), memo="Thank you.")
    if lost:
        shop.ledger.lose(lost, "documents", verb="update")
        shop.send(more, Choices(updates=("invoice",)))
    else:
        send_order(ADA_AT_ACME, shop.installation.id, more, Choices(updates=("invoice",)))
    shop.install_again()
    shop.send(more, Choices(updates=("invoice",)))
    assert [one for one in shop.ledger.kinds() if one != "update invoice"] == ["post invoice", "post payment"]
    assert shop.ledger.documents[-1]["revises"] == "documents-1"
    assert states() == {DeliveryState.POSTED}


def test_a_change_that_was_refused_is_made_by_the_next_installation(shop: Shop) -> None:
    shop.send(order_1042(), Choices())
    shop.ledger.refuse("documents", verb="update")
    more = replace(order_1042(), memo="Thank you.")
    shop.send(more, Choices(updates=("invoice",)))
    shop.install_again()
    shop.send(more, Choices(updates=("invoice",)))
    assert shop.ledger.kinds() == ["post invoice", "post payment", "update invoice"]


def test_what_was_deleted_in_the_books_since_installing_again_can_be_entered_again(shop: Shop) -> None:
    shop.send(order_1042(), Choices())
    shop.install_again()
    shop.list_posted()
    row = session().scalars(select(TransactionRow).where(TransactionRow.installation_id == shop.installation.id)).one()
    row.deleted = True
    session().commit()
    shop.send(order_1042(), Choices(updates=("invoice",)))
    assert shop.ledger.kinds() == ["post invoice", "post payment", "post invoice"]


def test_an_order_that_became_a_credit_memo_goes_once_its_invoice_is_said_to_be_missing(shop: Shop) -> None:
    shop.leave_behind("before", "invoice", replace(order_1042(), payments=()), Choices())
    memo = turned(order_1042())
    (problem,) = shop.refused(memo, Choices(documents=("credit_memo",)))
    assert (problem.code, problem.about) == ("maybe-there", "invoice")
    shop.send(memo, take(problem, FixKind.ANEW, Choices(documents=("credit_memo",))))
    assert (shop.ledger.kinds(), list(live())) == (["post credit_memo"], ["credit_memo"])


def test_the_dialog_keeps_what_was_said_until_send_is_pressed(shop: Shop, app: Flask) -> None:
    shop.leave_behind("before", "invoice", order_1042(), Choices())
    browser = Browser(app)
    form = {"documents": "invoice", "installation": str(shop.installation.id), "customer": "customers-1"}
    asked = browser.post("/hub/orders/1042/send", form, htmx=True)
    (fix,) = shop.refused(order_1042(), Choices())[0].fixes
    assert (asked.status_code, f'name="apply_fix" value="invoice:anew={fix.value}"' in asked.text) == (422, True)
    told = browser.post("/hub/orders/1042/send", {**form, "apply_fix": f"invoice:anew={fix.value}"}, htmx=True).text
    assert f'name="fix-invoice:anew" value="{fix.value}" checked' in told
    assert "maybe-there" not in told
    browser.post("/hub/orders/1042/send", {**form, "fix-invoice:anew": fix.value}, htmx=True)
    shop.carry()
    assert shop.ledger.kinds() == ["post invoice", "post payment"]
    assert "fix-invoice:anew" not in browser.get("/hub/orders/1042/send?again=1").text


def test_it_takes_one_query_more_where_something_was_left_behind(shop: Shop, app: Flask) -> None:
    def queries() -> int:
        with statements(app) as seen:
            check_orders(shop.installation, ["1042"], ["invoice"])
        return len(seen)

    shop.leave_behind("after", "invoice", order_1042(), Choices())
    left = queries()
    (problem,) = shop.refused(order_1042(), Choices())
    shop.send(order_1042(), take(problem, FixKind.ANEW, Choices()))
    assert left <= queries() + 1


