"""What becomes of an order that gives back or is cancelled, once more, on PostgreSQL."""

from __future__ import annotations

from tests.hub.test_postgresql import database_url, server  # noqa: F401 – Fixtures.
from tests.journeys.test_credit_memos import (  # noqa: F401 – The same tests, on another database.
    test_a_credit_memo_that_changed_is_updated,
    test_an_order_that_gives_money_back_is_a_credit_memo,
)
from tests.journeys.test_voiding import (  # noqa: F401 – The same.
    sent,
    test_an_order_that_comes_back_is_entered_again,
    test_an_order_that_gives_back_by_now_voids_its_invoice_before_the_credit_memo,
    test_the_invoice_is_voided_and_the_history_says_so,
    test_what_was_paid_becomes_the_customers_credit,
)
