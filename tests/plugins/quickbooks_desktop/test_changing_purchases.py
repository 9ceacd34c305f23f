"""Purchase orders and bills that changed: their lines keep their ids, and nobody's work is replaced unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.plugin import (
    Address,
    Bill,
    FixKind,
    Line,
    NewItem,
    NewVendor,
    Posting,
    Problem,
    PurchaseOrder,
    PurchaseOrderRef,
    Ref,
    Rejected,
    Revision,
)
from quickbooks_desktop import statuses
from sandbox.desktop.company import CompanyFile
from tests.support.desktop import by_hand
from tests.support.desktop_conversations import QUICKBOOKS, Transport
from tests.support.desktop_documents import BOOKS, DATE, OPTIONS, KnownRecords

DOCK = Address(lines=("ABC Company", "Dock 4", "Rear gate"), city="Omaha", region="NE", postal_code="68102")
STORE = Address(lines=("ABC Store",), city="Lincoln", country="United States")


@dataclass
class Bought:
    """A purchase order and its bill in a company file: 100 mugs, 50 pens and 50 pens in blue."""

    transport: Transport
    company: CompanyFile
    order: PurchaseOrder
    bill: Bill
    items: dict[str, Ref]
    ordered: Posting
    charged: Posting

    @classmethod
    def of(cls, company: CompanyFile) -> Bought:
        transport = Transport(company)
        books = KnownRecords(transport)
        income, cost = books.account("Sales"), books.account("Cost of Goods Sold")
        items = {name: books.new(NewItem(name=name, income=income, cost=cost)) for name in ("Mug", "Pen", "Cap")}
        lines = (
            line(items["Mug"], "Mug", 100, "1.10"), line(items["Pen"], "Pen", 50, "0.50"),
            line(items["Pen"], "Pen in blue", 50, "0.60"),
        )  # fmt: skip
        vendor = books.new(NewVendor(name="Mug Makers"))
        common: dict[str, Any] = {"date": DATE, "currency": "USD", "vendor": vendor, "lines": lines}
        order = PurchaseOrder(number="1042", total=total(lines), ship_to=DOCK, note="Order 1042", **common)
        ordered = transport.one(QUICKBOOKS.post(order, OPTIONS, BOOKS))
        bill = Bill(number="88213", total=total(lines), note="Order 1042",
                    ordered=PurchaseOrderRef(id=ordered.id, lines=ordered.lines), **common)  # fmt: skip
        charged = transport.one(QUICKBOOKS.post(bill, OPTIONS, BOOKS))
        return cls(transport, company, order, bill, items, ordered, charged)

    def change(self, document: PurchaseOrder | Bill, *lines: Line, **revision: Any) -> Posting:
        """Send one of the two again with other lines."""
        return self.transport.one(QUICKBOOKS.post(self.changed(document, *lines, **revision), OPTIONS, BOOKS))

    def changed(self, document: PurchaseOrder | Bill, *lines: Line, **revision: Any) -> Any:
        posted = self.ordered if isinstance(document, PurchaseOrder) else self.charged
        totals = (total(lines), posted.total, *revision.pop("told", ()))
        revises = Revision(id=posted.id, version=posted.version, lines=posted.lines, totals=totals, **revision)
        return replace(document, lines=lines, total=total(lines), revises=revises)

    def refused(self, document: PurchaseOrder | Bill, *lines: Line, **revision: Any) -> Problem:
        with pytest.raises(Rejected) as refused:
            self.change(document, *lines, **revision)
        (problem,) = refused.value.problems
        return problem

    def row(self, kind: str) -> dict[str, Any]:
        (row,) = self.company.rows(kind)
        return row.fields

    def standing(self, kind: str) -> list[tuple[str, str, str, str]]:
        """The lines in the books: their ids, what they are, how many, and what they come to."""
        name = {"PurchaseOrder": "PurchaseOrderLineRet", "Bill": "ItemLineRet"}[kind]
        return [(one["TxnLineID"], one["Desc"], str(one["Quantity"]), str(one["Amount"]))
                for one in self.row(kind)[name]]  # fmt: skip

    def edited(self, kind: str, fields: str) -> None:
        """Somebody changes one of the two in QuickBooks."""
        row = self.row(kind)
        head = f"<TxnID>{row['TxnID']}</TxnID><EditSequence>{row['EditSequence']}</EditSequence>"
        by_hand(self.company, f"<{kind}ModRq><{kind}Mod>{head}{fields}</{kind}Mod></{kind}ModRq>")


def line(item: Ref, description: str, quantity: int, price: str) -> Line:
    return Line(item=item, description=description, quantity=Decimal(quantity), price=Decimal(price),
                amount=quantity * Decimal(price))  # fmt: skip


def total(lines: Sequence[Line]) -> Decimal:
    return sum((one.amount for one in lines), Decimal("0.00"))


@pytest.fixture
def bought(tmp_path: Path) -> Iterator[Bought]:
    company = CompanyFile(tmp_path / "company")
    found = Bought.of(company)
    assert found.row("PurchaseOrder")["IsFullyReceived"] == "true"
    yield found
    company.close()


def other_lines(bought: Bought) -> tuple[Line, ...]:
    """Fewer mugs at another price, the plain pens are gone, and there are caps between the two."""
    mugs, _, blue = bought.order.lines
    fewer = line(mugs.item, mugs.description, 80, "1.25")
    return fewer, line(bought.items["Cap"], "Cap", 10, "3.00"), blue


def test_each_line_stays_the_line_that_it_was(bought: Bought) -> None:
    mugs, _, blue = (one[0] for one in bought.standing("PurchaseOrder"))
    billed_mugs, _, billed_blue = (one[0] for one in bought.standing("Bill"))
    charged = bought.change(bought.bill, *other_lines(bought))
    assert (charged.id, charged.number, charged.total) == (bought.charged.id, "88213", Decimal("160.00"))
    ordered = bought.change(bought.order, *other_lines(bought))
    assert (ordered.id, ordered.number, ordered.total) == (bought.ordered.id, "1042", Decimal("160.00"))
    found = bought.standing("PurchaseOrder")
    assert [one[1:] for one in found] == [
        ("Mug", "80", "100.00"), ("Cap", "10", "30.00"), ("Pen in blue", "50", "30.00"),
    ]  # fmt: skip
    assert [found[0][0], found[2][0]] == [mugs, blue]
    assert ordered.lines == tuple(one[0] for one in found), "A later bill answers them in this order."
    billed = bought.standing("Bill")
    assert [one[1:] for one in billed] == [one[1:] for one in found]
    assert [billed[0][0], billed[2][0]] == [billed_mugs, billed_blue]
    received = [str(one["ReceivedQuantity"]) for one in bought.row("PurchaseOrder")["PurchaseOrderLineRet"]]
    assert received == ["80", "0.00", "50"], "What is new on a bill cannot be tied to its purchase order any more."
    assert [one["TxnID"] for one in bought.row("Bill")["LinkedTxn"]] == [bought.ordered.id]


def test_a_received_line_is_not_taken_off_the_order_alone(bought: Bought) -> None:
    problem = bought.refused(bought.order, *other_lines(bought))
    assert problem.code == statuses.NOT_CHANGED
    assert "1042" in problem.what
    assert "received" in problem.why, "QuickBooks says so."
    assert bought.change(bought.order, *bought.order.lines[:1], *bought.order.lines[1:]).total == bought.order.total


def test_a_bill_that_is_paid_says_what_to_do(bought: Bought) -> None:
    check = (
        f"<BillPaymentCheckAddRq><BillPaymentCheckAdd><PayeeEntityRef><ListID>{bought.bill.vendor.id}</ListID>"
        "</PayeeEntityRef><BankAccountRef><FullName>Checking</FullName></BankAccountRef><RefNumber>7</RefNumber>"
        f"<AppliedToTxnAdd><TxnID>{bought.charged.id}</TxnID><PaymentAmount>165.00</PaymentAmount></AppliedToTxnAdd>"
        "</BillPaymentCheckAdd></BillPaymentCheckAddRq>"
    )
    by_hand(bought.company, check)
    problem = bought.refused(bought.bill, *other_lines(bought))
    assert problem.code == statuses.NOT_CHANGED
    assert "88213" in problem.what
    assert "paid" in problem.why, "QuickBooks says so."
    more = (*bought.bill.lines, line(bought.items["Cap"], "Cap", 10, "3.00"))
    assert bought.change(bought.bill, *more).total == Decimal("195.00")
    assert (bought.row("Bill")["OpenAmount"], bought.row("Bill")["IsPaid"]) == (Decimal("30.00"), "false")


FREIGHT = (
    "<ExpenseLineMod><TxnLineID>-1</TxnLineID><AccountRef><FullName>Office Supplies</FullName></AccountRef>"
    "<Amount>12.00</Amount></ExpenseLineMod>"
)


def test_what_somebody_changed_there_is_not_replaced_before_that_is_said(bought: Bought) -> None:
    bought.edited("Bill", FREIGHT)
    before = bought.row("Bill")
    problem = bought.refused(bought.bill, *other_lines(bought))
    assert problem.code == "changed-there"
    assert "177.00" in problem.what
    assert "165.00" in problem.why
    (offer,) = problem.fixes
    assert (offer.kind, offer.value) == (FixKind.OVERWRITES, "177.00")
    assert bought.row("Bill") == before
    again = bought.change(bought.bill, *other_lines(bought), told=(Decimal(offer.value),))
    assert again.total == Decimal("160.00"), "What the bookkeeper added is gone, as was said."
    assert bought.row("Bill")["ExpenseLineRet"] == []


def test_a_change_that_alters_no_total_keeps_what_the_order_does_not_name(bought: Bought) -> None:
    bought.edited("Bill", "<DueDate>2026-12-24</DueDate><TermsRef><FullName>Net 30</FullName></TermsRef>")
    assert bought.change(bought.bill, *other_lines(bought)).total == Decimal("160.00")
    found = bought.row("Bill")
    assert (found["DueDate"], found["TermsRef"]["FullName"]) == ("2026-12-24", "Net 30")


@pytest.mark.parametrize("kind", ["PurchaseOrder", "Bill"])
def test_somebody_who_is_faster_is_not_overrun(bought: Bought, kind: str) -> None:
    document: Any = {"PurchaseOrder": bought.order, "Bill": bought.bill}[kind]
    lines = (*document.lines, line(bought.items["Cap"], "Cap", 1, "3.00"))
    talk = QUICKBOOKS.post(bought.changed(document, *lines), OPTIONS, BOOKS)
    (looked,) = bought.transport.ask([next(talk)])
    change = talk.send(looked)
    assert change.payload["request"] == f"{kind}Mod"
    bought.edited(kind, "<Memo>by sea</Memo>")
    (outdated,) = bought.transport.ask([change])
    assert outdated.payload["status"] == "3200"
    (looked,) = bought.transport.ask([talk.send(outdated)])
    (done,) = bought.transport.ask([talk.send(looked)])
    with pytest.raises(StopIteration) as end:
        talk.send(done)
    assert end.value.value.total == total(lines)


@pytest.mark.parametrize("kind", ["PurchaseOrder", "Bill"])
def test_a_change_that_was_made_and_forgotten_is_not_made_twice(bought: Bought, kind: str) -> None:
    document: Any = {"PurchaseOrder": bought.order, "Bill": bought.bill}[kind]
    lines = (*document.lines, line(bought.items["Cap"], "Cap", 1, "3.00"))
    bought.change(document, *lines)
    once = bought.standing(kind)
    assert bought.change(document, *lines).total == total(lines), "Its total is no surprise."
    assert bought.standing(kind) == once


def test_what_the_order_has_no_more_is_cleared_there(bought: Bought) -> None:
    moved = replace(bought.order, ship_to=STORE)
    bought.change(moved, *moved.lines)
    assert bought.row("PurchaseOrder")["ShipAddress"] == {
        "Addr1": "ABC Store", "City": "Lincoln",
    }  # fmt: skip
    bought.change(replace(bought.order, ship_to=None), *moved.lines)
    assert "ShipAddress" in bought.row("PurchaseOrder"), "It was never ours, as far as this change knows."
    bought.change(replace(bought.order, ship_to=None), *moved.lines, cleared=("ship_to",))
    assert "ShipAddress" not in bought.row("PurchaseOrder")
    bought.change(replace(bought.bill, number=""), *bought.bill.lines, cleared=("number",))
    assert "RefNumber" not in bought.row("Bill")


@pytest.mark.parametrize("kind", ["Bill", "PurchaseOrder"])
def test_what_was_deleted_there_can_be_entered_once_more(bought: Bought, kind: str) -> None:
    for one in ("Bill", "PurchaseOrder"):
        by_hand(bought.company, f"<TxnDelRq><TxnDelType>{one}</TxnDelType><TxnID>{bought.row(one)['TxnID']}</TxnID>"
                "</TxnDelRq>")  # fmt: skip
    document: Any = {"PurchaseOrder": bought.order, "Bill": bought.bill}[kind]
    problem = bought.refused(document, *other_lines(bought))
    assert problem.code == "deleted-there"
    (offer,) = problem.fixes
    posted = bought.charged if kind == "Bill" else bought.ordered
    assert (offer.kind, offer.value) == (FixKind.ANEW, posted.id)
