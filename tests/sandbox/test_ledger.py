"""Whatever is entered, changed, voided and deleted: the books balance, and all that is owed agrees with them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.online import REALM, operations
from sandbox.online.refusals import Refusal
from sandbox.online.storage import Books, Store
from tests.support.hypothesis_profile import examples
from tests.support.intuit_client import Row

ZERO = Decimal("0.00")
AMOUNTS = st.decimals("0.01", "500", places=2)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "invoice", "pay", "pay", "credit", "bill", "void", "delete", "change"]),
        st.integers(0, 1),
        AMOUNTS,
        st.integers(0, 9),
    ),
    min_size=30,
    max_size=40,
)


@pytest.fixture
def books(folder: Path) -> Iterator[Books]:
    with Store(folder).writing() as session:
        yield session.books(REALM)


def take(books: Books, step: str, party: int, amount: Decimal, pick: int) -> None:
    """One step of a bookkeeper, which the books may refuse; then they stay as they were."""
    buyer = books.all("Customer")[party]
    customer = {"value": buyer["Id"], "name": buyer["DisplayName"]}
    item = {"value": books.named("Item", "T2040")[0]["Id"]}
    sale: Row = {"ItemRef": item, "TaxCodeRef": {"value": "TAX" if pick % 2 else "NON"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": sale}
    discount = {"DetailType": "DiscountLineDetail", "Amount": Decimal(pick)}
    forms = [(kind, row) for kind in ("Invoice", "Payment", "CreditMemo", "Bill") for row in books.all(kind)]
    kind, picked = forms[pick % len(forms)] if forms else ("Invoice", {"Id": "0", "SyncToken": "0"})
    state = {"Id": picked["Id"], "SyncToken": picked["SyncToken"], "sparse": True}
    match step:
        case "invoice":
            operations.create(
                books, "Invoice", {"CustomerRef": customer, "Line": [line, discount], "Deposit": pick % 3}
            )
        case "credit":
            operations.create(books, "CreditMemo", {"CustomerRef": customer, "Line": [line]})
        case "pay":
            theirs = [
                (linked, row["Id"], min(row["Balance"], amount), sign)
                for linked, sign in (("Invoice", 1), ("CreditMemo", -1))
                for row in books.all(linked)[: pick + 1]
                if row["CustomerRef"] == customer and row["Balance"]
            ]
            lines = [
                {"Amount": part, "LinkedTxn": [{"TxnId": one, "TxnType": linked}]} for linked, one, part, _ in theirs
            ]
            total = max(sum((part * sign for _, _, part, sign in theirs), ZERO), ZERO) + pick // 5
            operations.create(books, "Payment", {"CustomerRef": customer, "TotalAmt": total, "Line": lines})
        case "bill":
            vendor = {"value": books.all("Vendor")[party]["Id"]}
            bought = {
                **line,
                "DetailType": "ItemBasedExpenseLineDetail",
                "ItemBasedExpenseLineDetail": {"ItemRef": item},
            }
            operations.create(books, "Bill", {"VendorRef": vendor, "Line": [bought]})
        case "void":
            operations.void(books, kind, state)
        case "delete":
            operations.delete(books, kind, state)
        case "change":
            operations.update(
                books, kind, {**state, "TotalAmt": amount, **({"Line": [line]} if kind != "Bill" else {})}
            )


def check(books: Books) -> None:
    rows = {kind: books.all(kind) for kind in ("Account", "Customer", "Vendor", "Invoice", "CreditMemo", "Payment")}
    numbers = {row["Id"]: row["AcctNum"] for row in rows["Account"]}
    stand = {numbers[account]: amount for account, amount in books.balances().items()}
    assert sum(stand.values(), ZERO) == 0
    for kind, number, sign in (("Customer", "1100", 1), ("Vendor", "2000", -1)):
        assert sum((row["Balance"] for row in rows[kind]), ZERO) * sign == stand.get(number, ZERO)
    owed: dict[str, Decimal] = {}
    for kind, element, sign in (
        ("Invoice", "Balance", 1),
        ("CreditMemo", "Balance", -1),
        ("Payment", "UnappliedAmt", -1),
    ):
        for form in rows[kind]:
            customer = form["CustomerRef"]["value"]
            owed[customer] = owed.get(customer, ZERO) + form[element] * sign
    assert {row["Id"]: row["Balance"] for row in rows["Customer"] if row["Balance"]} == {
        customer: amount for customer, amount in owed.items() if amount
    }
    links = [(payment["Id"], line["LinkedTxn"][0]) for payment in rows["Payment"] for line in payment["Line"]]
    for kind in ("Invoice", "CreditMemo"):
        for form in rows[kind]:
            assert 0 <= form["Balance"] <= form["TotalAmt"]
            paying = {payment for payment, link in links if link == {"TxnId": form["Id"], "TxnType": kind}}
            assert {link["TxnId"] for link in form["LinkedTxn"]} == paying


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(6))
@given(steps=STEPS)
def test_the_books_balance_after_every_step(books: Books, steps: list[tuple[str, int, Decimal, int]]) -> None:
    books.session.connection.execute("SAVEPOINT example")
    for step in steps:
        try:
            with books.session.savepoint():
                take(books, *step)
        except Refusal:
            pass
        check(books)
    books.session.connection.execute("ROLLBACK TO example")
    books.session.connection.execute("RELEASE example")
