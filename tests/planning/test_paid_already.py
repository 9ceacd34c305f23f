"""What a payment makes impossible is known before anything is sent (Pipedream 18146)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hub.planning.choices import Choices
from hub.planning.context import InBooks
from hub.planning.plan import plan
from tests.support.host import order_1042
from tests.support.plans import delivered, empty_books


def test_a_total_below_what_is_paid_is_known_before_it_is_sent() -> None:
    order = replace(order_1042(), payments=())
    books = delivered(empty_books(), plan(order, Choices(), empty_books()))
    key, posted = next((key, one) for key, one in books.existing.items() if key[1] == "invoice")
    there = InBooks(
        total=Decimal("218.50"), date=order.date, is_gone=False, is_unapplied=False, paid=Decimal("215.00")
    )  # fmt: skip
    known = replace(books, existing={**books.existing, key: replace(posted, in_books=there)})
    lower = replace(order, discount=Decimal("20.00"), total=Decimal("210.00"))
    wanted = Choices(updates=("invoice",))
    assert "below-paid" in {problem.code for problem in plan(lower, wanted, known).blockers}
    assert "below-paid" not in {problem.code for problem in plan(lower, wanted, books).blockers}
