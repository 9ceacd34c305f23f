"""Order 1042 goes all the way, and whatever happens on the way the books hold it exactly once."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from hub.database import now, session
from hub.dispatch import due, leases, open_writes, pump
from hub.dispatch.steps import take_step
from hub.errors import LeaseLost
from hub.installations.install import (
    install_integration,
    pause_installation,
    reload_lists,
    remove_installation,
    resume_installation,
)
from hub.models import BatchRow, Delivery, Exchange, Installation, LeaseKind, Link, Mapping, RecordRow
from hub.orders.cancel import can_cancel
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import (
    AuthorizationExpired,
    Batch,
    Conversation,
    OutcomeUnknown,
    Rejected,
    Request,
    Response,
    Unavailable,
)
from hub.serialization import problems_of
from hub.states import BatchState, DeliveryState, InstallationState, StopReason
from tests.support.app import connect
from tests.support.deliveries import EXPECTED, everything_posted, let_leases_run_out, pass_time, send, states
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.pretend import Ledger, Pretend, integration_of

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_an_order_arrives_with_its_customer_its_item_its_discount_and_its_payment(
    installation: Installation, ledger: Ledger, desk: Desk
) -> None:
    send(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()
    assert [(told.order_id, told.document, told.number) for told in desk.told] == [
        ("1042", "invoice", "1042"), ("1042", "payment", ""),
    ]  # fmt: skip
    assert session().scalar(select(Link.record_id)) == "customers-1"


def test_pressing_send_twice_gives_the_same_deliveries_as_once(installation: Installation, ledger: Ledger) -> None:
    first = [one.id for one in send(installation)]
    second = [one.id for one in send(installation)]
    pump.deliver(installation.id)
    third = [one.id for one in send(installation)]
    pump.deliver(installation.id)
    assert first == second == third
    assert ledger.whole_ledger() == EXPECTED


def test_two_orders_of_one_new_customer_create_one_customer_and_one_item(
    installation: Installation, ledger: Ledger, desk: Desk
) -> None:
    send(installation)
    send_order(ADA_AT_ACME, installation.id, desk.copy_order("1043"), Choices())
    pump.deliver(installation.id)
    assert (len(ledger.customers), len(ledger.items), len(ledger.invoices), len(ledger.payments)) == (1, 1, 2, 2)
    assert {one["customer"] for one in ledger.invoices} == {"customers-1"}


@pytest.mark.parametrize(("trip", "moment"), list(product(range(4), ["before", "after"])))
def test_a_line_that_is_cut_at_any_trip_loses_nothing_and_doubles_nothing(
    installation: Installation, ledger: Ledger, trip: int, moment: str
) -> None:
    getattr(ledger, moment).extend([None] * trip + [Unavailable("The line was cut.")])
    send(installation)
    for _ in range(5):
        pump.deliver(installation.id)
        pass_time(installation)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()
    repeated = [one.idempotency_key for one in ledger.trips]
    assert len(repeated) == len(set(repeated)) + 1
    bodies = defaultdict[str, set[str]](set)
    for sent in ledger.trips:
        bodies[sent.idempotency_key].add(sent.body)
    assert all(len(found) == 1 for found in bodies.values())


@pytest.mark.parametrize(("trip", "moment"), list(product(range(4), ["before", "after"])))
def test_a_worker_that_vanishes_is_followed_by_another_that_goes_on(
    app: Flask, installation: Installation, ledger: Ledger, trip: int, moment: str
) -> None:
    class Killed(BaseException):
        """As `kill -9` would: nothing of the worker's own runs any more."""

    getattr(ledger, moment).extend([None] * trip + [Killed()])
    send(installation)
    with pytest.raises(Killed):
        pump.deliver(installation.id)
    session().rollback()
    pump.deliver(installation.id)
    assert not everything_posted(), "the dead worker's lease still runs"
    let_leases_run_out()
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()


def test_a_process_that_lost_its_lease_writes_nothing(installation: Installation, ledger: Ledger) -> None:
    send(installation)
    assert leases.acquire_lease(LeaseKind.DELIVERIES, installation.id, "orphan")
    session().commit()
    let_leases_run_out()
    pump.deliver(installation.id)
    with pytest.raises(LeaseLost):
        take_step(installation.id, "orphan")
    assert ledger.whole_ledger() == EXPECTED


