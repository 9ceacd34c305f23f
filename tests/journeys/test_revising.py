"""An order that changed after it was sent is sent again, as a change of what stands in the books."""

from __future__ import annotations

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
from hub.orders.cancel import cancel_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.plans import Action, ByHand, Step
from hub.plugin import Address
from hub.serialization import problems_of
from hub.states import DeliveryState
from quickbooks_desktop import QuickBooksDesktop, statuses
from tests.support.desktop import ORDER_1042, Ledger, Office, by_hand, look_again, whole_file
from tests.support.differences import find_differences
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.orders import outcomes
from tests.support.serving import serving

UPDATE = Choices(updates=("invoice", "customer"))


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    """An office in which order 1042 is in the books."""
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path, name="desktop with the sale of order 1042", prepare=sell)


def sell(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    assert office.update()[-1] == "OK"
    assert whole_file(office.company) == ORDER_1042


def more_of_it() -> Order:
    """Order 1042 with ten more of its first line."""
    before = order_1042()
    first = before.lines[0]
    line = replace(first, quantity=first.quantity + 10, amount=first.amount + 10 * first.price)
    return replace(before, lines=(line, *before.lines[1:]), total=before.total + 10 * first.price)


def invoice_of(ledger: Ledger) -> tuple[object, ...]:
    (found,) = ledger["invoices"]
    return found


def revisions(office: Office, order: Order) -> list[Step]:
    session().expire_all()
    return find_differences(office.installation, order, Choices())


def change_there(office: Office, total: str) -> None:
    """Somebody leaves one line in the invoice, of another amount, and we hear of it."""
    (row,) = office.company.rows("Invoice")
    line = row.fields["InvoiceLineRet"][0]["TxnLineID"]
    by_hand(
        office.company,
        f"<InvoiceModRq><InvoiceMod><TxnID>{row.id}</TxnID><EditSequence>{row.fields['EditSequence']}</EditSequence>"
        f"<InvoiceLineMod><TxnLineID>{line}</TxnLineID><Amount>{total}</Amount></InvoiceLineMod></InvoiceMod>"
        "</InvoiceModRq>",
    )
    look_again(office)


def test_an_order_that_is_as_it_was_has_nothing_to_update(office: Office) -> None:
    assert revisions(office, order_1042()) == []


def test_what_has_changed_is_shown_and_an_update_puts_it_into_the_same_invoice(office: Office) -> None:
    changed = more_of_it()
    (found,) = revisions(office, changed)
    assert (found.about, found.way, found.meanwhile) == ("invoice", Action.UPDATE, "")
    assert ("218.50", str(changed.total)) in [(one.before, one.after) for one in found.changes]
    assert len({one.what for one in found.changes}) == 2, "A line and the total have changed."
    send_order(ADA_AT_ACME, office.installation.id, changed, UPDATE)
    assert office.update()[-1] == "OK", office.log
    grown = 10 * changed.lines[0].price
    assert whole_file(office.company) == {
        **ORDER_1042,
        "invoices": [("1042", "ABC Company", (Decimal("230.00") + grown, Decimal("-11.50")),
                      Decimal("218.50") + grown, Decimal("118.50") + grown)],
    }  # fmt: skip
    assert set(session().scalars(select(Delivery.state))) == {DeliveryState.POSTED}
    assert revisions(office, changed) == []


def test_without_the_tick_nothing_is_changed(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, more_of_it(), Choices())
    office.update()
    assert whole_file(office.company) == ORDER_1042


def test_an_update_that_is_given_up_leaves_the_invoice_posted_as_it_was(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, more_of_it(), UPDATE)
    session().expire_all()
    waiting = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.QUEUED)).one()
    cancel_delivery(ADA_AT_ACME, waiting.id)
    office.update()
    assert waiting.state is DeliveryState.POSTED
    assert whole_file(office.company) == ORDER_1042
    assert len(revisions(office, more_of_it())) == 1


def test_what_somebody_changed_in_quickbooks_meanwhile_is_said_before_it_is_overwritten(office: Office) -> None:
    change_there(office, "300.00")
    (found,) = revisions(office, more_of_it())
    assert "300.00" in found.meanwhile
    send_order(ADA_AT_ACME, office.installation.id, more_of_it(), UPDATE)
    assert office.update()[-1] == "OK"
    assert invoice_of(whole_file(office.company))[3] == more_of_it().total


def test_an_invoice_on_which_more_was_paid_there_says_what_to_do(office: Office) -> None:
    (row,) = office.company.rows("Invoice")
    by_hand(
        office.company,
        f"<ReceivePaymentAddRq><ReceivePaymentAdd><CustomerRef><FullName>ABC Company</FullName></CustomerRef>"
        f"<TotalAmount>118.50</TotalAmount><AppliedToTxnAdd><TxnID>{row.id}</TxnID><PaymentAmount>118.50"
        "</PaymentAmount></AppliedToTxnAdd></ReceivePaymentAdd></ReceivePaymentAddRq>",
    )
    before = whole_file(office.company)
    line = replace(order_1042().lines[0], quantity=Decimal(50), amount=Decimal("115.00"))
    order = replace(order_1042(), lines=(line,), total=Decimal("103.50"))
    send_order(ADA_AT_ACME, office.installation.id, order, UPDATE)
    office.update()
    session().expire_all()
    (stopped,) = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED))
    (problem,) = problems_of(stopped.problems)
    assert problem.code == statuses.NOT_CHANGED
    assert "1042" in problem.what
    assert whole_file(office.company) == before
    cancel_delivery(ADA_AT_ACME, stopped.id)
    assert set(session().scalars(select(Delivery.state))) == {DeliveryState.POSTED}


