"""What becomes of an order that gives back or is cancelled, once more, on PostgreSQL."""

from __future__ import annotations

from tests.hub.test_postgresql import database_url, server  # noqa: F401 – Fixtures.
from tests.journeys.test_changed_purchases import (  # noqa: F401 – The same.
    test_a_bill_that_is_sent_later_answers_the_purchase_order_that_is_there,
)
from tests.journeys.test_credit_memos import (  # noqa: F401 – The same tests, on another database.
    test_a_credit_memo_that_changed_is_updated,
    test_an_order_that_gives_money_back_is_a_credit_memo,
)
from tests.journeys.test_deposits import (  # noqa: F401 – The same.
    early,
    test_a_deposit_is_the_customers_credit_and_then_on_the_invoice,
)
from tests.journeys.test_terms_and_classes import (  # noqa: F401 – The same.
    test_what_the_order_names_stands_on_its_documents,
)
from tests.journeys.test_voiding import (  # noqa: F401 – The same.
    sent,
    test_an_order_that_comes_back_is_entered_again,
    test_an_order_that_gives_back_by_now_voids_its_invoice_before_the_credit_memo,
    test_the_invoice_is_voided_and_the_history_says_so,
    test_what_was_paid_becomes_the_customers_credit,
)