def test_what_was_open_is_in_doubt_until_it_has_been_asked_again(installation: Installation, ledger: Ledger) -> None:
    send(installation)
    ledger.after.extend([None, None, Unavailable("The line was cut.")])
    pump.deliver(installation.id)
    invoice = session().scalar(select(Delivery).where(Delivery.kind == "invoice"))
    assert invoice is not None
    assert states()["invoice"] is DeliveryState.QUEUED
    invoice.move(DeliveryState.SENDING)
    open_writes.reclaim_deliveries(installation.id)
    session().flush()
    assert states()["invoice"] is DeliveryState.IN_DOUBT
    assert not can_cancel(invoice)
    session().commit()
    pass_time(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED


def test_a_refusal_stops_the_delivery_with_the_sentence_and_a_retry_begins_anew(
    installation: Installation, ledger: Ledger
) -> None:
    ledger.refuses = lambda payload: "That name is taken." if "customers" in payload else ""
    send(installation)
    pump.deliver(installation.id)
    customer = session().scalar(select(Delivery).where(Delivery.kind == "customer"))
    assert customer is not None
    assert (customer.state, customer.reason) == (DeliveryState.STOPPED, StopReason.REJECTED)
    assert [one.what for one in problems_of(customer.problems)] == ["That name is taken."]
    assert states()["invoice"] is DeliveryState.WAITING
    assert (ledger.invoices, ledger.payments) == ([], [])
    ledger.refuses = lambda _: ""
    retry_delivery(ADA_AT_ACME, customer.id)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED


def test_a_batch_refused_as_a_whole_is_opened_until_the_guilty_request_stands_alone(
    installation: Installation, ledger: Ledger, desk: Desk
) -> None:
    for number in ("1042", "1043", "1044", "1045", "1046"):
        order = desk.copy_order(number)
        send_order(ADA_AT_ACME, installation.id, order, Choices())
    ledger.whole = lambda requests: any(one.payload.get("invoices", {}).get("number") == "1044" for one in requests)
    for _ in range(3):
        pump.deliver(installation.id)
    assert sorted(one["number"] for one in ledger.invoices) == ["1042", "1043", "1045", "1046"]
    assert len(ledger.payments) == 4
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert [(one.kind, one.order_id, one.reason) for one in stopped] == [("invoice", "1044", StopReason.REJECTED)]


def test_a_bug_of_the_plugin_stops_its_delivery_with_a_reference_and_retrying_goes_on(
    app: Flask, installation: Installation, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(installation)
    working = Pretend.send
    monkeypatch.setattr(Pretend, "send", lambda *_: 1 / 0)
    pump.deliver(installation.id)
    stopped = session().scalars(select(Delivery).where(Delivery.reason == StopReason.CRASHED)).all()
    assert stopped
    assert all(one.reference for one in stopped)
    monkeypatch.setattr(Pretend, "send", working)
    retry_delivery(ADA_AT_ACME, stopped[0].id)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()


def test_a_conversation_that_changes_its_mind_on_replay_is_stopped(
    installation: Installation, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = iter(range(1000))

    def post(self: Pretend, document: Any, options: Any, books: Any) -> Any:
        yield from ()
        yield Request(name="random", payload={"list": f"x{next(counter)}"}, writes=False)

    send(installation)
    monkeypatch.setattr(Pretend, "post", post)
    pump.deliver(installation.id)
    assert states()["invoice"] is DeliveryState.STOPPED
    assert ledger.invoices == []


def test_lost_credentials_are_renewed_once_and_then_an_admin_is_asked(
    app: Flask, installation: Installation, ledger: Ledger
) -> None:
    integration = integration_of(app)
    assert isinstance(integration, Pretend)
    ledger.before.append(AuthorizationExpired("The token ran out."))
    send(installation)
    pump.deliver(installation.id)
    assert integration.renewals == 1
    assert ledger.whole_ledger() == EXPECTED

    app.config["HUB_CONFIRM_SECONDS"] = 0  # A loss is believed at the second refusal, after this.
    integration.renewing = AuthorizationExpired("The authorization was taken back.")
    ledger.before += [AuthorizationExpired("The token ran out.")] * 2
    reload_lists(ADA_AT_ACME, installation.id)
    pump.deliver(installation.id)
    pass_time(installation)
    pump.deliver(installation.id)
    session().expire_all()
    assert installation.state is InstallationState.EXPIRED
    assert "taken back" in installation.trouble


def test_what_queues_up_while_expired_goes_out_after_authorizing_again(
    app: Flask, installation: Installation, ledger: Ledger
) -> None:
    integration = integration_of(app)
    assert isinstance(integration, Pretend)
    integration.renewing = AuthorizationExpired("The authorization was taken back.")
    app.config["HUB_CONFIRM_SECONDS"] = 0
    ledger.after += [AuthorizationExpired("The token ran out.")] * 2
    send(installation)
    pump.deliver(installation.id)
    pass_time(installation)
    pump.deliver(installation.id)
    assert installation.state is InstallationState.EXPIRED
    pump.deliver(installation.id)
    integration.renewing = None
    connect(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED


def test_authorizing_other_books_is_refused(installation: Installation) -> None:
    with pytest.raises(Rejected) as refused:
        connect(installation, books="books-2")
    assert [problem.code for problem in refused.value.problems] == ["other-books"]
    session().rollback()
    assert installation.books_id == "books-1"


def test_after_a_long_outage_a_person_is_asked_and_a_retry_repeats_the_same_batch(
    installation: Installation, ledger: Ledger
) -> None:
    ledger.after.append(Unavailable("No answer."))
    send(installation)
    pump.deliver(installation.id)
    for batch in session().scalars(select(BatchRow)):
        batch.tried_since = now() - dt.timedelta(days=4)
    ledger.before.append(Unavailable("Still no answer."))
    pass_time(installation)
    pump.deliver(installation.id)
    stopped = session().scalars(select(Delivery).where(Delivery.reason == StopReason.EXHAUSTED)).all()
    assert stopped
    retry_delivery(ADA_AT_ACME, stopped[0].id)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()


def test_a_paused_installation_sends_nothing_until_it_is_resumed(installation: Installation, ledger: Ledger) -> None:
    pause_installation(ADA_AT_ACME, installation.id)
    send(installation)
    pump.deliver(installation.id)
    assert ledger.trips == []
    resume_installation(ADA_AT_ACME, installation.id)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED


def test_the_total_that_the_books_echo_is_compared(installation: Installation, ledger: Ledger) -> None:
    carry_out_one = ledger.carry_out_one

    def taxed(payload: dict[str, Any]) -> dict[str, Any]:
        answer = carry_out_one(payload)
        return {**answer, "total": Decimal("220.00")} if "invoices" in payload else answer

    ledger.carry_out_one = taxed  # type: ignore[method-assign]
    send(installation)
    pump.deliver(installation.id)
    invoice = session().scalar(select(Delivery).where(Delivery.kind == "invoice"))
    assert invoice is not None
    assert invoice.state is DeliveryState.POSTED
    (problem,) = problems_of(invoice.problems)
    assert problem.code == "total-differs"
    assert re.findall(r"\d+\.\d\d", problem.what) == ["220.00", "218.50"]


def test_no_credential_reaches_a_row(installation: Installation, ledger: Ledger, app: Flask) -> None:
    send(installation)
    pump.deliver(installation.id)
    engine = app.extensions["sqlalchemy"].engine
    with engine.connect() as connection:
        rows = [
            str(row)
            for table in Delivery.metadata.sorted_tables
            for row in connection.execute(select(table)).all()
        ]  # fmt: skip
    assert len(rows) > 10
    assert not [row for row in rows if "canary-token" in row]


def test_a_retry_of_a_delivery_does_not_open_a_second_batch(installation: Installation, ledger: Ledger) -> None:
    send(installation)
    pump.deliver(installation.id)
    assert session().scalar(select(func.count()).select_from(BatchRow).where(BatchRow.state == BatchState.OPEN)) == 0
    assert session().scalar(select(func.count()).select_from(Exchange).where(Exchange.response.is_(None))) == 0
    assert session().scalar(select(func.count()).select_from(RecordRow)) == 3
    assert due.find_due_installations() == []


def test_after_installing_again_what_is_in_the_same_books_is_not_sent_twice(
    installation: Installation, ledger: Ledger
) -> None:
    send(installation)
    pump.deliver(installation.id)
    remove_installation(ADA_AT_ACME, installation.id)
    again = install_integration(ADA_AT_ACME, "pretend")
    connect(again)
    pump.deliver(again.id)
    session().add(Mapping(installation_id=again.id, role="income_account", record_id="4000", name="4000 Sales"))
    session().commit()
    send(again)
    pump.deliver(again.id)
    assert ledger.whole_ledger() == EXPECTED


def test_uninstalling_cancels_what_has_not_left_and_says_what_may_have_arrived(
    installation: Installation, ledger: Ledger
) -> None:
    ledger.after.extend([None, None, Unavailable("The line was cut.")])
    send(installation)
    pump.deliver(installation.id)
    remove_installation(ADA_AT_ACME, installation.id)
    assert states() == {
        "customer": DeliveryState.POSTED, "item": DeliveryState.POSTED, "invoice": DeliveryState.STOPPED
    }  # fmt: skip
    (invoice,) = session().scalars(select(Delivery).where(Delivery.kind == "invoice"))
    assert (invoice.reason, [one["code"] for one in invoice.problems]) == (StopReason.EXHAUSTED, ["uninstalled"])
    assert installation.credential is None


def test_choosing_another_customer_cancels_the_one_that_was_refused(installation: Installation, ledger: Ledger) -> None:
    ledger.customers.append({"id": "77", "name": "ABC Holding"})
    reload_lists(ADA_AT_ACME, installation.id)
    ledger.refuses = lambda payload: "That name is taken." if "customers" in payload else ""
    send(installation)
    pump.deliver(installation.id)
    send_order(ADA_AT_ACME, installation.id, order_1042(), Choices(customer="77"))
    pump.deliver(installation.id)
    assert everything_posted()
    assert [(one["number"], one["customer"]) for one in ledger.invoices] == [("1042", "77")]
    assert [one["customer"] for one in ledger.payments] == ["77"]


def test_what_nobody_can_tell_about_waits_for_a_person_and_is_not_posted_twice(
    installation: Installation, ledger: Ledger
) -> None:
    ledger.after.append(OutcomeUnknown("The ledger does not remember."))
    send(installation)
    pump.deliver(installation.id)
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert {problem.code for one in stopped for problem in problems_of(one.problems)} == {"in-doubt"}
    assert session().scalars(select(BatchRow).where(BatchRow.state == BatchState.PARKED)).one()
    for one in stopped:
        if one.state is DeliveryState.STOPPED:
            retry_delivery(ADA_AT_ACME, one.id)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()


@pytest.mark.parametrize("found", [True, False], ids=["it is there", "it is not there"])
def test_what_became_of_a_batch_is_found_out_before_it_is_asked_again(
    installation: Installation, ledger: Ledger, app: Flask, monkeypatch: pytest.MonkeyPatch, *, found: bool
) -> None:
    def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
        yield Request(name="look", payload={"who": True}, writes=False)
        known = ledger.answers.get(batch.idempotency_key)
        return [Response(payload=one) for one in known] if known else [None] * len(batch.requests)

    monkeypatch.setattr(integration_of(app), "recover", recover, raising=True)
    (ledger.after if found else ledger.before).append(OutcomeUnknown("The ledger does not remember."))
    send(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()
    doubted = session().scalars(select(BatchRow).where(BatchRow.trouble != "")).one()
    assert doubted.state is BatchState.ANSWERED


def test_a_ledger_that_is_busy_for_longer_than_our_patience_stops_the_delivery(
    installation: Installation, ledger: Ledger, app: Flask
) -> None:
    app.config["HUB_PATIENCE_SECONDS"] = 0
    ledger.refuses = lambda payload: "later" if "customers" in payload else ""
    send(installation)
    pump.deliver(installation.id)
    (customer,) = session().scalars(select(Delivery).where(Delivery.kind == "customer"))
    assert (customer.state, customer.reason) == (DeliveryState.STOPPED, StopReason.EXHAUSTED)
    assert ledger.customers == ledger.invoices == []
