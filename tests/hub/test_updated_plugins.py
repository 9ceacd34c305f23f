"""A plugin that is updated between two steps of a conversation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from hub.database import session
from hub.dispatch import pump
from hub.models import ConversationRow, Delivery, Installation
from hub.orders.deliveries import deliveries_of_order
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Conversation, Document, Invoice, Posting, Problem, Rejected, Request, Unavailable
from hub.serialization import problems_of
from hub.states import ConversationState, DeliveryState, StopReason
from tests.support.deliveries import pass_time
from tests.support.host import ACME, ADA_AT_ACME, Desk
from tests.support.pretend import Ledger


@pytest.fixture
def plugin(app: Flask) -> Any:
    return app.extensions["hub"].integrations["pretend"]


@pytest.fixture
def delivery(installation: Installation, ledger: Ledger, desk: Desk, plugin: Any) -> Delivery:
    """An invoice for a known customer and known items, queued."""
    order = desk.copy_order("1042", payments=())
    ledger.customers.append({"id": "c-1", "name": order.company.name})
    send_order(ADA_AT_ACME, installation.id, order, Choices())
    for _ in range(3):
        pump.deliver(installation.id)
    (found,) = deliveries_of_order(ACME.id, "1042")
    assert found.state is DeliveryState.POSTED
    ledger.invoices.clear()
    send_order(ADA_AT_ACME, installation.id, desk.copy_order("2042", payments=()), Choices())
    (fresh,) = deliveries_of_order(ACME.id, "2042")
    return fresh


def write(document: Document, **more: Any) -> Request:
    """The write of an invoice, as one version of the plugin or another asks it."""
    assert isinstance(document, Invoice)
    body = {"number": document.number, "total": document.total, **more}
    return Request(name="create invoice", payload={"invoices": body}, writes=True)


def read(name: str, **payload: str) -> Request:
    return Request(name=name, payload={"list": "customers", **payload}, writes=False)


def posting(document: Document, reply: Any) -> Posting:
    return Posting(id=reply.payload["id"], number=reply.payload["number"], total=Decimal(reply.payload["total"]))


def first_version(document: Document, *_: object) -> Conversation[Posting]:
    yield read("find the customer")
    reply = yield write(document)
    return posting(document, reply)


def with_a_field_more(document: Document, *_: object) -> Conversation[Posting]:
    yield read("find the customer")
    reply = yield write(document, memo="Thank you")
    return posting(document, reply)


def with_a_read_before(document: Document, *_: object) -> Conversation[Posting]:
    yield read("find the currency")
    yield read("find the customer")
    reply = yield write(document)
    return posting(document, reply)


def with_a_read_after(document: Document, *_: object) -> Conversation[Posting]:
    yield read("find the customer")
    reply = yield write(document)
    yield read("read it back")
    return posting(document, reply)


def without_the_read(document: Document, *_: object) -> Conversation[Posting]:
    reply = yield write(document)
    return posting(document, reply)


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "the answer is lost"])
@pytest.mark.parametrize("updated", [with_a_field_more, with_a_read_before, with_a_read_after, without_the_read])
def test_a_write_that_was_asked_before_an_update_is_posted_once(
    delivery: Delivery, ledger: Ledger, plugin: Any, updated: Any, lost: bool
) -> None:
    update_at_the_write(ledger, plugin, updated)
    ledger.after = [None, Unavailable("The line broke.")] if lost else []
    for _ in range(4):
        pump.deliver(delivery.installation_id)
        pass_time(delivery.installation)
        session().commit()
    session().refresh(delivery)
    assert (delivery.state, problems_of(delivery.problems)) == (DeliveryState.POSTED, [])
    assert [one["number"] for one in ledger.invoices] == ["2042"]
    assert delivery.posting_id == ledger.invoices[0]["id"]


def test_a_conversation_that_has_only_read_begins_anew(delivery: Delivery, ledger: Ledger, plugin: Any) -> None:
    plugin.post = first_version
    ledger.before = [None]

    def update() -> Iterator[None]:
        plugin.post = with_a_read_before
        yield

    updates = update()
    carry_out = ledger.carry_out
    ledger.carry_out = lambda batch: (next(updates, None), carry_out(batch))[1]  # type: ignore[method-assign]
    pump.deliver(delivery.installation_id)
    session().refresh(delivery)
    assert delivery.state is DeliveryState.POSTED
    assert [one["number"] for one in ledger.invoices] == ["2042"]
    states = [one.state for one in session().query(ConversationRow).filter_by(delivery_id=delivery.id)]
    assert states == [ConversationState.FAILED, ConversationState.DONE]


def test_a_plugin_that_reads_something_else_each_time_is_stopped(
    delivery: Delivery, ledger: Ledger, plugin: Any
) -> None:
    turns = iter(range(1000))

    def never_the_same(document: Document, *_: object) -> Conversation[Posting]:
        yield read(f"read {next(turns)}")
        reply = yield write(document)
        return posting(document, reply)

    plugin.post = never_the_same
    pump.deliver(delivery.installation_id)
    session().refresh(delivery)
    assert (delivery.state, delivery.reason) == (DeliveryState.STOPPED, StopReason.CRASHED)
    assert ledger.invoices == []
    assert len(ledger.trips) < 20


def update_at_the_write(ledger: Ledger, plugin: Any, updated: Any) -> None:
    """Replace the plugin's conversation while the ledger carries the write of an invoice out."""
    plugin.post = first_version

    def update(_: object) -> str:
        plugin.post = updated
        return ""

    ledger.refuses = lambda payload: update(payload) if "invoices" in payload else ""