def test_an_invoice_that_was_deleted_there_is_entered_again(office: Office) -> None:
    (payment,) = office.company.rows("ReceivePayment")
    (row,) = office.company.rows("Invoice")
    kind = "<TxnDelType>ReceivePayment</TxnDelType>"
    by_hand(office.company, f"<TxnDelRq>{kind}<TxnID>{payment.id}</TxnID></TxnDelRq>")
    by_hand(office.company, f"<TxnDelRq><TxnDelType>Invoice</TxnDelType><TxnID>{row.id}</TxnID></TxnDelRq>")
    look_again(office)
    found = {one.about: one for one in revisions(office, order_1042())}
    assert found["invoice"].way is Action.RECREATE
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), UPDATE)
    assert office.update()[-1] == "OK", office.log
    assert invoice_of(whole_file(office.company))[:4] == invoice_of(ORDER_1042)[:4]
    (again,) = office.company.rows("Invoice")
    assert again.id != row.id
    posted = DeliveryState.POSTED
    assert outcomes() == [("invoice", posted, ""), ("payment", posted, "deleted")]


def of_payments(*amounts: str) -> Order:
    """Order 1042 as it is when other payments were received for it."""
    before = order_1042()
    payments = [replace(one, amount=Decimal(amount)) for one, amount in zip(before.payments, amounts, strict=False)]
    return replace(before, payments=tuple(payments))


def test_a_payment_that_was_corrected_on_the_order_is_named_until_the_books_say_the_same(
    office: Office, app: Flask, desk: Desk
) -> None:
    desk.orders["1042"] = of_payments("110.00")
    (found,) = revisions(office, of_payments("110.00"))
    assert found.way is ByHand.CHANGE
    assert [(one.before, one.after) for one in found.changes] == [("100.00", "110.00")]
    page = app.test_client().get("/hub/orders/1042/send").text
    assert f'id="hub-changes-{found.about.replace("/", "-")}"' in page
    assert 'name="updates"' not in page
    assert 'type="submit"' not in page, "There is nothing that could be sent."
    send_order(ADA_AT_ACME, office.installation.id, of_payments("110.00"), Choices())
    office.update()
    assert whole_file(office.company) == ORDER_1042, "A second payment was entered."
    (row,), (invoice,) = office.company.rows("ReceivePayment"), office.company.rows("Invoice")
    by_hand(
        office.company,
        f"<ReceivePaymentModRq><ReceivePaymentMod><TxnID>{row.id}</TxnID><EditSequence>{row.fields['EditSequence']}"
        f"</EditSequence><TotalAmount>110.00</TotalAmount><AppliedToTxnMod><TxnID>{invoice.id}</TxnID><PaymentAmount>"
        "110.00</PaymentAmount></AppliedToTxnMod></ReceivePaymentMod></ReceivePaymentModRq>",
    )
    look_again(office)
    assert revisions(office, of_payments("110.00")) == []


def test_a_payment_that_is_not_on_the_order_any_more_is_named_until_it_is_deleted_there(
    office: Office, app: Flask, desk: Desk
) -> None:
    desk.orders["1042"] = of_payments()
    (found,) = revisions(office, of_payments())
    assert (found.way, found.changes) == (ByHand.DELETE, ())
    page = app.test_client().get("/hub/orders/1042/send").text
    assert f'id="hub-changes-{found.about.replace("/", "-")}"' in page
    (row,) = office.company.rows("ReceivePayment")
    by_hand(office.company, f"<TxnDelRq><TxnDelType>ReceivePayment</TxnDelType><TxnID>{row.id}</TxnID></TxnDelRq>")
    look_again(office)
    assert revisions(office, of_payments()) == []


def test_an_invoice_that_can_only_be_changed_there_is_named_until_it_comes_to_the_same_there(
    office: Office, app: Flask
) -> None:
    class Narrow(QuickBooksDesktop):
        """As it is for books in which nothing can be changed from here."""

        handlers = tuple(replace(one, update=None) for one in QuickBooksDesktop.handlers)

    app.extensions["hub"].integrations = {Narrow.key: Narrow()}
    (found,) = revisions(office, more_of_it())
    assert (found.about, found.way, found.meanwhile) == ("invoice", ByHand.CHANGE, "")
    change_there(office, "300.00")
    (found,) = revisions(office, more_of_it())
    assert "300.00" in found.meanwhile
    change_there(office, str(more_of_it().total))
    assert revisions(office, more_of_it()) == []


def test_a_customer_that_we_entered_is_changed_with_its_company(office: Office) -> None:
    address = Address(lines=("9 New Street",), city="Austin", region="TX", postal_code="78701")
    moved = replace(order_1042().company, email="new@abc.example", billing=address)
    order = replace(order_1042(), company=moved)
    found = {one.about: one for one in revisions(office, order)}
    assert {one.what for one in found["customer"].changes} == {"E-mail", "Billing address"}
    send_order(ADA_AT_ACME, office.installation.id, order, UPDATE)
    assert office.update()[-1] == "OK", office.log
    (customer,) = (one for one in office.company.rows("Customer") if one.name == "ABC Company")
    assert (customer.fields["Email"], customer.fields["BillAddress"]["Addr2"]) == ("new@abc.example", "9 New Street")
    assert whole_file(office.company) == ORDER_1042
