"""Documents in a company file: what stands there afterwards, to the cent, and what a refusal says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.plugin import (
    Address,
    Bill,
    FixKind,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewVendor,
    Payment,
    PurchaseOrder,
    PurchaseOrderRef,
    RecordKind,
    Ref,
    Rejected,
    Revision,
    Tax,
    Unavailable,
)
from quickbooks_desktop.names import fit_name
from sandbox.desktop.company import CompanyFile
from tests.support.desktop_conversations import QUICKBOOKS, Transport
from tests.support.desktop_documents import BOOKS, DATE, OPTIONS, KnownRecords


@pytest.fixture
def company(tmp_path: Path) -> Iterator[CompanyFile]:
    company = CompanyFile(tmp_path / "company")
    yield company
    company.close()


@pytest.fixture
def transport(company: CompanyFile) -> Transport:
    return Transport(company)




@pytest.fixture
def books(transport: Transport) -> KnownRecords:
    return KnownRecords(transport)


@pytest.fixture
def invoice(books: KnownRecords) -> Invoice:
    """Order 1042: 100 × 2.30 less 11.50."""
    customer = books.new(NewCustomer(name="ABC Company", email="ap@abc.example", phone="555-0100"))
    item = books.new(NewItem(name="A7102", income=books.account("Sales"), cost=books.account("Cost of Goods Sold")))
    line = Line(item=item, description="Almond – 11 oz/Stoneware", quantity=Decimal(100), price=Decimal("2.30"),
                amount=Decimal("230.00"))  # fmt: skip
    return Invoice(
        number="1042", date=DATE, currency="USD", customer=customer, lines=(line,), discount=Decimal("11.50"),
        discount_account=books.account("Discounts Given"), receivable=books.account("Accounts Receivable"),
        total=Decimal("218.50"), note="Order 1042", po_number="PO-77",
        billing=Address(lines=("ABC Company", "1 Long Street " * 6), city="Zürich", country="Switzerland"),
    )  # fmt: skip


def figures(company: CompanyFile) -> dict[str, Any]:
    """What all invoices and payments come to."""
    return {
        row.id: (row.fields["Subtotal"], row.fields["SalesTaxTotal"], row.fields["BalanceRemaining"],
                 [line["Amount"] for line in row.fields["InvoiceLineRet"]])
        for row in company.rows("Invoice")
    }  # fmt: skip


def test_order_1042_with_its_payment_stands_in_the_file_to_the_cent(
    transport: Transport, company: CompanyFile, invoice: Invoice, books: KnownRecords
) -> None:
    posting = transport.one(QUICKBOOKS.post(invoice, OPTIONS, BOOKS))
    assert (posting.number, posting.total) == ("1042", Decimal("218.50"))
    payment = Payment(
        number="2217", date=DATE, currency="USD", customer=invoice.customer, invoice=Ref(id=posting.id),
        amount=Decimal("100.00"), receivable=invoice.receivable, deposit_to=books.account("Undeposited Funds"),
    )  # fmt: skip
    assert transport.one(QUICKBOOKS.post(payment, OPTIONS, BOOKS)).total == Decimal("100.00")
    amounts = [Decimal("230.00"), Decimal("-11.50")]
    assert figures(company) == {posting.id: (Decimal("218.50"), Decimal("0.00"), Decimal("118.50"), amounts)}
    (row,) = company.rows("Invoice")
    assert row.fields["BillAddress"]["City"] == "Zürich"
    assert [row.fields["BillAddress"][f"Addr{n}"] for n in (2, 3)] == ["1 Long Street 1 Long Street 1 Long Street"] * 2
    assert row.fields["InvoiceLineRet"][0]["Desc"] == "Almond – 11 oz/Stoneware"


@pytest.mark.parametrize("count", [1, 5])
def test_invoices_of_one_message_set_share_one_new_discount_item(
    transport: Transport, company: CompanyFile, invoice: Invoice, count: int
) -> None:
    ends = transport.carry(*(QUICKBOOKS.post(replace(invoice, number=str(n)), OPTIONS, BOOKS) for n in range(count)))
    assert [end for end in ends if isinstance(end, Exception)] == []
    assert len(company.rows("ItemDiscount")) == 1
    assert len(figures(company)) == count


@pytest.mark.parametrize(
    ("code", "amount", "total"),
    [("State Tax", "17.48", "235.98"), ("State Tax", "17.50", "235.98"), ("", "0.00", "218.50")],
)
def test_the_books_tax_is_what_the_posting_says(
    transport: Transport, books: KnownRecords, invoice: Invoice, *, code: str, amount: str, total: str
) -> None:
    tax = Tax(amount=Decimal(amount), code=books(RecordKind.TAX_CODE, code) if code else None)
    taxed = replace(invoice, tax=tax, total=Decimal("218.50") + tax.amount)
    assert transport.one(QUICKBOOKS.post(taxed, OPTIONS, BOOKS)).total == Decimal(total)


def test_total_tax_as_an_item_is_a_line_and_nothing_is_taxed_besides(
    transport: Transport, company: CompanyFile, books: KnownRecords, invoice: Invoice
) -> None:
    item = books(RecordKind.ITEM, "Sales Tax (as charged)")
    tax = Line(item=item, description="Sales tax", quantity=Decimal(1), price=Decimal("17.50"),
               amount=Decimal("17.50"), taxable=False)  # fmt: skip
    with_tax = replace(invoice, lines=(*invoice.lines, tax), discount=Decimal("0.00"), total=Decimal("247.50"))
    assert transport.one(QUICKBOOKS.post(with_tax, OPTIONS, BOOKS)).total == Decimal("247.50")
    assert company.rows("Invoice")[0].fields["SalesTaxTotal"] == 0


def test_a_bill_answers_its_purchase_order_line_by_line(
    transport: Transport, company: CompanyFile, books: KnownRecords
) -> None:
    vendor = books.new(NewVendor(name="Mug Makers", address=Address(lines=("2 Kiln Road",), city="Erie")))
    customer = books.new(NewCustomer(name="ABC Company"))
    item = books.new(NewItem(name="Mug", income=books.account("Sales"), cost=books.account("Cost of Goods Sold")))
    lines = tuple(
        Line(item=item, description=f"Mug {n}", quantity=Decimal(100), price=Decimal("1.105"),
             amount=Decimal("110.50"), customer=customer, billable=True)
        for n in range(2)
    )  # fmt: skip
    order = PurchaseOrder(
        number="1042-1", date=DATE, currency="USD", vendor=vendor, lines=lines, total=Decimal("221.00"),
        ship_to=Address(lines=("ABC Company", "Dock 4"), city="Omaha", region="NE", postal_code="68102"),
    )  # fmt: skip
    ordered = transport.one(QUICKBOOKS.post(order, OPTIONS, BOOKS))
    assert (ordered.number, ordered.total, len(ordered.lines)) == ("1042-1", Decimal("221.00"), 2)
    bill = Bill(number="HP-20931", date=DATE, currency="USD", vendor=vendor, lines=lines, total=Decimal("221.00"),
                ordered=PurchaseOrderRef(id=ordered.id, lines=ordered.lines), payable=books.account("Accounts Payable"))
    charged = transport.one(QUICKBOOKS.post(bill, OPTIONS, BOOKS))
    assert (charged.number, charged.total) == ("HP-20931", Decimal("221.00"))
    (row,) = company.rows("Bill")
    assert [line["BillableStatus"] for line in row.fields["ItemLineRet"]] == ["Billable", "Billable"]
    assert [line["CustomerRef"]["FullName"] for line in row.fields["ItemLineRet"]] == ["ABC Company"] * 2
    (there,) = company.rows("PurchaseOrder")
    assert (there.fields["IsFullyReceived"], there.fields["ShipAddress"]["Addr2"]) == ("true", "Dock 4")


def test_an_invoice_that_changed_replaces_itself_even_if_somebody_touched_it(
    transport: Transport, company: CompanyFile, invoice: Invoice
) -> None:
    posting = transport.one(QUICKBOOKS.post(invoice, OPTIONS, BOOKS))
    line = replace(invoice.lines[0], quantity=Decimal(50), amount=Decimal("115.00"))
    changed = replace(invoice, lines=(line,), discount=Decimal("0.00"), total=Decimal("115.00"))
    for version in (posting.version, "1", ""):
        again = transport.one(
            QUICKBOOKS.post(replace(changed, revises=Revision(id=posting.id, version=version)), OPTIONS, BOOKS)
        )
        assert (again.id, again.total) == (posting.id, Decimal("115.00"))
    assert [found[3] for found in figures(company).values()] == [[Decimal("115.00")]]


def test_an_invoice_that_was_deleted_cannot_be_changed(transport: Transport, invoice: Invoice) -> None:
    gone = replace(invoice, revises=Revision(id="FFFF-1"))
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.post(gone, OPTIONS, BOOKS))
    (problem,) = refused.value.problems
    assert (problem.code, problem.fixes[0].kind) == ("deleted-there", FixKind.ANEW)
    assert "1042" in problem.what


LONG = "Promotional Products of the Greater Northern "


def test_long_names_are_shortened_and_stay_apart(company: CompanyFile, books: KnownRecords) -> None:
    refs = {
        name: books.new(NewCustomer(name=name)) for name in (f"{LONG} East", f"{LONG} West", "Acme: Mugs", "Acme- Mugs")
    }
    assert len({ref.id for ref in refs.values()}) == 4
    assert all(len(row.fields["Name"]) <= 41 for row in company.rows("Customer"))
    assert books.new(NewCustomer(name=f"{LONG} East")) == refs[f"{LONG} East"], "The second order finds the first's."
    assert fit_name("Acme", 31) == "Acme"


@pytest.mark.parametrize("name", ["Hit Promotional Products", "dana whitfield"], ids=["a vendor's", "an employee's"])
def test_a_name_that_somebody_else_has_is_told(books: KnownRecords, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        books.new(NewCustomer(name=name))
    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == ("customer", "name-of-another-kind")
    assert name in problem.what


def test_an_entry_that_was_deleted_is_a_problem_that_names_the_invoice(transport: Transport, invoice: Invoice) -> None:
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.post(replace(invoice, customer=Ref(id="80000FFF-1", name="Gone Inc")), OPTIONS, BOOKS))
    (problem,) = refused.value.problems
    assert "Gone Inc" in problem.what
    assert "80000FFF-1" not in problem.why, "A ListID says nothing to a bookkeeper."


def test_closed_books_say_so(transport: Transport, company: CompanyFile, invoice: Invoice) -> None:
    company.store.remember("closing date", "2026-12-31")
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.post(invoice, OPTIONS, BOOKS))
    assert [(one.code, one.field) for one in refused.value.problems] == [("3171", "date")]


@pytest.mark.parametrize(
    ("code", "said", "later"),
    [("3176", "in use", True), ("3180", "The list is locked by another user", True), ("3180", "Credit limit", False)],
)
def test_what_somebody_is_working_on_is_tried_again(invoice: Invoice, code: str, said: str, later: bool) -> None:
    talk = QUICKBOOKS.post(replace(invoice, discount=Decimal("0.00"), total=Decimal("230.00")), OPTIONS, BOOKS)
    next(talk)
    from hub.plugin import Response

    refusal = {"status": code, "severity": "Error", "message": said, "rows": []}
    with pytest.raises(Unavailable if later else Rejected):
        talk.send(Response(payload=refusal))


@pytest.mark.parametrize(("more", "received"), [("0.01", True), ("0.05", True), ("0.06", False), ("10.00", False)])
def test_a_payment_of_some_cents_more_than_quickbooks_taxes_is_received(
    transport: Transport, company: CompanyFile, invoice: Invoice, more: str, received: bool
) -> None:
    """bPro 1096202, quickbooks-ruby 547: the tax of the books is a cent lower, and the order is paid in full."""
    posting = transport.one(QUICKBOOKS.post(invoice, OPTIONS, BOOKS))
    payment = Payment(
        number="2217", date=DATE, currency="USD", customer=invoice.customer, invoice=Ref(id=posting.id),
        amount=posting.total + Decimal(more), receivable=invoice.receivable,
    )  # fmt: skip
    if not received:
        with pytest.raises(Rejected) as refused:
            transport.one(QUICKBOOKS.post(payment, OPTIONS, BOOKS))
        assert refused.value.problems[0].code == "3210"
        return
    assert transport.one(QUICKBOOKS.post(payment, OPTIONS, BOOKS)).total == payment.amount
    (row,), (invoiced,) = company.rows("ReceivePayment"), company.rows("Invoice")
    assert (row.fields["UnusedPayment"], invoiced.fields["BalanceRemaining"]) == (Decimal(more), 0)
