"""Terms, class and location: named by the order or chosen by a person, and in the books where these track them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import mappings
from hub.database import session
from hub.dispatch import pump
from hub.host import Order
from hub.installations.install import check_connection
from hub.integrations import registry
from hub.models import Installation, Listing, RecordRow
from hub.orders.send import send_order
from hub.orders.send_many import check_orders
from hub.planning.choices import Choices
from hub.plugin import RecordKind, Role
from hub.queue import commit
from sandbox.online import REALM, Running
from tests.support.books import record_named
from tests.support.desktop import Office, look_again
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.online import posted
from tests.support.orders import EVERYTHING
from tests.support.orders import order as bought
from tests.support.serving import serving


def named(terms: str = "net 15", tracking_class: str = "Drinkware", location: str = "Showroom") -> Order:
    return replace(bought(1042), terms=terms, tracking_class=tracking_class, location=location)


def told(books: Running) -> dict[str, Any]:
    """Under which names everything stands in the books."""
    found = books.books()
    (invoice,), (order,), (bill,) = found["Invoice"], found["PurchaseOrder"], found["Bill"]
    classes = [
        line[detail].get("ClassRef", {}).get("name")
        for row, detail in ((invoice, "SalesItemLineDetail"), (order, "ItemBasedExpenseLineDetail"),
                            (bill, "ItemBasedExpenseLineDetail"))
        for line in row["Line"] if line["DetailType"] == detail
    ]  # fmt: skip
    locations = [row.get("DepartmentRef", {}).get("name") for row in (invoice, order, bill)]
    return {"terms": invoice.get("SalesTermRef", {}).get("name"), "classes": classes, "locations": locations}


@pytest.mark.databases("sqlite", "postgresql")
def test_what_the_order_names_stands_on_its_documents(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, named(), EVERYTHING)
    pump.deliver(online.id)
    assert posted()
    assert told(books) == {"terms": "Net 15", "classes": ["Drinkware"] * 3, "locations": ["Showroom"] * 3}


def test_what_the_order_names_comes_before_what_is_suggested(
    online: Installation, books: Running, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggested = {
        row.kind: row.record_id
        for row in session().scalars(select(RecordRow).where(RecordRow.kind.in_([RecordKind.TERM, RecordKind.CLASS])))
        if row.name not in {"Net 15", "Drinkware"}
    }
    assert suggested.keys() == {RecordKind.TERM, RecordKind.CLASS}
    by_role = {Role.TERMS: suggested[RecordKind.TERM], Role.CLASS: suggested[RecordKind.CLASS]}
    monkeypatch.setattr(mappings, "suggest_mappings", lambda *_: dict(by_role))
    desk.orders["1042"] = named()
    (outlook,) = check_orders(online, ["1042"], ["invoice", "purchase_order", "bill"])
    send_order(ADA_AT_ACME, online.id, outlook.order, outlook.choices)
    pump.deliver(online.id)
    assert posted()
    assert told(books) == {"terms": "Net 15", "classes": ["Drinkware"] * 3, "locations": ["Showroom"] * 3}
    assert not {Role.TERMS, Role.CLASS} & outlook.choices.accounts.keys(), "What the order names may change with it."
    desk.orders["1043"] = replace(bought(1043), terms="")
    (other,) = check_orders(online, ["1043"], ["invoice"])
    assert other.choices.accounts[Role.TERMS] == by_role[Role.TERMS], "The order names none."


def test_what_the_books_do_not_have_is_what_the_settings_say_or_nothing(online: Installation, books: Running) -> None:
    row = record_named(online.id, RecordKind.CLASS, "Office")
    mappings.save_mappings(online, registry.find_integration("quickbooks_online"), {Role.CLASS: row.record_id})
    commit()
    order = named(terms="45 days", tracking_class="Gifts", location="")
    send_order(ADA_AT_ACME, online.id, order, EVERYTHING)
    pump.deliver(online.id)
    assert told(books) == {"terms": None, "classes": ["Office"] * 3, "locations": [None] * 3}


def test_a_person_may_choose_otherwise_in_the_dialog(
    app: Flask, online: Installation, books: Running, desk: Desk
) -> None:
    desk.orders["1042"] = named()
    page = app.test_client().get("/hub/orders/1042/send").text
    drinkware = record_named(online.id, RecordKind.CLASS, "Drinkware")
    assert f'<option value="{drinkware.record_id}" selected>Drinkware</option>' in page
    other = record_named(online.id, RecordKind.CLASS, "Apparel")
    choices = replace(EVERYTHING, accounts={Role.CLASS: other.record_id})
    send_order(ADA_AT_ACME, online.id, desk.orders["1042"], choices)
    pump.deliver(online.id)
    assert told(books)["classes"] == ["Apparel"] * 3


def test_a_class_stands_on_the_document_where_the_company_notes_it_there(online: Installation, books: Running) -> None:
    ways = {"ClassTrackingPerTxn": True, "ClassTrackingPerTxnLine": False}
    books.control(f"preferences/{REALM}", {"AccountingInfoPrefs": ways})
    check_connection(ADA_AT_ACME, online.id)
    pump.deliver(online.id)
    send_order(ADA_AT_ACME, online.id, named(), Choices())
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    assert invoice["ClassRef"]["name"] == "Drinkware"
    assert "ClassRef" not in invoice["Line"][0]["SalesItemLineDetail"]


# ── QuickBooks Desktop ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        found = Office.open(url, tmp_path)
        yield found


def kinds() -> set[str]:
    return set(session().scalars(select(Listing.kind)))


def test_a_company_file_gets_them_as_soon_as_it_uses_classes(office: Office) -> None:
    office.connect()
    assert "class" not in kinds()
    office.company.store.remember("classes", "true")
    check_connection(ADA_AT_ACME, office.installation.id)
    assert office.update()[-1] == "OK"
    look_again(office)
    assert "class" in kinds()
    send_order(ADA_AT_ACME, office.installation.id, named(tracking_class="promotional"), EVERYTHING)
    assert office.update()[-1] == "OK", office.log
    assert posted()
    (invoice,), (order,), (bill,) = (office.company.rows(kind) for kind in ("Invoice", "PurchaseOrder", "Bill"))
    assert invoice.fields["TermsRef"]["FullName"] == "Net 15"
    classes = [invoice.fields["ClassRef"], order.fields["ClassRef"], bill.fields["ItemLineRet"][0]["ClassRef"]]
    assert [one["FullName"] for one in classes] == ["Promotional"] * 3
