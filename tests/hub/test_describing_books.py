"""How the books work is asked after connecting, once a day, and after a refusal that it may explain."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from hub.books import description
from hub.database import now, session
from hub.dispatch import due, pump
from hub.dispatch.replay import begin_conversation
from hub.models import ConversationRow, Delivery, Installation, Purpose
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Books, Request, TaxSystem
from hub.queue import commit
from tests.support.deliveries import send
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.pages import state_of
from tests.support.pretend import Ledger, Pretend

WAYS = Books(
    id="books-1", name="Test Books", currency="USD", closed_until=dt.date(2026, 10, 31),
    assigns_numbers_to=frozenset({"invoice", "payment"}), tax_system=TaxSystem.AUTOMATED,
)  # fmt: skip
OTHER_WAYS = Books(id="books-1", name="Test Books", currency="USD")


def checks() -> int:
    query = select(func.count(ConversationRow.id)).where(ConversationRow.purpose == Purpose.CHECK)
    return session().scalar(query) or 0


def test_a_conversation_keeps_the_books_that_it_began_with(installation: Installation, ledger: Ledger) -> None:
    """Whatever becomes known between two trips: a replay asks what was asked the first time."""
    seen: list[Books] = []

    class Listening(Pretend):
        def post(self, document: Any, options: Any, books: Books) -> Any:
            seen.append(books)
            yield Request(name="look", payload={"list": "invoices"}, writes=False)

    description.store_description(installation, WAYS)
    send(installation)
    pump.deliver(installation.id)
    description.store_description(installation, OTHER_WAYS)
    commit()
    session().expire_all()
    assert description.known_books(installation) == OTHER_WAYS
    (row,) = session().scalars(select(ConversationRow).join(Delivery).where(Delivery.kind == "invoice"))
    next(begin_conversation(row, Listening(ledger)))
    assert seen == [WAYS]


def test_the_books_are_asked_once_a_day(installation: Installation) -> None:
    before = checks()
    pump.deliver(installation.id)
    assert checks() == before
    installation.check_due_at = now()
    commit()
    assert due.is_due(installation.id)
    pump.deliver(installation.id)
    session().expire_all()
    assert checks() == before + 1
    assert installation.check_due_at > now() + dt.timedelta(hours=23)
    assert not due.is_due(installation.id)


def test_the_lists_are_said_to_be_loading_until_it_is_known_whose_they_are(
    app: Flask, installation: Installation
) -> None:
    client, address = app.test_client(), f"/hub/installations/{installation.id}/lists"
    installation.checked_at = installation.check_due_at = None
    name, installation.books_name = installation.books_name, ""
    commit()
    answer = client.get(address, headers={"HX-Request": "true"})
    assert state_of(answer.text, f"hub-lists-{installation.id}") == "loading"
    assert "every 1s" in answer.text
    assert "HX-Trigger-After-Settle" not in answer.headers
    description.store_description(installation, replace(WAYS, name=name))
    commit()
    answer = client.get(address, headers={"HX-Request": "true"})
    assert state_of(answer.text, f"hub-lists-{installation.id}") == "loaded"
    assert name in answer.text
    assert "every 1s" not in answer.text
    assert answer.headers["HX-Trigger-After-Settle"] == "hub-loaded", "The page shows what it says of the books anew."


def test_after_a_refusal_they_are_asked_soon_but_not_each_time(
    installation: Installation, ledger: Ledger, desk: Desk
) -> None:
    installation.checked_at = now() - dt.timedelta(hours=3)
    commit()
    before = checks()
    ledger.refuses = lambda payload: "The books are closed." if "invoices" in payload else ""
    send(installation)
    pump.deliver(installation.id)
    assert checks() == before + 1
    send_order(ADA_AT_ACME, installation.id, desk.copy_order("1043"), Choices())
    pump.deliver(installation.id)
    assert checks() == before + 1
