"""Orders that give money back: a credit memo in the books, once, to the cent, and the customer's balance is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from flask import Flask

from hub.books import history
from hub.database import now, session
from hub.dispatch import pump
from hub.host import Order
from hub.integrations import registry
from hub.models import Installation
from hub.orders.deliveries import deliveries_of_order
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import RecordKind, TransactionKind
from hub.web import views
from sandbox.online import Running
from tests.support.books import record_named
from tests.support.deliveries import pass_time
from tests.support.desktop import Office
from tests.support.desktop import look_again as look_at_file
from tests.support.differences import find_differences
from tests.support.host import ACME, ADA_AT_ACME, order_1042, turned
from tests.support.online import entered, look_again, posted
from tests.support.serving import serving


def returned(number: str = "1077") -> Order:
    """All of order 1042 comes back, with its discount."""
    return replace(turned(order_1042()), id=number, number=number)




def balance(installation: Installation) -> Decimal:
    session().expire_all()
    row = record_named(installation.id, RecordKind.CUSTOMER, "ABC Company")
    return history.load_customer_account(installation.id, row.record_id, now().date()).balance


CREDIT = [("1077", Decimal("218.50"), Decimal("218.50"))]


@pytest.mark.databases("sqlite", "postgresql")
def test_an_order_that_gives_money_back_is_a_credit_memo(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    send_order(ADA_AT_ACME, online.id, returned(), Choices())
    pump.deliver(online.id)
    assert posted()
    assert entered(books) == CREDIT
    (memo,) = books.books()["CreditMemo"]
    assert [line["Amount"] for line in memo["Line"]] == [Decimal("230.00"), Decimal("11.50"), Decimal("230.00")]
    (customer,) = (one for one in books.books()["Customer"] if one["DisplayName"] == "ABC Company")
    assert customer["Balance"] == Decimal("118.50") - Decimal("218.50")
    assert balance(online) == Decimal("-100.00"), "At once, from the echo."
    look_again(online)
    assert balance(online) == Decimal("-100.00"), "And as the books say it."
    (status,) = views.build_order_status("1077", deliveries_of_order(ACME.id, "1077")).statuses
    assert (status.tone, status.problems) == ("good", [])
    assert "1077" in status.text
    assert (status.address or "").endswith(f"/app/creditmemo?txnId={memo['Id']}")


@pytest.mark.parametrize(("trip", "kind"), list(product(range(4), ["cut_before", "cut_after"])))
def test_wherever_the_line_is_cut_there_is_one_credit_memo(
    online: Installation, books: Running, trip: int, kind: str
) -> None:
    send_order(ADA_AT_ACME, online.id, returned(), Choices())
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        pump.deliver(online.id)
        pass_time(online)
    assert entered(books) == CREDIT
    assert posted()


@pytest.mark.databases("sqlite", "postgresql")
def test_a_credit_memo_that_changed_is_updated(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, returned(), Choices())
    pump.deliver(online.id)
    before = returned()
    line = replace(before.lines[0], quantity=Decimal(-50), amount=Decimal("-115.00"))
    changed = replace(before, lines=(line,), total=Decimal("-103.50"))
    session().expire_all()
    (found,) = find_differences(online, changed, Choices())
    assert ("218.50", "103.50") in [(one.before, one.after) for one in found.changes]
    send_order(ADA_AT_ACME, online.id, changed, Choices(updates=("credit_memo",)))
    pump.deliver(online.id)
    assert entered(books) == [("1077", Decimal("103.50"), Decimal("103.50"))]
    assert balance(online) == Decimal("-103.50")


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        found = Office.connected(app, url, tmp_path)
        yield found


def in_file(office: Office) -> list[tuple[object, ...]]:
    return [
        (row.fields["RefNumber"], tuple(line["Amount"] for line in row.fields["CreditMemoLineRet"]),
         row.fields["TotalAmount"], row.fields["CreditRemaining"])
        for row in office.company.rows("CreditMemo")
    ]  # fmt: skip


def test_a_company_file_gets_it_too_and_its_update(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    send_order(ADA_AT_ACME, office.installation.id, returned(), Choices())
    assert office.update()[-1] == "OK", office.log
    assert in_file(office) == [
        ("1077", (Decimal("230.00"), Decimal("-11.50")), Decimal("218.50"), Decimal("218.50"))
    ]  # fmt: skip
    assert balance(office.installation) == Decimal("-100.00")
    look_at_file(office)
    assert balance(office.installation) == Decimal("-100.00")
    changed = replace(returned(), discount=Decimal("0.00"), total=Decimal("-230.00"))
    send_order(ADA_AT_ACME, office.installation.id, changed, Choices(updates=("credit_memo",)))
    assert office.update()[-1] == "OK", office.log
    assert in_file(office) == [("1077", (Decimal("230.00"),), Decimal("230.00"), Decimal("230.00"))]
    row = record_named(office.installation.id, RecordKind.CUSTOMER, "ABC Company")
    account = history.load_customer_account(office.installation.id, row.record_id, now().date())
    assert [(one.number, one.balance) for one in account.of(TransactionKind.CREDIT_MEMO)] == [
        ("1077", Decimal("230.00"))
    ]  # fmt: skip
