"""Purchase orders, and the bills that follow them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.online import REALM, Running
from tests.support.intuit_client import Client, Row, new_entries

SENT = {"DocNumber": "PO-7", "TxnDate": "2026-11-10"}


def line(client: Client, amount: str = "41.00", item: str = "T2040", **fields: object) -> Row:
    detail = {"ItemRef": client.ref("Item", item), "TaxCodeRef": {"value": "NON"}}
    kind = "ItemBasedExpenseLineDetail"
    return {"DetailType": kind, "Amount": Decimal(amount), kind: {**detail, **fields}}


def order_of(client: Client, *lines: Row, **fields: object) -> Row:
    vendor, payable = client.ref("Vendor", "Hit Promotional"), client.ref("Account", "2000")
    return {"VendorRef": vendor, "APAccountRef": payable, "Line": list(lines or [line(client)]), **fields}


def billed(client: Client, order: Row, *wanted: str) -> Row:
    """A bill for some lines of a purchase order."""
    links = {one: [{"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": one}] for one in wanted}
    lines = [{**one, "LinkedTxn": links[one["Id"]]} for one in order["Line"] if one["Id"] in links]
    return order_of(client, *({name: one[name] for name in one if name not in {"Id", "LineNum"}} for one in lines))


def test_an_order_posts_nothing_and_a_bill_is_owed(books: Running, client: Client) -> None:
    before = books.books()
    order = client.write("PurchaseOrder", order_of(client, line(client), line(client, "9.00"), **SENT))
    assert (order["TotalAmt"], order["POStatus"], order["DocNumber"]) == (Decimal("50.00"), "Open", "PO-7")
    assert books.balances() == {}
    bill = client.write("Bill", {**billed(client, order, "1", "2"), "TxnDate": "2026-11-14", "DocNumber": "88213"})
    assert (bill["Balance"], bill["DueDate"]) == (Decimal("50.00"), "2026-12-14")
    new = new_entries(before, books.books())
    assert {kind: len(rows) for kind, rows in new.items()} == {"PurchaseOrder": 1, "Bill": 1}
    (closed,) = new["PurchaseOrder"]
    assert (closed["POStatus"], closed["LinkedTxn"]) == ("Closed", [{"TxnId": bill["Id"], "TxnType": "Bill"}])
    assert books.balances() == {"2000": Decimal("-50.00"), "5000": Decimal("50.00")}
    assert client.entry("Vendor", order["VendorRef"]["value"])["Balance"] == Decimal("50.00")


def test_an_order_closes_with_its_last_line_and_opens_again(books: Running, client: Client) -> None:
    order = client.write("PurchaseOrder", order_of(client, line(client), line(client, "9.00")))
    client.write("Bill", billed(client, order, "1"))
    assert client.entry("PurchaseOrder", order["Id"])["POStatus"] == "Open"
    second = client.write("Bill", billed(client, order, "2"))
    assert client.entry("PurchaseOrder", order["Id"])["POStatus"] == "Closed"
    books.control("unsure", {"drops_links": False})
    assert client.refused("Bill", billed(client, order, "2"))[0] == "620"
    client.write("Bill", {"Id": second["Id"], "SyncToken": "0"}, operation="delete")
    opened = client.entry("PurchaseOrder", order["Id"])
    assert (opened["POStatus"], len(opened["LinkedTxn"])) == ("Open", 1)
    assert books.balances() == {"2000": Decimal("-41.00"), "5000": Decimal("41.00")}
    state = {"Id": order["Id"], "SyncToken": opened["SyncToken"]}
    assert client.refused("PurchaseOrder", state, operation="delete")[0] == "6000"


def test_orders_are_not_in_every_plan(books: Running, client: Client) -> None:
    sent = order_of(client)
    books.control(f"company/{REALM}", {"OfferingSku": "QuickBooks Online Essentials"})
    before = books.books()
    assert client.refused("PurchaseOrder", sent)[0] == "5020"
    assert books.books() == before
    client.write("Bill", sent)


@pytest.mark.parametrize("missing", ["VendorRef", "APAccountRef", "Line"])
def test_an_order_lacks_nothing(client: Client, missing: str) -> None:
    assert client.refused("PurchaseOrder", {**order_of(client), missing: None}) == ("2020", missing)


@pytest.mark.parametrize(
    ("changes", "detail", "refusal"),
    [
        ({"Amount": "-1"}, {}, ("2290", "Amount")),
        ({"Amount": None}, {}, ("2020", "Amount")),
        ({}, {"Qty": 2, "UnitPrice": 3}, ("6070", "Amount")),
        ({}, {"ItemRef": {"value": "99999"}}, ("2500", "ItemRef")),
        ({}, {"BillableStatus": "HasBeenBilled"}, ("2170", "BillableStatus")),
        ({}, {"BillableStatus": "Billable"}, ("2020", "CustomerRef")),
        ({"DetailType": "SalesItemLineDetail"}, {}, ("2010", "DetailType")),
        ({"LinkedTxn": [{"TxnId": "1", "TxnType": "PurchaseOrder"}]}, {}, ("2020", "TxnLineId")),
        ({"LinkedTxn": [{"TxnId": "1", "TxnType": "PurchaseOrder", "TxnLineId": "1"}]}, {}, ("620", "LinkedTxn")),
    ],
)
def test_a_line_of_a_bill_that_is_not_right_is_refused(
    books: Running, client: Client, changes: Row, detail: Row, refusal: tuple[str, str]
) -> None:
    books.control("unsure", {"drops_links": False})
    sent, before = order_of(client, {**line(client, **detail), **changes}), books.books()
    assert client.refused("Bill", sent) == refusal
    assert (books.books(), books.balances()) == (before, {})


def test_a_bill_can_be_for_an_account_and_a_customer(books: Running, client: Client) -> None:
    kind = "AccountBasedExpenseLineDetail"
    customer = client.ref("Customer", "Cool Cars")
    detail = {"AccountRef": client.ref("Account", "5100"), "CustomerRef": customer, "BillableStatus": "Billable"}
    bill = client.write("Bill", order_of(client, {"DetailType": kind, "Amount": 12, kind: detail}))
    assert bill["Line"][0][kind]["CustomerRef"]["name"] == "Cool Cars"
    assert books.balances() == {"2000": Decimal("-12.00"), "5100": Decimal("12.00")}


def test_a_payable_account_is_one(client: Client) -> None:
    sent = {**order_of(client), "APAccountRef": client.ref("Account", "1000")}
    assert client.refused("PurchaseOrder", sent) == ("6430", "APAccountRef")


def test_a_vendors_number_is_taken_once_by_that_vendor(books: Running, client: Client) -> None:
    client.write("Bill", order_of(client, DocNumber="88213"))
    again = order_of(client, DocNumber="88213")
    assert client.refused("Bill", again) == ("6140", "DocNumber")
    client.write("Bill", {**again, "VendorRef": client.ref("Vendor", "Gemline")})
    client.write("Bill", again, include="allowduplicatedocnum")
    books.control(f"preferences/{REALM}", {"OtherPrefs": {"WarnDuplicateBillNumber": False}})
    client.write("Bill", again)
    assert [row["DocNumber"] for row in books.books()["Bill"]] == ["88213"] * 4


def test_orders_are_numbered_by_a_preference_of_their_own(books: Running, client: Client) -> None:
    books.control(f"preferences/{REALM}", {"OtherPrefs": {"VendorAndPurchasesPrefs.UseCustomTxnNumbers": False}})
    assert client.write("PurchaseOrder", order_of(client, DocNumber="PO-7"))["DocNumber"] == "1001"
    assert client.invoice(DocNumber="1042")["DocNumber"] == "1042"


def test_an_item_without_a_cost_account_is_not_bought(client: Client) -> None:
    item = client.write(
        "Item", {"Name": "Sold only", "Type": "Service", "IncomeAccountRef": client.ref("Account", "4000")}
    )
    assert client.refused("Bill", order_of(client, line(client, ItemRef={"value": item["Id"]})))[0] == "6000"
