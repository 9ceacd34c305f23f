"""What a ledger tells by itself: the address, what follows from it, and what does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from flask import Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select

from hub.books import links
from hub.books.refresh import begin_due_lists, refresh_lists
from hub.database import now, session
from hub.dispatch import pump
from hub.models import Installation, Link, Listing, RecordRow
from hub.plugin import Change, Listed, RecordKind
from hub.states import InstallationState
from tests.support.pages import statements
from tests.support.pretend import Ledger, integration_of
from tests.support.serving import serving
from tests.support.webhooks import Tell


def changed(kind: Listed = RecordKind.CUSTOMER, books: str = "books-1", **more: Any) -> Change:
    return Change(books_id=books, kind=kind, **more)


def due() -> dict[str, dt.timedelta | None]:
    """In how long each list is to be read, in whole half minutes."""
    session().expire_all()
    rows = session().scalars(select(Listing))
    return {one.kind: None if one.due_at is None else SOON * round((one.due_at - now()) / SOON) for one in rows}


SOON, LATER = dt.timedelta(seconds=30), dt.timedelta(hours=6)


def pass_time() -> None:
    for listing in session().scalars(select(Listing)):
        listing.due_at = now() if listing.told else listing.due_at
    session().commit()


def test_what_was_told_is_read_soon_and_only_that(installation: Installation, ledger: Ledger, tell: Tell) -> None:
    assert tell(changed(), changed(RecordKind.VENDOR)) == 200
    assert due() == {"account": LATER, "customer": SOON, "item": LATER}
    pump.deliver(installation.id)
    assert ledger.trips == [], "not at once"
    pass_time()
    pump.deliver(installation.id)
    assert [one.name for trip in ledger.trips for one in trip.requests] == ["list customer"]
    assert due() == {"account": LATER, "customer": LATER, "item": LATER}


def test_a_storm_makes_a_list_due_once(installation: Installation, ledger: Ledger, app: Flask, tell: Tell) -> None:
    tell(changed())
    first = session().get_one(Listing, (installation.id, "customer")).due_at
    with statements(app) as seen:
        for _ in range(10):
            assert tell(*[changed(id=str(number)) for number in range(1000)]) == 200
    assert len(seen) <= 10 * 5, "the number of events does not matter"
    assert session().get_one(Listing, (installation.id, "customer")).due_at == first, "nor does it put it off"
    pass_time()
    pump.deliver(installation.id)
    assert len(ledger.trips) == 1


def test_what_is_told_while_it_is_being_read_is_read_once_more(
    installation: Installation, ledger: Ledger, tell: Tell
) -> None:
    row = begin_due_lists(installation, 5, [RecordKind.CUSTOMER])
    assert row == []
    tell(changed())
    pass_time()
    begin_due_lists(installation, 5, [RecordKind.CUSTOMER])
    session().commit()
    assert due()["customer"] is None
    assert tell(changed()) == 200
    assert due()["customer"] is None
    pump.deliver(installation.id)
    assert due()["customer"] == SOON
    pass_time()
    pump.deliver(installation.id)
    assert due()["customer"] == LATER
    assert len(ledger.trips) == 2


@pytest.mark.parametrize("signature", ["bad", ""])
def test_a_forged_signature_is_turned_away_and_has_no_effect(
    installation: Installation, tell: Tell, signature: str
) -> None:
    before = due()
    assert tell(changed(), signature=signature) == 401
    assert due() == before


def test_books_that_nobody_has_connected_are_no_matter(installation: Installation, tell: Tell) -> None:
    before = due()
    assert tell(changed(books="books-2")) == 200
    assert due() == before
    installation.move(InstallationState.REMOVED)
    session().commit()
    assert tell(changed()) == 200
    assert due() == before


def test_other_organizations_with_other_books_are_not_touched(installation: Installation, tell: Tell) -> None:
    other = Installation(organization_id="other", integration="pretend", installed_by="Bob", books_id="books-2")
    session().add(other)
    session().flush()
    session().add(Listing(installation_id=other.id, kind="customer", due_at=now() + LATER))
    session().commit()
    tell(changed(books="books-2"))
    rows = session().scalars(select(Listing).where(Listing.kind == "customer").order_by(Listing.installation_id))
    assert [bool(one.told) for one in rows] == [False, True]


def test_who_is_no_ledger_of_ours_finds_nothing(installation: Installation, tell: Tell) -> None:
    assert tell(changed(), key="nobody") == 404


def test_a_ledger_that_tells_nothing_is_not_listened_to(installation: Installation, app: Flask) -> None:
    assert app.test_client().post("/hub/webhooks/pretend", data=b"{}").status_code == 401


def test_too_much_is_not_read(installation: Installation, tell: Tell) -> None:
    before = due()
    assert tell(changed(), body=b" " * (8 * 1024 * 1024 + 1)) == 413
    assert due() == before


def test_a_hosts_own_protection_against_forged_forms_does_not_stand_in_the_way(
    installation: Installation, app: Flask, tell: Tell
) -> None:
    from hub.web import guard

    CSRFProtect(app)
    guard.excuse_machines(app)
    assert tell(changed()) == 200


MERGES = [("62", "61"), ("61", "60")]


@pytest.mark.parametrize("order", [MERGES, MERGES[::-1], MERGES * 2, MERGES[::-1] * 2])
def test_merges_in_any_order_leave_every_link_at_who_remains(
    installation: Installation, tell: Tell, order: list[tuple[str, str]]
) -> None:
    for record_id, name in (("60", "Abc Inc"), ("61", "ABC Company"), ("62", "A.B.C.")):
        row = RecordRow(installation_id=installation.id, kind=RecordKind.CUSTOMER, record_id=record_id, name=name)
        row.name_key = name.casefold()
        session().add(row)
        session().flush()
        links.link_company(installation.id, RecordKind.CUSTOMER, f"company-{record_id}", row.ref, "Ada")
    session().commit()
    for pair in order:
        assert tell(changed(merged=(pair,))) == 200
    kept = session().scalars(select(Link).order_by(Link.company_id)).all()
    assert [(one.company_id, one.record_id, one.name) for one in kept] == [
        ("company-60", "60", "Abc Inc"), ("company-61", "60", "Abc Inc"), ("company-62", "60", "Abc Inc"),
    ]  # fmt: skip
    assert [bool(one.note) for one in kept] == [False, True, True]
    assert "Abc Inc" in kept[2].note
    rows = session().scalars(select(RecordRow).where(RecordRow.kind == RecordKind.CUSTOMER, RecordRow.active))
    assert [one.record_id for one in rows] == ["60"]


def test_what_we_have_seen_since_is_no_news(installation: Installation, ledger: Ledger, tell: Tell) -> None:
    row = RecordRow(installation_id=installation.id, kind=RecordKind.CUSTOMER, record_id="60", name="A", name_key="a")
    session().add(row)
    session().commit()
    told = changed(id="60", at=row.seen_at - dt.timedelta(seconds=1))
    for _ in range(2):
        assert tell(told) == 200
        assert due()["customer"] == SOON
        pass_time()
        pump.deliver(installation.id)
        assert ledger.trips == []
        assert due()["customer"] == LATER
    tell(told, changed(id="61", at=told.at))
    pass_time()
    pump.deliver(installation.id)
    assert len(ledger.trips) == 1, "another one is new to us"


@pytest.mark.parametrize("at", [dt.timedelta(seconds=1), None])
def test_what_has_changed_after_we_have_seen_it_is_news(
    installation: Installation, ledger: Ledger, tell: Tell, at: dt.timedelta | None
) -> None:
    row = RecordRow(installation_id=installation.id, kind=RecordKind.CUSTOMER, record_id="60", name="A", name_key="a")
    session().add(row)
    session().commit()
    assert tell(changed(id="60", at=row.seen_at + at if at else None)) == 200
    pass_time()
    pump.deliver(installation.id)
    assert len(ledger.trips) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_what_many_tell_at_once_is_all_kept(installation: Installation, ledger: Ledger, app: Flask, tell: Tell) -> None:
    """Calls come to several threads and processes at the same time, while a worker stores what it has read."""

    def hear(body: bytes, headers: Mapping[str, str], settings: Mapping[str, str]) -> Sequence[Change]:
        return [changed(id=body.decode())]

    integration_of(app).parse_webhook = hear  # type: ignore[attr-defined]  # `tell` takes its own away again.
    with serving(app) as url, ThreadPoolExecutor(4) as threads:

        def post(number: int) -> int:
            return requests.post(f"{url}/hub/webhooks/pretend", data=str(number), timeout=30).status_code

        answers = [threads.submit(post, number) for number in range(60)]
        refresh_lists(installation, integration_of(app))
        session().commit()
        pump.deliver(installation.id)
        assert {answer.result() for answer in answers} == {200}
        session().get_one(Listing, (installation.id, "customer")).told = {}
        session().commit()
        assert set(threads.map(post, range(60))) == {200}
    session().expire_all()
    told = session().get_one(Listing, (installation.id, "customer")).told
    assert set(told) == {str(number) for number in range(60)}
