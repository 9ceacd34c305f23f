"""The sandbox's company file about purchase orders and bills that change: what is linked or paid holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.desktop.company import CompanyFile
from sandbox.desktop.reading import RequestError
from tests.support.qbxml import codes, message_set

VENDOR = "<VendorRef><FullName>Hit Promotional Products</FullName></VendorRef>"
MUG = "<ItemRef><FullName>Mug</FullName></ItemRef>"
PEN = "<ItemRef><FullName>Pen</FullName></ItemRef>"


def item(name: str) -> str:
    cost = "<ExpenseAccountRef><FullName>Cost of Goods Sold</FullName></ExpenseAccountRef>"
    sold = f"<IncomeAccountRef><FullName>Sales</FullName></IncomeAccountRef>{cost}"
    return (
        f"<ItemNonInventoryAddRq><ItemNonInventoryAdd><Name>{name}</Name><SalesAndPurchase>{sold}</SalesAndPurchase>"
        "</ItemNonInventoryAdd></ItemNonInventoryAddRq>"
    )


def order_line(what: str, quantity: int, rate: str) -> str:
    return (
        f"<PurchaseOrderLineAdd>{what}<Quantity>{quantity}</Quantity><Rate>{rate}</Rate></PurchaseOrderLineAdd>"
    )


class File:
    """A company file with a purchase order of 100 mugs and 50 pens, and the bill that received it."""

    def __init__(self, folder: Path) -> None:
        self.company = CompanyFile(folder)
        self.session = self.company.session()
        self.does(item("Mug") + item("Pen") + (
            f"<PurchaseOrderAddRq><PurchaseOrderAdd>{VENDOR}<RefNumber>1042</RefNumber><ShipAddress><Addr1>Dock 4"
            f"</Addr1><Addr2>Rear</Addr2></ShipAddress>{order_line(MUG, 100, '1.10')}{order_line(PEN, 50, '0.50')}"
            "</PurchaseOrderAdd></PurchaseOrderAddRq>"
        ))  # fmt: skip
        linked = "".join(
            f"<ItemLineAdd><Quantity>{line['Quantity']}</Quantity><Amount>{line['Amount']}</Amount><LinkToTxn>"
            f"<TxnID>{self.order['TxnID']}</TxnID><TxnLineID>{line['TxnLineID']}</TxnLineID></LinkToTxn></ItemLineAdd>"
            for line in self.order["PurchaseOrderLineRet"]
        )
        self.does(f"<BillAddRq><BillAdd>{VENDOR}<RefNumber>88213</RefNumber>{linked}</BillAdd></BillAddRq>")

    @property
    def order(self) -> dict[str, Any]:
        (row,) = self.company.rows("PurchaseOrder")
        return row.fields

    @property
    def bill(self) -> dict[str, Any]:
        (row,) = self.company.rows("Bill")
        return row.fields

    def ask(self, inside: str) -> str:
        """Carry something out and give its status code."""
        return codes(self.session.process(message_set(inside)))[-1]

    def does(self, inside: str) -> None:
        assert set(codes(self.session.process(message_set(inside)))) == {"0"}

    def change_order(self, inside: str, version: str = "") -> str:
        version = version or self.order["EditSequence"]
        head = f"<TxnID>{self.order['TxnID']}</TxnID><EditSequence>{version}</EditSequence>"
        return self.ask(
            f"<PurchaseOrderModRq><PurchaseOrderMod>{head}{inside}</PurchaseOrderMod></PurchaseOrderModRq>"
        )

    def change_bill(self, inside: str, version: str = "") -> str:
        head = f"<TxnID>{self.bill['TxnID']}</TxnID><EditSequence>{version or self.bill['EditSequence']}</EditSequence>"
        return self.ask(f"<BillModRq><BillMod>{head}{inside}</BillMod></BillModRq>")

    def order_lines(self, *more: str, without: int = -1) -> str:
        """The lines of the purchase order as a change names them, with something more of each."""
        return self._lines("PurchaseOrderLine", self.order, more, without)

    def bill_lines(self, *more: str, without: int = -1) -> str:
        return self._lines("ItemLine", self.bill, more, without)

    @staticmethod
    def _lines(name: str, fields: dict[str, Any], more: tuple[str, ...], without: int) -> str:
        ids = [line["TxnLineID"] for line in fields[f"{name}Ret"]]
        ids += ["-1"] * (len(more) - len(ids))
        return "".join(
            f"<{name}Mod><TxnLineID>{one}</TxnLineID>{more[place] if place < len(more) else ''}</{name}Mod>"
            for place, one in enumerate(ids) if place != without
        )  # fmt: skip

    def standing(self) -> tuple[Any, ...]:
        """What the two come to, what is received, and what is owed."""
        return (
            [(one["ItemRef"]["FullName"], str(one["Quantity"]), str(one["Amount"]), str(one["ReceivedQuantity"]))
             for one in self.order["PurchaseOrderLineRet"]],
            str(self.order["TotalAmount"]), self.order["IsFullyReceived"],
            [(one["ItemRef"]["FullName"], str(one["Quantity"]), str(one["Amount"]))
             for one in self.bill["ItemLineRet"]],
            str(self.bill["AmountDue"]), str(self.bill["OpenAmount"]), self.bill["IsPaid"],
        )  # fmt: skip


SENT = (
    [("Mug", "100", "110.00", "100"), ("Pen", "50", "25.00", "50")], "135.00", "true",
    [("Mug", "100", "110.00"), ("Pen", "50", "25.00")], "135.00", "135.00", "false",
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    found = File(tmp_path)
    assert found.standing() == SENT
    yield found
    found.company.close()


def test_a_changed_line_and_a_new_one_are_counted_anew(file: File) -> None:
    assert file.change_order(file.order_lines("<Rate>1.00</Rate>", "", f"{MUG}<Quantity>10</Quantity>")) == "0"
    assert file.standing()[:3] == (
        [("Mug", "100", "100.00", "100"), ("Pen", "50", "25.00", "50"), ("Mug", "10", "0.00", "0.00")],
        "125.00", "false",
    )  # fmt: skip
    assert file.change_bill(file.bill_lines("<Quantity>80</Quantity><Cost>1.00</Cost>")) == "0"
    assert file.standing()[3:] == ([("Mug", "80", "80.00"), ("Pen", "50", "25.00")], "105.00", "105.00", "false")
    assert file.order["PurchaseOrderLineRet"][0]["ReceivedQuantity"] == 80, "It receives what the bill has."


def test_a_change_of_the_head_alone_leaves_the_lines(file: File) -> None:
    assert file.change_order("<Memo>by sea</Memo>") == "0"
    assert file.change_bill("<Memo>by sea</Memo>") == "0"
    assert (file.order["Memo"], file.bill["Memo"]) == ("by sea", "by sea")
    assert file.standing() == SENT


def test_what_is_named_empty_goes_and_what_is_not_named_stays(file: File) -> None:
    assert file.change_order("<ShipAddress><Addr2></Addr2></ShipAddress><Memo>x</Memo>") == "0"
    assert file.order["ShipAddress"] == {"Addr1": "Dock 4"}
    assert file.change_order("<ShipAddress><Addr1></Addr1></ShipAddress><Memo></Memo>") == "0"
    assert "ShipAddress" not in file.order
    assert "Memo" not in file.order
    assert file.change_bill("<RefNumber></RefNumber>") == "0"
    assert "RefNumber" not in file.bill


@pytest.mark.parametrize("named", ["<VendorRef><ListID></ListID></VendorRef>", "<TxnDate></TxnDate>"])
def test_what_must_be_there_cannot_be_cleared(file: File, named: str) -> None:
    assert file.change_order(named) == "3150"
    assert file.change_bill(named) == "3150"
    assert file.standing() == SENT


def test_a_received_line_stays_on_its_order_as_long_as_its_bill_has_it(file: File) -> None:
    assert file.change_order(file.order_lines(without=1)) == "3170"
    assert file.change_order(file.order_lines(PEN)) == "3170"
    assert file.standing() == SENT
    assert file.change_bill(file.bill_lines(without=1)) == "0"
    assert file.order["IsFullyReceived"] == "false", "What the bill does not have any more is open again."
    assert file.change_order(file.order_lines(without=1)) == "0"
    assert file.standing() == (
        [("Mug", "100", "110.00", "100")], "110.00", "true", [("Mug", "100", "110.00")], "110.00", "110.00", "false"
    )  # fmt: skip


def test_a_linked_line_keeps_its_item_and_its_vendor(file: File) -> None:
    other = "<VendorAddRq><VendorAdd><Name>Second Vendor</Name></VendorAdd></VendorAddRq>"
    file.does(other)
    named = "<VendorRef><FullName>Second Vendor</FullName></VendorRef>"
    assert file.change_bill(file.bill_lines(PEN)) == "3170"
    assert file.change_bill(named) == "3170"
    assert file.change_order(named) == "3170"
    assert file.standing() == SENT


def test_a_bill_cannot_come_to_less_than_what_was_paid_on_it(file: File) -> None:
    pays = (
        "<BillPaymentCheckAddRq><BillPaymentCheckAdd><PayeeEntityRef><FullName>Hit Promotional Products</FullName>"
        "</PayeeEntityRef><BankAccountRef><FullName>Checking</FullName></BankAccountRef><RefNumber>1</RefNumber>"
        "<AppliedToTxnAdd><TxnID>{}</TxnID><PaymentAmount>{}</PaymentAmount></AppliedToTxnAdd></BillPaymentCheckAdd>"
        "</BillPaymentCheckAddRq>"
    )
    assert file.ask(pays.format(file.bill["TxnID"], "135.01")) == "3210"
    assert file.ask(pays.format(file.bill["TxnID"], "100.00")) == "0"
    assert file.change_bill(file.bill_lines("<Amount>70.00</Amount>")) == "3170"
    assert file.change_bill(file.bill_lines("<Amount>75.00</Amount>")) == "0"
    assert file.standing()[4:] == ("100.00", "0.00", "true")
    removal = f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{file.bill['TxnID']}</TxnID></TxnDelRq>"
    assert file.ask(removal) == "3160"


def test_a_bill_that_is_deleted_leaves_its_order_open(file: File) -> None:
    file.does(f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{file.bill['TxnID']}</TxnID></TxnDelRq>")
    assert [str(line["ReceivedQuantity"]) for line in file.order["PurchaseOrderLineRet"]] == ["0.00", "0.00"]
    assert file.order["IsFullyReceived"] == "false"


def test_a_change_names_the_version_and_the_lines_that_are_there(file: File) -> None:
    for change, lines in ((file.change_order, file.order_lines()), (file.change_bill, file.bill_lines())):
        assert change("<Memo>x</Memo>", version="1") == "3200"
        assert change(lines + lines) == "3120"
        assert change(re.sub(r"<TxnLineID>.*?<", "<TxnLineID>FFFF-1<", lines)) == "3120"
    assert file.standing() == SENT


@pytest.mark.parametrize(
    "wrong",
    [
        "<PurchaseOrderModRq><PurchaseOrderMod><TxnID>1</TxnID><Memo>x</Memo></PurchaseOrderMod></PurchaseOrderModRq>",
        "<BillModRq><BillMod><TxnID>1</TxnID><EditSequence>1</EditSequence><Memo>x</Memo><TxnDate>2026-11-23</TxnDate>"
        "</BillMod></BillModRq>",
        "<BillModRq><BillMod><TxnID>1</TxnID><EditSequence>1</EditSequence><ItemLineMod><TxnLineID>1</TxnLineID>"
        "<LinkToTxn><TxnID>1</TxnID><TxnLineID>1</TxnLineID></LinkToTxn></ItemLineMod></BillMod></BillModRq>",
    ],
)
def test_a_change_that_is_misplaced_or_links_costs_the_whole_set(file: File, wrong: str) -> None:
    with pytest.raises(RequestError):
        file.session.process(message_set(wrong))


def test_no_change_reaches_into_closed_books(file: File) -> None:
    file.company.store.remember("closing date", "2099-12-31")
    assert file.change_bill("<Memo>x</Memo>") == "3171"
    assert file.change_order("<Memo>x</Memo>") == "0", "A purchase order posts nothing."
