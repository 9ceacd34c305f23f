"""Invoices and credit memos, and what they do to the whole ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.online import OTHER_REALM, REALM, Running
from tests.support.intuit_client import Client, Row, new_entries

ORDER: dict[str, Any] = {
    "DocNumber": "1042",
    "TxnDate": "2026-11-14",
    "PrivateNote": "Order 1042",
    "ApplyTaxAfterDiscount": True,
}


def discount(amount: str) -> Row:
    return {
        "DetailType": "DiscountLineDetail",
        "Amount": Decimal(amount),
        "DiscountLineDetail": {"PercentBased": False},
    }


def mugs(client: Client, tax: str = "NON") -> Row:
    return client.sale("230.00", tax=tax, Qty=100, UnitPrice=Decimal("2.30"))


def test_order_1042_is_added_up_by_the_books(books: Running, client: Client) -> None:
    before = books.books()
    invoice = client.invoice(mugs(client), discount("11.50"), **ORDER)
    after = books.books()
    (new,) = new_entries(before, after)["Invoice"]
    assert new_entries(before, after) == {"Invoice": [invoice]}
    assert new == invoice
    assert (invoice["DocNumber"], invoice["TotalAmt"], invoice["Balance"]) == (
        "1042",
        Decimal("218.50"),
        Decimal("218.50"),
    )
    assert [line["DetailType"] for line in invoice["Line"]] == [
        "SalesItemLineDetail",
        "DiscountLineDetail",
        "SubTotalLineDetail",
    ]
    assert invoice["Line"][2]["Amount"] == Decimal("230.00")
    assert books.balances() == {"1100": Decimal("218.50"), "4000": Decimal("-230.00"), "4900": Decimal("11.50")}
    (owing,) = [row for row in after["Customer"] if row["Balance"]]
    assert (owing["DisplayName"], owing["Balance"]) == ("Cool Cars", Decimal("218.50"))


@pytest.mark.parametrize(("after_discount", "total", "tax"), [(True, "235.98", "17.48"), (False, "236.90", "18.40")])
def test_automated_tax_is_eight_percent_before_or_after_the_discount(
    books: Running, client: Client, after_discount: bool, total: str, tax: str
) -> None:
    fields = {**ORDER, "ApplyTaxAfterDiscount": after_discount}
    invoice = client.invoice(mugs(client, "TAX"), discount("11.50"), **fields)
    assert (invoice["TotalAmt"], invoice["TxnTaxDetail"]["TotalTax"]) == (Decimal(total), Decimal(tax))
    assert books.balances()["2200"] == -Decimal(tax)


@pytest.mark.parametrize(("allowed", "tax"), [(True, "18.03"), (False, "18.40")])
def test_a_tax_that_is_sent_is_taken_over_only_where_the_user_allows_it(
    books: Running, client: Client, allowed: bool, tax: str
) -> None:
    books.control(f"preferences/{REALM}", {"TaxPrefs": {"AllowPartnerTaxOverride": allowed}})
    sent = {"TxnTaxCodeRef": client.ref("TaxCode", "California"), "TotalTax": Decimal("18.03")}
    assert client.invoice(mugs(client, "TAX"), TxnTaxDetail=sent)["TxnTaxDetail"]["TotalTax"] == Decimal(tax)


def test_an_exempt_customer_pays_no_tax(client: Client) -> None:
    exempt = client.write("Customer", {"DisplayName": "Reseller", "Taxable": False, "ResaleNum": "SR-1"})
    sent = {"CustomerRef": {"value": exempt["Id"]}, "Line": [mugs(client, "TAX")]}
    assert client.write("Invoice", sent)["TotalAmt"] == Decimal("230.00")


def test_a_company_that_taxes_by_hand_adds_up_its_rates(books: Running, client: Client) -> None:
    other = Client(books, books.grant(OTHER_REALM)["access_token"], OTHER_REALM)
    sent = {"TxnTaxCodeRef": other.ref("TaxCode", "Tucson")}
    detail = other.invoice(mugs(other, "TAX"), TxnTaxDetail=sent)["TxnTaxDetail"]
    assert [line["Amount"] for line in detail["TaxLine"]] == [Decimal("5.98"), Decimal("12.88")]
    assert detail["TotalTax"] == Decimal("18.86")
    assert other.invoice(mugs(other, "TAX"))["TxnTaxDetail"]["TotalTax"] == 0


def test_a_company_without_sales_tax_stores_no_tax(books: Running, client: Client) -> None:
    books.control(f"preferences/{REALM}", {"TaxPrefs": {"UsingSalesTax": False}})
    invoice = client.invoice(mugs(client, "TAX"), TxnTaxDetail={"TotalTax": 5})
    assert "TxnTaxDetail" not in invoice
    assert invoice["TotalAmt"] == Decimal("230.00")


def test_numbers_are_kept_or_given_as_the_company_prefers(books: Running, client: Client) -> None:
    assert client.invoice(DocNumber="1042")["DocNumber"] == "1042"
    assert "DocNumber" not in client.invoice()
    books.control(f"preferences/{REALM}", {"SalesFormsPrefs": {"CustomTxnNumbers": False}})
    assert [client.invoice(DocNumber="7")["DocNumber"], client.invoice()["DocNumber"]] == ["1043", "1044"]


def test_a_number_is_taken_once_unless_the_call_allows_it(books: Running, client: Client) -> None:
    client.invoice(DocNumber="1042")
    before = books.books()
    again = client.invoice_of(DocNumber="1042")
    assert client.refused("Invoice", again) == ("6140", "DocNumber")
    assert books.books() == before
    assert client.write("Invoice", again, include="allowduplicatedocnum")["DocNumber"] == "1042"
    credit = client.write("CreditMemo", client.invoice_of(DocNumber="1042"))
    assert credit["DocNumber"] == "1042"  # Another kind of form has numbers of its own.


def broken(client: Client, **changes: Any) -> Row:
    return {**client.invoice_of(), **changes}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"CustomerRef": None}, ("2020", "CustomerRef")),
        ({"CustomerRef": {"value": "99999"}}, ("2500", "CustomerRef")),
        ({"Line": []}, ("2020", "Line")),
        ({"DocNumber": "x" * 22}, ("2050", "DocNumber")),
        ({"PrivateNote": "x" * 4001}, ("2050", "PrivateNote")),
        ({"CustomerMemo": {"value": "x" * 1001}}, ("2050", "CustomerMemo.value")),
        ({"BillAddr": {"City": "x" * 256}}, ("2050", "BillAddr.City")),
        ({"TxnDate": "14.11.2026"}, ("2010", "TxnDate")),
        ({"CurrencyRef": {"value": "EUR"}}, ("6000", "")),
        ({"SalesTermRef": {"value": "99999"}}, ("2500", "SalesTermRef")),
        ({"EmailStatus": "NeedToSend"}, ("2020", "BillEmail")),
        ({"CustomField": [{"DefinitionId": "1", "StringValue": "x" * 32}]}, ("2050", "StringValue")),
        ({"Line": {}}, ("2010", "Line")),
        ({"Deposit": "-1"}, ("6000", "")),
    ],
)
def test_an_invoice_that_is_not_right_is_refused(
    books: Running, client: Client, changes: Row, refusal: tuple[str, str]
) -> None:
    before = books.books()
    assert client.refused("Invoice", broken(client, **changes)) == refusal
    assert (books.books(), books.balances()) == (before, {})


@pytest.mark.parametrize(
    ("changes", "detail", "refusal"),
    [
        ({"Amount": None}, {}, ("2020", "Amount")),
        ({"Amount": "10.00"}, {"Qty": 3, "UnitPrice": "3.33"}, ("6070", "Amount")),
        ({"Amount": "12,50"}, {}, ("2010", "Amount")),
        ({"Amount": True}, {}, ("2010", "Amount")),
        ({"Amount": "1e99"}, {}, ("2050", "Amount")),
        ({"Amount": "-1"}, {}, ("6000", "")),
        ({"DetailType": "GroupLineDetail"}, {}, ("2010", "DetailType")),
        ({"Description": "x" * 4001}, {}, ("2050", "Description")),
        ({}, {"ItemRef": {"value": "99999"}}, ("2500", "ItemRef")),
        ({}, {"ItemRef": None}, ("6440", "ItemRef")),
        ({}, {"TaxCodeRef": {"value": "5"}}, ("6100", "TaxCodeRef")),
        ({}, {"TaxCodeRef": {"value": "CustomSalesTax"}}, ("6160", "TaxCodeRef")),
    ],
)
def test_a_line_that_is_not_right_is_refused(
    books: Running, client: Client, changes: Row, detail: Row, refusal: tuple[str, str]
) -> None:
    before = books.books()
    line = {**client.sale(**detail), **changes}
    assert client.refused("Invoice", client.invoice_of(line)) == refusal
    assert (books.books(), books.balances()) == (before, {})


def test_a_price_of_many_decimals_is_rounded_to_the_cent_once(client: Client) -> None:
    line = client.sale("33.33", Qty=Decimal("7.5"), UnitPrice=Decimal("4.4444"))
    assert client.invoice(line)["TotalAmt"] == Decimal("33.33")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([discount("1.00"), discount("2.00")], id="two discounts"),
        pytest.param([discount("100.01")], id="more than the subtotal"),
        pytest.param([discount("-1.00")], id="a negative one"),
    ],
)
def test_a_discount_that_cannot_be_is_refused(books: Running, client: Client, lines: list[Row]) -> None:
    before = books.books()
    assert client.refused("Invoice", client.invoice_of(client.sale(), *lines))[0] == "6000"
    assert books.books() == before


def test_a_discount_in_percent_is_worked_out(client: Client) -> None:
    percent = {"PercentBased": True, "DiscountPercent": 5, "DiscountAccountRef": client.ref("Account", "4900")}
    line = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": percent}
    assert client.invoice(mugs(client), line)["TotalAmt"] == Decimal("218.50")


def test_a_discount_goes_to_an_account_that_fits(client: Client) -> None:
    line = {**discount("1.00"), "DiscountLineDetail": {"DiscountAccountRef": client.ref("Account", "1000")}}
    assert client.refused("Invoice", client.invoice_of(client.sale(), line)) == ("6430", "DiscountAccountRef")


@pytest.mark.parametrize("kind", ["Customer", "Item", "Term"])
def test_what_was_made_inactive_is_not_used_any_more(books: Running, client: Client, kind: str) -> None:
    name = {"Customer": "Cool Cars", "Item": "T2040", "Term": "Net 30"}[kind]
    sent = client.invoice_of(SalesTermRef=client.ref("Term", "Net 30"))
    books.control(f"edit/{REALM}/{kind}/{client.named(kind, name)}", {"Active": False})
    before = books.books()
    assert client.refused("Invoice", sent)[0] == "610"
    assert books.books() == before


def test_it_is_due_by_its_terms_or_those_of_its_customer(client: Client) -> None:
    dated = {"TxnDate": "2026-11-14"}
    assert client.invoice(**dated, SalesTermRef=client.ref("Term", "Net 30"))["DueDate"] == "2026-12-14"
    assert client.invoice(**dated, DueDate="2026-11-20")["DueDate"] == "2026-11-20"
    customer = client.write("Customer", {"DisplayName": "Prompt", "SalesTermRef": client.ref("Term", "Net 10")})
    sent = {**client.invoice_of(**dated), "CustomerRef": {"value": customer["Id"]}}
    assert client.write("Invoice", sent)["DueDate"] == "2026-11-24"


def test_closed_books_take_nothing_before_their_date(books: Running, client: Client) -> None:
    early, late = client.invoice(TxnDate="2026-10-31"), client.invoice(TxnDate="2026-11-01")
    books.control(f"preferences/{REALM}", {"AccountingInfoPrefs": {"BookCloseDate": "2026-10-31"}})
    before = books.books()
    refusal = ("6210", "TxnDate")
    assert client.refused("Invoice", client.invoice_of(TxnDate="2026-10-31")) == refusal
    moved = {"Id": early["Id"], "SyncToken": "0", "sparse": True, "TxnDate": "2026-11-05"}
    assert client.refused("Invoice", moved) == refusal
    assert client.refused("Invoice", {**moved, "Id": late["Id"], "TxnDate": "2026-10-05"}) == refusal
    assert client.refused("Invoice", {"Id": early["Id"], "SyncToken": "0"}, operation="delete") == refusal
    assert books.books() == before
    client.invoice(TxnDate="2026-11-01")


def test_a_lapsed_subscription_takes_nothing_and_can_be_read(books: Running, client: Client) -> None:
    invoice = client.invoice()
    books.control(f"company/{REALM}", {"SubscriptionStatus": "EXPIRED"})
    before = books.books()
    assert client.refused("Invoice", client.invoice_of())[0] == "6190"
    assert books.books() == before
    assert client.entry("Invoice", invoice["Id"]) == invoice


def test_a_deposit_on_the_form_is_received_at_once(books: Running, client: Client) -> None:
    invoice = client.invoice(Deposit="40", DepositToAccountRef=client.ref("Account", "1000"))
    assert (invoice["TotalAmt"], invoice["Balance"]) == (Decimal("100.00"), Decimal("60.00"))
    assert books.balances() == {"1000": Decimal("40.00"), "1100": Decimal("60.00"), "4000": Decimal("-100.00")}
    customer = client.entry("Customer", invoice["CustomerRef"]["value"])
    assert customer["Balance"] == Decimal("60.00")


def test_a_sparse_change_touches_only_what_it_sends(books: Running, client: Client) -> None:
    first = client.invoice(client.sale("60.00"), client.sale("40.00"), DocNumber="1042", PrivateNote="as it was")
    sent = {"Id": first["Id"], "SyncToken": "0", "sparse": True, "DocNumber": "1043"}
    changed = client.write("Invoice", sent)
    same = set(first) - {"DocNumber", "SyncToken", "MetaData"}
    assert {name: changed[name] for name in same} == {name: first[name] for name in same}
    assert (changed["DocNumber"], changed["SyncToken"]) == ("1043", "1")
    assert books.balances() == {"1100": Decimal("100.00"), "4000": Decimal("-100.00")}


def test_a_full_change_empties_what_it_leaves_out(client: Client) -> None:
    first = client.invoice(DocNumber="1042", PrivateNote="as it was", CustomerMemo={"value": "Thanks"})
    changed = client.write("Invoice", {**client.invoice_of(), "Id": first["Id"], "SyncToken": "0", "DocNumber": "1042"})
    assert "PrivateNote" not in changed
    assert "CustomerMemo" not in changed


def test_lines_are_replaced_as_a_whole_and_keep_their_ids(books: Running, client: Client) -> None:
    first = client.invoice(client.sale("60.00"), client.sale("40.00", item="C0909"))
    assert [line.get("Id") for line in first["Line"]] == ["1", "2", None]
    kept = next(line for line in first["Line"] if line["Amount"] == Decimal("40.00"))
    lines = [kept, client.sale("5.00")]
    changed = client.write("Invoice", {"Id": first["Id"], "SyncToken": "0", "sparse": True, "Line": lines})
    assert [(line.get("Id"), line["Amount"]) for line in changed["Line"]] == [
        ("2", Decimal("40.00")),
        ("3", Decimal("5.00")),
        (None, Decimal("45.00")),
    ]
    assert changed["Balance"] == Decimal("45.00")
    assert books.balances() == {"1100": Decimal("45.00"), "4000": Decimal("-45.00")}


def test_a_change_from_an_old_state_is_refused(books: Running, client: Client) -> None:
    first = client.invoice()
    client.write("Invoice", {"Id": first["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "theirs"})
    before = books.books()
    sent = {"Id": first["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "ours"}
    assert client.refused("Invoice", sent)[0] == "5010"
    assert client.refused("Invoice", {**sent, "SyncToken": ""}) == ("2020", "SyncToken")
    assert client.refused("Invoice", {**sent, "Id": "99999"})[0] == "610"
    assert books.books() == before


def test_what_is_read_only_is_overwritten_without_a_word(client: Client) -> None:
    invoice = client.invoice(TotalAmt=1, Balance=2, SyncToken="7", MetaData={"CreateTime": "never"}, domain="QBD")
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["SyncToken"]) == (
        Decimal("100.00"),
        Decimal("100.00"),
        "0",
    )
    assert invoice["domain"] == "QBO"


def test_a_deleted_invoice_leaves_the_ledger_as_it_was(books: Running, client: Client) -> None:
    before = books.books()
    first = client.invoice()
    deleted = client.write("Invoice", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")
    assert deleted == {"Id": first["Id"], "status": "Deleted", "domain": "QBO"}
    assert (books.books(), books.balances()) == (before, {})
    assert client.refused("Invoice", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")[0] == "610"


def test_a_voided_invoice_is_kept_at_nothing_and_its_payment_is_credit(books: Running, client: Client) -> None:
    invoice = client.invoice(client.sale("100.00", tax="TAX"), discount("10.00"), DocNumber="1042")
    payment = client.write("Payment", client.payment_of("50.00", ("Invoice", invoice["Id"], "50.00")))
    sent = {"Id": invoice["Id"], "SyncToken": "1"}
    voided = client.write("Invoice", sent, operation="void")
    assert (voided["TotalAmt"], voided["Balance"], voided["PrivateNote"]) == (0, 0, "Voided")
    assert (voided["DocNumber"], voided["LinkedTxn"]) == ("1042", [])
    freed = client.entry("Payment", payment["Id"])
    assert (freed["Line"], freed["UnappliedAmt"]) == ([], Decimal("50.00"))
    assert books.balances() == {"1499": Decimal("50.00"), "1100": Decimal("-50.00")}
    assert client.entry("Customer", invoice["CustomerRef"]["value"])["Balance"] == Decimal("-50.00")


def test_a_credit_memo_is_an_invoice_the_other_way_round(books: Running, client: Client) -> None:
    client.invoice()
    credit = client.write("CreditMemo", client.invoice_of(client.sale("30.00")))
    assert (credit["TotalAmt"], credit["RemainingCredit"]) == (Decimal("30.00"), Decimal("30.00"))
    assert books.balances() == {"1100": Decimal("70.00"), "4000": Decimal("-70.00")}
    assert client.entry("Customer", credit["CustomerRef"]["value"])["Balance"] == Decimal("70.00")


def test_an_invoice_that_is_mailed_says_so(client: Client) -> None:
    invoice = client.invoice()
    assert client.call("POST", f"invoice/{invoice['Id']}/send").status_code == 400
    assert client.call("POST", f"invoice/{invoice['Id']}/send", sendTo="ap@cool.test").status_code == 200
    sent = client.entry("Invoice", invoice["Id"])
    assert (sent["EmailStatus"], sent["BillEmail"]) == ("EmailSent", {"Address": "ap@cool.test"})
