"""Books that have been at work for a year, for a demo that has something to show."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from sandbox.online import start


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
