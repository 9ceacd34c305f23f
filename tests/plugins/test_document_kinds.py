"""The registry of document kinds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from hub.plugin import (
    INVOICE,
    Bill,
    CreditMemo,
    Document,
    Invoice,
    Line,
    Payment,
    Prerequisite,
    Prerequisites,
    PurchaseOrder,
    PurchaseOrderRef,
    RecordKind,
    Ref,
    describe,
    document_kinds,
    kind_of,
    register,
    title_of,
)

DAY = dt.date(2026, 11, 12)
NEW = Ref(id="", name="Kay's Mugs")
LINES = (
    Line(
        item=Ref(id="", name="Mug  11OZ"), description="Mug", quantity=Decimal(2), price=Decimal("1.50"),
        amount=Decimal("3.00"), customer=Ref(id="", name="ABC Company"), billable=True,
    ),
)  # fmt: skip
TOTAL = Decimal("3.00")
SOLD = tuple(replace(line, customer=None, billable=False) for line in LINES)
INVOICE_7 = Invoice(number="7", date=DAY, currency="USD", customer=NEW, lines=SOLD, total=TOTAL)
MEMO_7 = CreditMemo(number="7", date=DAY, currency="USD", customer=NEW, lines=SOLD, total=TOTAL)
PAYMENT_7 = Payment(
    number="", date=DAY, currency="USD", customer=NEW, invoice=Ref(id="", name="Invoice 7"), amount=TOTAL
)
ORDER_7 = PurchaseOrder(number="7", date=DAY, currency="USD", vendor=NEW, lines=LINES, total=TOTAL)
BILL_7 = Bill(
    number="", date=DAY, currency="USD", vendor=NEW, lines=LINES, total=TOTAL, ordered=PurchaseOrderRef(id="")
)
CREATED = (
    Prerequisite(kind=RecordKind.CUSTOMER, ref=Ref(id="c1"), name="12"),
    Prerequisite(kind=RecordKind.VENDOR, ref=Ref(id="v1"), name="7"),
    Prerequisite(kind=RecordKind.ITEM, ref=Ref(id="other"), name="another mug"),
    Prerequisite(kind=RecordKind.ITEM, ref=Ref(id="i1"), name="mug 11oz"),
    Prerequisite(kind=Invoice.kind, ref=Ref(id="in1")),
    Prerequisite(kind=PurchaseOrder.kind, ref=Ref(id="po1"), lines=("l1",)),
)


def test_each_document_has_a_declared_kind_and_each_kind_its_document() -> None:
    documents: list[Document] = [INVOICE_7, MEMO_7, PAYMENT_7, ORDER_7, BILL_7]
    assert {one.kind: type(one) for one in documents} == {
        key: kind.document for key, kind in document_kinds().items()
    }


def test_kinds_name_only_kinds_that_there_are() -> None:
    for kind in document_kinds().values():
        named = {*kind.excludes, *kind.after, *([kind.sent_with] if kind.sent_with else [])}
        assert named <= document_kinds().keys()
        assert kind.key not in named
        assert all(kind.key in kind_of(other).excludes for other in kind.excludes)


def test_a_key_is_registered_once() -> None:
    with pytest.raises(ValueError, match="invoice"):
        register(INVOICE)


def test_a_kind_that_is_not_registered_any_more_has_words_all_the_same() -> None:
    assert title_of("estimate", "7") == "Document 7"
    assert kind_of("estimate").noun == "document"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (INVOICE_7, "invoice 7 for Kay's Mugs"),
        (MEMO_7, "credit memo 7 for Kay's Mugs"),
        (PAYMENT_7, "the payment of 3.00 USD by Kay's Mugs"),
        (ORDER_7, "purchase order 7 to Kay's Mugs"),
        (BILL_7, "the bill from Kay's Mugs"),
        (replace(BILL_7, number="K-9", vendor=Ref(id="1")), "bill K-9 from your vendor"),
        (replace(INVOICE_7, customer=Ref(id="1")), "invoice 7 for your customer"),
    ],
)
def test_a_document_is_described_by_its_number_and_party(document: Invoice, words: str) -> None:
    assert describe(document) == words


def test_ids_of_what_was_created_are_put_where_they_were_missing() -> None:
    created = Prerequisites(CREATED)
    invoice = kind_of("invoice").bind(INVOICE_7, created)
    assert (invoice.customer.id, [line.item.id for line in invoice.lines]) == ("c1", ["i1"])
    memo = kind_of("credit_memo").bind(MEMO_7, created)
    assert (memo.customer.id, [line.item.id for line in memo.lines]) == ("c1", ["i1"])
    payment = kind_of("payment").bind(PAYMENT_7, created)
    assert (payment.customer.id, payment.invoice.id) == ("c1", "in1")
    order = kind_of("purchase_order").bind(ORDER_7, created)
    assert (order.vendor.id, order.lines[0].item.id, order.lines[0].customer.id) == ("v1", "i1", "c1")
    bill = kind_of("bill").bind(BILL_7, created)
    assert (bill.vendor.id, bill.lines[0].item.id, bill.lines[0].customer.id) == ("v1", "i1", "c1")
    assert bill.ordered == PurchaseOrderRef(id="po1", lines=("l1",))


def test_ids_that_are_known_already_stay() -> None:
    known = replace(
        BILL_7, vendor=Ref(id="v9"), ordered=None,
        lines=tuple(replace(line, item=Ref(id="i9"), customer=Ref(id="c9")) for line in LINES),
    )  # fmt: skip
    assert kind_of("bill").bind(known, Prerequisites(CREATED)) == known
    deposit = replace(PAYMENT_7, customer=Ref(id="c9"), invoice=None)
    assert kind_of("payment").bind(deposit, Prerequisites(CREATED)) == deposit


@pytest.mark.parametrize("missing", [RecordKind.CUSTOMER, RecordKind.ITEM])
def test_what_was_not_created_is_named(missing: RecordKind) -> None:
    created = Prerequisites(one for one in CREATED if one.kind != missing)
    with pytest.raises(LookupError, match="Kay's Mugs" if missing is RecordKind.CUSTOMER else "Mug  11OZ"):
        kind_of("invoice").bind(INVOICE_7, created)
