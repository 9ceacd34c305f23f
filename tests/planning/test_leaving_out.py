"""What QuickBooks would not store can be left out by one press, and stays out when the document is changed later."""

from __future__ import annotations

from hub.planning import fixes
from hub.planning.choices import Choices
from hub.plugin import Address, Bill, FixKind, Invoice, NewCustomer, Payment, PurchaseOrderRef, Ref, fixes_without
from tests.support.online_documents import order_1042, payment_of_1042

PLACE = Address(lines=("1 Main St",))


def press(choices: Choices, about: str, *names: str) -> Choices:
    for fix in fixes_without(*names):
        choices = fixes.apply_fix(choices, about, fix.kind, fix.value)
    return choices


def test_several_fields_can_be_left_out_one_after_the_other() -> None:
    choices = press(Choices(), "invoice", "email", "memo")
    full = order_1042(email="n/a", memo="好", shipping=PLACE)
    sent = fixes.put(full, "invoice", choices.answers)
    assert isinstance(sent, Invoice)
    assert (sent.email, sent.memo, sent.shipping) == ("", "", PLACE)
    assert fixes.put(full, "credit_memo", choices.answers) == full


def test_a_new_customer_can_go_without_its_address() -> None:
    choices = press(Choices(), "customer", "billing", "email")
    sent = fixes.put(NewCustomer(name="ABC", email="n/a", billing=PLACE), "customer", choices.answers)
    assert sent == NewCustomer(name="ABC")


def test_a_bill_can_go_without_its_link_to_the_purchase_order() -> None:
    choices = press(Choices(), "bill/s1", "ordered")
    sale = order_1042()
    bill = Bill(
        number="1042", date=sale.date, currency="USD", vendor=Ref(id="3"), lines=sale.lines, total=sale.subtotal,
        ordered=PurchaseOrderRef(id="7", lines=("1",)),
    )  # fmt: skip
    sent = fixes.put(bill, "bill/s1", choices.answers)
    assert isinstance(sent, Bill)
    assert sent.ordered is None


def test_what_a_document_needs_cannot_be_left_out() -> None:
    answers = {f"payment/p1:{FixKind.LEAVES_OUT}": "customer,amount,lines"}
    payment = payment_of_1042(order_1042().customer)
    assert fixes.put(payment, "payment/p1", answers) == payment
    assert isinstance(payment, Payment)
    assert fixes_without("lines", "number") == ()


def test_what_was_left_out_stays_out_of_later_changes() -> None:
    assert FixKind.LEAVES_OUT in fixes.CONSENTS
