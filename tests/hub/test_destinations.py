"""Ledgers with several destinations, several books behind one sign-in, and lists that tell of no deletions."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub import jobs
from hub.books.refresh import refresh_lists, store_page
from hub.database import now, session
from hub.dispatch import pump
from hub.errors import Incomplete
from hub.models import Authorization, BatchRow, ConversationRow, Installation, Purpose, RecordRow
from hub.plugin import (
    Ask,
    Attempt,
    Authorized,
    Field,
    FieldKind,
    MappingField,
    Page,
    Payment,
    Record,
    RecordKind,
    Redirect,
    Request,
    Role,
)
from hub.states import InstallationState
from tests.support.deliveries import EXPECTED, everything_posted, send
from tests.support.pages import Browser
from tests.support.pretend import Ledger, Pretend, integration_of

CANARY = "canary-verifier"


class Several(Pretend):
    """Its sign-in opens two books, and the admin is asked which are meant."""

    def authorize(self, attempt: Attempt) -> Redirect | Ask | Authorized:
        if attempt.answer is None:
            url = f"http://127.0.0.1:9/sign-in?state={attempt.state}"
            return Redirect(url=url, keep={"verifier": CANARY})
        if "books" in attempt.answer:
            return Authorized(books_id=attempt.answer["books"], credentials={"token": attempt.kept["token"]})
        assert attempt.kept == {"verifier": CANARY}
        choices = (("books-1", "First Ltd"), ("books-2", "Second Ltd"))
        question = Field(key="books", label="Which books?", kind=FieldKind.CHOICE, choices=choices)
        return Ask(question=question, keep={"token": "canary-token-asked"})


def test_an_admin_chooses_among_several_books_and_nothing_that_was_kept_is_seen_or_stays(
    app: Flask,
    browser: Browser,
    ledger: Ledger,
) -> None:
    app.extensions["hub"].integrations = {"pretend": Several(ledger)}
    browser.post("/hub/integrations", {"integration": "pretend"})
    left = browser.post("/hub/installations/1/authorize")
    state = parse_qs(urlsplit(left.headers["Refresh"].partition("url=")[2]).query)["state"][0]
    asked = browser.get(f"/hub/authorized/pretend?state={state}&code=abc")
    assert "Second Ltd" in asked.text
    assert "canary" not in left.text + asked.text
    assert "canary" not in str([row.kept for row in session().scalars(select(Authorization))])
    following = re.search(r'name="state" value="([^"]+)"', asked.text)
    assert following
    answer = {"state": unescape(following[1]), "books": "books-2"}
    assert browser.post("/hub/authorized/pretend", answer).status_code == 303
    session().expire_all()
    found = session().get_one(Installation, 1)
    assert (found.state, found.books_id) == (InstallationState.CONNECTED, "books-2")
    assert {row.kept for row in session().scalars(select(Authorization))} == {""}
    assert browser.post("/hub/authorized/pretend", answer).status_code == 409


def test_what_nobody_came_back_for_is_forgotten_when_its_time_is_over(
    app: Flask,
    browser: Browser,
    ledger: Ledger,
) -> None:
    def kept() -> list[bool]:
        session().expire_all()
        return [bool(row.kept) for row in session().scalars(select(Authorization))]

    app.extensions["hub"].integrations = {"pretend": Several(ledger)}
    browser.post("/hub/integrations", {"integration": "pretend"})
    browser.post("/hub/installations/1/authorize")
    jobs.sweep()
    assert kept() == [True]
    session().execute(update(Authorization).values(expires_at=now() - dt.timedelta(minutes=1)))
    session().commit()
    jobs.sweep()
    assert kept() == [False]


def test_a_batch_goes_to_one_destination(
    app: Flask, installation: Installation, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def door(_: Pretend, request: Request) -> str:
        return "write" if request.writes else str(request.payload)

    monkeypatch.setattr(Pretend, "destination", door)
    refresh_lists(installation, integration_of(app))
    session().commit()
    send(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()
    assert all(len({door(integration_of(app), one) for one in trip.requests}) == 1 for trip in ledger.trips)  # type: ignore[arg-type]
    assert max(len(trip.requests) for trip in ledger.trips) == 2  # The new customer and the new item.
    assert session().scalar(select(BatchRow.id).where(BatchRow.state != "answered")) is None


def test_what_a_whole_list_does_not_name_is_gone(installation: Installation) -> None:
    def names() -> list[str]:
        session().expire_all()
        query = select(RecordRow.name).where(RecordRow.kind == RecordKind.ITEM, RecordRow.active)
        return sorted(session().scalars(query))

    mug, cup = (Record(kind=RecordKind.ITEM, id=name, name=name) for name in ("Mug", "Cup"))
    for page in (Page(records=(mug, cup), cursor="1"), Page(records=(cup,), cursor="2")):
        store_page(conversation(installation), page)
    assert names() == ["Cup", "Mug"]
    store_page(conversation(installation), Page(records=(cup,), cursor="3", is_snapshot=True))
    assert names() == ["Cup"]


def conversation(installation: Installation) -> ConversationRow:
    row = ConversationRow(
        installation_id=installation.id, purpose=Purpose.FETCH, argument={"kind": "item", "since": ""}
    )
    session().add(row)
    session().flush()
    return row


def test_an_account_that_payments_need_is_asked_for_with_the_invoice_that_they_pay(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = MappingField(key=Role.DEPOSIT, label="Payments to", needed_for=frozenset({Payment.kind}))
    monkeypatch.setattr(Pretend, "mappings", (*Pretend.mappings, deposit))
    with pytest.raises(Incomplete) as refused:
        send(installation)
    assert [problem.field for problem in refused.value.problems] == [Role.DEPOSIT]
