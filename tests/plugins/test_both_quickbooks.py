"""QuickBooks Online and QuickBooks Desktop answer the same way where their ledgers give no reason to differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from hub.plugin import (
    SUFFIX,
    Books,
    Document,
    FixKind,
    Integration,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewRecord,
    Payload,
    Ref,
    Rejected,
    Request,
    Revision,
)
from hub.testing import answered
from quickbooks_desktop import QuickBooksDesktop
from quickbooks_online import QuickBooksOnline
from tests.support.online_conversations import fault, found

BOOKS = Books(id="1", name="Test Books")
CUSTOMER = NewCustomer(name="ABC Company")
ITEM = NewItem(name="A7102", income=Ref(id="79"))
LINE = Line(
    item=Ref(id="5"), description="Mug", quantity=Decimal(100), price=Decimal("2.30"), amount=Decimal("230.00")
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product, and the answers in which it says what the tests are about."""

    integration: Integration
    taken: Payload
    nobody: Sequence[Payload]
    entered: Payload
    inactive_item: Payload
    item_without_lines: Payload
    changed_invoice: Sequence[Payload]

    def create(self, record: NewRecord, options: dict[str, str], *answers: Payload) -> tuple[Ref, Sequence[Request]]:
        return answered(self.integration.create(record, options, BOOKS), *answers)

    def refuse(self, record: NewRecord, *answers: Payload) -> Rejected:
        with pytest.raises(Rejected) as refused:
            self.create(record, {}, *answers)
        return refused.value


def rows(*found: Payload, status: str = "0") -> Payload:
    severity = "Info" if status == "0" else "Error"
    return {"status": status, "severity": severity, "message": "", "rows": list(found)}


ONLINE = Product(
    integration=QuickBooksOnline(),
    taken=fault("6240"),
    nobody=[found("Customer"), found("Vendor"), found("Employee")],
    entered={"Customer": {"Id": "7", "DisplayName": "ABC Company (C)"}},
    inactive_item=found("Item", {"Id": "9", "Name": "A7102", "Type": "Service", "Active": False}),
    item_without_lines=found("Item", {"Id": "9", "Name": "A7102", "Type": "Category", "Active": True}),
    changed_invoice=[fault("5010"), {"Invoice": {"Id": "12", "SyncToken": "4", "TotalAmt": Decimal("99.00")}}],
)
DESKTOP = Product(
    integration=QuickBooksDesktop(),
    taken=rows(status="3100"),
    nobody=[rows(status="500")],
    entered=rows({"kind": "CustomerRet", "fields": {"ListID": "7", "Name": "ABC Company (C)"}}),
    inactive_item=rows({"kind": "ItemServiceRet", "fields": {"ListID": "9", "Name": "A7102", "IsActive": "false"}}),
    item_without_lines=rows({"kind": "ItemDiscountRet", "fields": {"ListID": "9", "Name": "A7102"}}),
    changed_invoice=[rows({"kind": "InvoiceRet", "fields": {"TxnID": "12", "Subtotal": "99.00"}})],
)


@pytest.fixture(params=[ONLINE, DESKTOP], ids=["online", "desktop"])
def product(request: pytest.FixtureRequest) -> Product:
    found: Product = request.param
    return found


def invoice(*, number: str = "1042", revises: Revision | None = None) -> Invoice:
    return Invoice(
        number=number, date=dt.date(2026, 11, 12), currency="USD", customer=Ref(id="58"), lines=(LINE,),
        total=LINE.amount, revises=revises,
    )  # fmt: skip


def test_a_taken_name_whose_holder_is_not_found_can_be_changed(product: Product) -> None:
    (problem,) = product.refuse(CUSTOMER, product.taken, *product.nobody).problems
    assert problem.field == "customer"
    assert [(fix.kind, fix.value) for fix in problem.fixes] == [(FixKind.NAME, "ABC Company (C)")]


def test_with_the_option_it_gets_the_suffix_that_would_be_offered(product: Product) -> None:
    answers = [product.taken, *product.nobody, product.entered]
    ref, asked = product.create(CUSTOMER, {"taken_names": SUFFIX}, *answers)
    assert ref == Ref(id="7", name="ABC Company (C)")
    assert "ABC Company (C)" in str(asked[-1].payload)


def test_an_inactive_item_is_named_and_can_have_another_name(product: Product) -> None:
    (problem,) = product.refuse(ITEM, product.taken, product.inactive_item).problems
    assert (problem.field, problem.code) == ("item", "name-inactive")
    assert [fix.kind for fix in problem.fixes] == [FixKind.NAME]


def test_an_item_that_no_line_can_have_is_not_used(product: Product) -> None:
    (problem,) = product.refuse(ITEM, product.taken, product.item_without_lines).problems
    assert (problem.field, problem.code) == ("item", "item-not-sellable")
    assert [fix.kind for fix in problem.fixes] == [FixKind.NAME]


def test_an_option_that_was_saved_empty_has_its_default(product: Product) -> None:
    asked = [next(product.integration.create(ITEM, options, BOOKS)) for options in ({"item_kind": ""}, {})]
    assert asked[0] == asked[1]


def test_a_void_of_what_somebody_changed_asks_first(product: Product) -> None:
    revises = Revision(id="12", version="3", totals=(Decimal("230.00"),), voids=True)
    with pytest.raises(Rejected) as refused:
        answered(product.integration.post(invoice(revises=revises), {}, BOOKS), *product.changed_invoice)
    (problem,) = refused.value.problems
    assert problem.code == "changed-there"
    assert [(fix.kind, fix.value) for fix in problem.fixes] == [(FixKind.OVERWRITES, "99.00")]


@pytest.mark.parametrize(
    ("subject", "code", "fixes"),
    [
        (invoice(number="1" * 30), "number-too-long", [FixKind.NUMBER]),
        (NewCustomer(name=" "), "name-missing", []),
        (NewCustomer(name="ABC", email=f"{'a' * 1100}@abc.test"), "too-long", [FixKind.LEAVES_OUT]),
    ],
    ids=["long number", "no name", "long address"],
)
def test_what_would_be_refused_is_told_with_the_same_code(
    product: Product, subject: Document | NewRecord, code: str, fixes: list[FixKind]
) -> None:
    (problem,) = product.integration.validate(subject, {}, BOOKS)
    assert problem.code == code
    assert [fix.kind for fix in problem.fixes] == fixes


def test_closed_books_offer_the_next_open_day_except_to_a_change(product: Product) -> None:
    closed = Books(id="1", name="Test Books", closed_until=dt.date(2026, 12, 31))
    (new,) = product.integration.validate(invoice(), {}, closed)
    assert [(fix.kind, fix.value) for fix in new.fixes] == [(FixKind.DATE, "2027-01-01")]
    (changed,) = product.integration.validate(invoice(revises=Revision(id="12")), {}, closed)
    assert (changed.code, changed.fixes) == (new.code, ())
