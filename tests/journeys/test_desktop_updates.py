"""An update of QuickBooks Desktop makes the document equal to the order, and overwrites nothing else unasked.

Sources: cases of integrations in use (an update of an email that sends the old name with it; an item that was swapped
there); Intuit, `InvoiceMod` (elements that a change does not name stay; lines that are not named are deleted).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.host import Order
from hub.integrations import registry
from hub.models import Delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Address, FixKind
from hub.serialization import problems_of
from hub.states import DeliveryState
from tests.support.desktop import Office, by_hand, look_again, states
from tests.support.differences import find_differences
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.orders import EVERYTHING
from tests.support.orders import order as bought
from tests.support.serving import serving

PLACE = Address(lines=("1 Main St",), city="Oakland", region="CA", postal_code="94601", country="US")


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)


def full() -> Order:
    """Order 1042 with everything that an order may say and need not."""
    return replace(
        bought(1042), due=dt.date(2026, 12, 12), shipping=PLACE, po_number="PO-77", memo="Thank you!", terms="Net 15",
    )  # fmt: skip


def plain() -> Order:
    """The same order with all of that taken off, and its discount too."""
    return replace(bought(1042), discount=Decimal("0.00"), total=Decimal("230.00"))


def elements(office: Office) -> dict[str, set[str]]:
    """Return what of that the documents in the company file have."""
    wanted = ("Memo", "ShipAddress", "DueDate", "TermsRef", "PONumber", "ClassRef")
    rows = {kind: office.company.rows(kind)[0].fields for kind in ("Invoice", "PurchaseOrder", "Bill")}
    return {kind: {name for name in wanted if _is_there(fields.get(name))} for kind, fields in rows.items()}


def _is_there(value: object) -> bool:
    return any(value.values()) if isinstance(value, dict) else bool(value)


def update_all(office: Office, order: Order) -> None:
    session().expire_all()
    steps = find_differences(office.installation, order, EVERYTHING)
    choices = replace(EVERYTHING, updates=tuple(step.about for step in steps))
    send_order(ADA_AT_ACME, office.installation.id, order, choices)
    assert office.update()[-1] == "OK"


def test_what_is_taken_off_an_order_is_taken_off_its_documents(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, full(), EVERYTHING)
    office.update()
    assert {"Memo", "ShipAddress", "DueDate", "TermsRef", "PONumber"} <= elements(office)["Invoice"]
    notes = office.company.rows("Invoice")[0].fields["Memo"].replace("Thank you!", "").strip()
    update_all(office, plain())
    assert states() == {DeliveryState.POSTED}
    (invoice,), (payment,) = office.company.rows("Invoice"), office.company.rows("ReceivePayment")
    assert elements(office)["Invoice"] <= {"Memo"}
    assert invoice.fields.get("Memo", "").strip() == notes
    assert [line["Amount"] for line in invoice.fields["InvoiceLineRet"]] == [Decimal("230.00")]
    assert (invoice.fields["BalanceRemaining"], payment.fields["TotalAmount"]) == (130, 100)
    assert "ShipAddress" not in elements(office)["PurchaseOrder"]
    session().expire_all()
    assert find_differences(office.installation, plain(), EVERYTHING) == []


def change(office: Office, kind: str, inside: str) -> None:
    """A bookkeeper changes a row."""
    row = office.company.rows(kind)[0]
    element = "ListID" if kind == "Customer" else "TxnID"
    by_hand(
        office.company,
        f"<{kind}ModRq><{kind}Mod><{element}>{row.id}</{element}><EditSequence>{row.fields['EditSequence']}"
        f"</EditSequence>{inside}</{kind}Mod></{kind}ModRq>",
    )


def test_a_customer_that_the_bookkeeper_renamed_keeps_that_name(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    change(office, "Customer", "<Name>ABC Company Ltd.</Name>")
    look_again(office)
    order = order_1042()
    order = replace(order, company=replace(order.company, email="new@abc.example"))
    send_order(ADA_AT_ACME, office.installation.id, order, Choices(updates=("customer",)))
    office.update()
    (customer,) = office.company.rows("Customer")
    assert (customer.name, customer.fields["Email"]) == ("ABC Company Ltd.", "new@abc.example")
    assert states() == {DeliveryState.POSTED}


def line_of(office: Office, inside: str, kind: str = "Invoice") -> str:
    (row,) = office.company.rows(kind)
    lines = row.fields[f"{kind}LineRet"]
    rest = "".join(f"<{kind}LineMod><TxnLineID>{one['TxnLineID']}</TxnLineID></{kind}LineMod>" for one in lines[1:])
    return f"<{kind}LineMod><TxnLineID>{lines[0]['TxnLineID']}</TxnLineID>{inside}</{kind}LineMod>{rest}"


def test_what_the_order_does_not_change_stays_as_the_bookkeeper_has_it(office: Office) -> None:
    """A description and a memo that were changed there, with the same total; the order changes its P.O. number."""
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    change(office, "Invoice", "<Memo>Paid by Lee</Memo>" + line_of(office, "<Desc>Blue mugs</Desc>"))
    look_again(office)
    changed = replace(order_1042(), po_number="PO-78")
    send_order(ADA_AT_ACME, office.installation.id, changed, Choices(updates=("invoice",)))
    office.update()
    (invoice,) = office.company.rows("Invoice")
    assert invoice.fields["PONumber"] == "PO-78"
    assert invoice.fields["Memo"] == "Paid by Lee"
    assert invoice.fields["InvoiceLineRet"][0]["Desc"] == "Blue mugs"
    assert states() == {DeliveryState.POSTED}


def test_lines_that_the_bookkeeper_changed_are_overwritten_only_when_a_person_says_so(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    change(office, "Invoice", line_of(office, "<Desc>Blue mugs</Desc>"))
    look_again(office)
    line = order_1042().lines[0]
    more = replace(line, quantity=line.quantity + 10, amount=line.amount + 10 * line.price)
    changed = replace(order_1042(), lines=(more,), total=order_1042().total + 10 * line.price)
    ticked = Choices(updates=("invoice",))
    send_order(ADA_AT_ACME, office.installation.id, changed, ticked)
    office.update()
    (invoice,) = office.company.rows("Invoice")
    assert invoice.fields["InvoiceLineRet"][0]["Desc"] == "Blue mugs"
    (stopped,) = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED))
    (problem,) = problems_of(stopped.problems)
    assert problem.code == "changed-there"
    (fix,) = problem.fixes
    assert fix.kind == FixKind.OVERWRITES
    answers = {f"invoice:{fix.kind}": fix.value}
    send_order(ADA_AT_ACME, office.installation.id, changed, replace(ticked, answers=answers))
    office.update()
    (invoice,) = office.company.rows("Invoice")
    assert invoice.fields["InvoiceLineRet"][0]["Desc"] != "Blue mugs"
    assert states() == {DeliveryState.POSTED}