def write_renamed(document: Document, **more: Any) -> Request:
    return dataclasses.replace(write(document, **more), name="add invoice")


def renamed(document: Document, *_: object) -> Conversation[Posting]:
    reply = yield write_renamed(document)
    return posting(document, reply)


def renamed_with_a_field_more(document: Document, *_: object) -> Conversation[Posting]:
    reply = yield write_renamed(document, memo="Thank you")
    return posting(document, reply)


def refuses(document: Document, *_: object) -> Conversation[Posting]:
    raise Rejected(Problem(code="too-long", what="The number is too long."))
    yield


def is_unavailable(document: Document, *_: object) -> Conversation[Posting]:
    raise Unavailable("Come later.")
    yield


def ends_early(document: Document, *_: object) -> Conversation[Posting]:
    return Posting(id="none", number="2042", total=Decimal("218.50"))
    yield


def test_a_write_that_is_called_otherwise_and_says_the_same_is_posted_once(
    delivery: Delivery, ledger: Ledger, plugin: Any
) -> None:
    update_at_the_write(ledger, plugin, renamed)
    pump.deliver(delivery.installation_id)
    session().refresh(delivery)
    assert delivery.state is DeliveryState.POSTED
    assert [one["number"] for one in ledger.invoices] == ["2042"]


@pytest.mark.parametrize("updated", [renamed_with_a_field_more, refuses, is_unavailable, ends_early])
def test_what_is_written_and_cannot_be_read_any_more_is_not_sent_again_unless_a_person_says_so(
    delivery: Delivery, ledger: Ledger, plugin: Any, updated: Any
) -> None:
    update_at_the_write(ledger, plugin, updated)
    for _ in range(3):
        pump.deliver(delivery.installation_id)
        pass_time(delivery.installation)
        session().commit()
    session().refresh(delivery)
    (problem,) = problems_of(delivery.problems)
    assert (delivery.state, delivery.reason, problem.code) == (
        DeliveryState.STOPPED, StopReason.CRASHED, "answer-unread",
    )  # fmt: skip
    assert [one["number"] for one in ledger.invoices] == ["2042"]

    retry_delivery(ADA_AT_ACME, delivery.id)  # As "Retry all" does: nobody has looked.
    pump.deliver(delivery.installation_id)
    session().refresh(delivery)
    assert (delivery.state, problems_of(delivery.problems)) == (DeliveryState.STOPPED, [problem])
    assert [one["number"] for one in ledger.invoices] == ["2042"]

    ledger.refuses, plugin.post = lambda _: "", first_version
    ledger.invoices.clear()  # It is not there.
    (fix,) = problem.fixes
    retry_delivery(ADA_AT_ACME, delivery.id, {fix.kind: fix.value})
    pump.deliver(delivery.installation_id)
    session().refresh(delivery)
    assert delivery.state is DeliveryState.POSTED
    assert [one["number"] for one in ledger.invoices] == ["2042"]


def test_a_plugin_that_is_put_back_reads_the_answer_at_a_retry(
    delivery: Delivery, ledger: Ledger, plugin: Any
) -> None:
    update_at_the_write(ledger, plugin, renamed_with_a_field_more)
    pump.deliver(delivery.installation_id)
    ledger.refuses = lambda _: ""
    plugin.post = first_version
    retry_delivery(ADA_AT_ACME, delivery.id)
    pump.deliver(delivery.installation_id)
    session().refresh(delivery)
    assert delivery.state is DeliveryState.POSTED
    assert [one["number"] for one in ledger.invoices] == ["2042"]
