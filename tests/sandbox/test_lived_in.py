"""Books that have been at work for a year, for a demo that has something to show."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import requests

from sandbox.online import REALM, Running, bookkeeper, start
from tests.support.intuit_client import Client


def test_a_year_of_work_is_open_overdue_and_paid_and_adds_up(tmp_path: Path) -> None:
    with start(tmp_path, lived_in=True) as running:
        books, balances = running.books(), running.balances()
    open_by_customer: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in books["Invoice"]:
        open_by_customer[invoice["CustomerRef"]["name"]] += invoice["Balance"]
    assert open_by_customer["Harbor Coffee Roasters"] == Decimal("284.40")
    assert open_by_customer["Kline & Sons Plumbing"] == Decimal("3511.00")
    assert {"1038", "1051"} < {invoice["DocNumber"] for invoice in books["Invoice"]}
    assert sum(open_by_customer.values()) == balances["1100"]
    assert sum(balances.values()) == 0


def test_it_is_lived_in_once(tmp_path: Path) -> None:
    with start(tmp_path, lived_in=True) as running:
        before = running.books()
    with start(tmp_path, lived_in=True) as running:
        assert running.books() == before


def test_somebody_works_in_them_as_soon_as_an_app_has_entered_an_invoice(tmp_path: Path) -> None:
    with start(tmp_path, lived_in=True) as running:
        app = Client(running, running.grant()["access_token"])
        app.write("Customer", {"DisplayName": "Somebody New"})
        assert inactive(running) == []
        app.invoice()
        assert inactive(running) == [bookkeeper.LEFT, bookkeeper.ARCHIVED]
        assert app.query(f"select * from Vendor where DisplayName = '{bookkeeper.LAWYERS}'")
        assert app.refused("Invoice", app.invoice_of(TxnDate=bookkeeper.CLOSED))[0] == "6210"
        assert app.refused("Invoice", app.invoice_of(customer=bookkeeper.LEFT)) == ("610", "")
        page = f"{running.url}/app/{REALM}/Customer"
        assert requests.get(page, timeout=5).text.count("Make active") == 1
        requests.post(f"{page}/{app.named('Customer', bookkeeper.LEFT)}/active", timeout=5).raise_for_status()
        app.invoice(customer=bookkeeper.LEFT)
        assert inactive(running) == [bookkeeper.ARCHIVED], "She came once."


def inactive(running: Running) -> list[str]:
    books = running.books()
    entries = [*books["Customer"], *books["Vendor"], *books["Item"]]
    names = [one.get("DisplayName") or one["Name"] for one in entries if not one["Active"]]
    return [name.removesuffix(" (deleted)") for name in names]
