"""Payments, and the two sides that they are linked on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.online import REALM, Running
from tests.support.intuit_client import Client, Row, new_entries


@pytest.fixture
def invoice(client: Client) -> Row:
    return client.invoice(client.sale("218.50"), DocNumber="1042")


def pay(client: Client, invoice: Row, total: str, amount: str | None = None) -> Row:
    return client.write("Payment", client.payment_of(total, ("Invoice", invoice["Id"], amount or total)))


def test_a_payment_moves_the_balance_on_both_sides(books: Running, client: Client, invoice: Row) -> None:
    before = books.books()
    payment = pay(client, invoice, "100.00")
    after = books.books()
    assert new_entries(before, after) == {"Payment": [payment]}
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (Decimal("100.00"), Decimal("0.00"))
    assert payment["DepositToAccountRef"] == {"value": client.named("Account", "1499"), "name": "Undeposited Funds"}
    assert payment["Line"][0]["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    (paid,) = after["Invoice"]
    assert (paid["Balance"], paid["TotalAmt"], paid["SyncToken"]) == (Decimal("118.50"), Decimal("218.50"), "1")
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert client.entry("Customer", invoice["CustomerRef"]["value"])["Balance"] == Decimal("118.50")
    assert books.balances() == {"1100": Decimal("118.50"), "1499": Decimal("100.00"), "4000": Decimal("-218.50")}
    assert client.entry("Account", client.named("Account", "1100"))["CurrentBalance"] == Decimal("118.50")


def test_one_payment_pays_many_invoices_and_keeps_the_rest_as_credit(
    books: Running, client: Client, invoice: Row
) -> None:
    second = client.invoice(client.sale("50.00"))
    links = (("Invoice", invoice["Id"], "218.50"), ("Invoice", second["Id"], "20.00"))
    payment = client.write("Payment", client.payment_of("300.00", *links))
    assert payment["UnappliedAmt"] == Decimal("61.50")
    assert [row["Balance"] for row in books.books()["Invoice"]] == [Decimal("0.00"), Decimal("30.00")]
    assert client.entry("Customer", invoice["CustomerRef"]["value"])["Balance"] == Decimal("-31.50")


def test_a_payment_needs_no_invoice(client: Client) -> None:
    payment = client.write("Payment", client.payment_of("25.00"))
    assert (payment["Line"], payment["UnappliedAmt"]) == ([], Decimal("25.00"))


@pytest.mark.parametrize(
    ("total", "amounts"),
    [
        pytest.param("300.00", ["218.51"], id="more than is open"),
        pytest.param("300.00", ["110.00", "110.00"], id="more than is open, in two lines"),
        pytest.param("100.00", ["100.01"], id="more than was received"),
        pytest.param("-1.00", [], id="less than nothing"),
        pytest.param("10.00", ["-5.00"], id="a negative part"),
    ],
)
def test_what_does_not_add_up_is_refused(
    books: Running, client: Client, invoice: Row, total: str, amounts: list[str]
) -> None:
    before, balances = books.books(), books.balances()
    links = [("Invoice", invoice["Id"], amount) for amount in amounts]
    assert client.refused("Payment", client.payment_of(total, *links))[0] == "6000"
    assert (books.books(), books.balances()) == (before, balances)


def test_an_invoice_is_paid_by_its_customer_or_that_ones_parent(books: Running, client: Client) -> None:
    parent = client.named("Customer", "Cool Cars")
    job = client.write("Customer", {"DisplayName": "Fleet 7", "Job": True, "ParentRef": {"value": parent}})
    assert (job["Job"], job["FullyQualifiedName"]) == (True, "Cool Cars:Fleet 7")
    invoice = client.write("Invoice", {**client.invoice_of(), "CustomerRef": {"value": job["Id"]}})
    link, before = ("Invoice", invoice["Id"], "10.00"), books.books()
    assert client.refused("Payment", client.payment_of("10.00", link, customer="Mark Cho"))[0] == "6000"
    assert books.books() == before
    client.write("Payment", client.payment_of("10.00", link))
    assert client.entry("Invoice", invoice["Id"])["Balance"] == Decimal("90.00")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"TotalAmt": None}, ("2020", "TotalAmt")),
        ({"CustomerRef": {}}, ("2020", "CustomerRef")),
        ({"PaymentRefNum": "x" * 22}, ("2050", "PaymentRefNum")),
        ({"DepositToAccountRef": "4000"}, ("6430", "DepositToAccountRef")),
        ({"ARAccountRef": "1000"}, ("6430", "ARAccountRef")),
        ({"Line": [{"Amount": 1, "LinkedTxn": [{"TxnId": "99999", "TxnType": "Invoice"}]}]}, ("620", "LinkedTxn")),
        ({"Line": [{"Amount": 1, "LinkedTxn": [{"TxnId": "1", "TxnType": "Bill"}]}]}, ("620", "LinkedTxn")),
        ({"Line": [{"Amount": 1}]}, ("2020", "LinkedTxn")),
    ],
)
def test_a_payment_that_is_not_right_is_refused(
    books: Running, client: Client, fields: Row, refusal: tuple[str, str]
) -> None:
    sent = client.payment_of("1.00", **fields)
    for element in ("DepositToAccountRef", "ARAccountRef"):
        if element in fields:
            sent[element] = client.ref("Account", fields[element])
    before = books.books()
    assert client.refused("Payment", sent) == refusal
    assert (books.books(), books.balances()) == (before, {})


def test_a_credit_memo_helps_to_pay(books: Running, client: Client, invoice: Row) -> None:
    credit = client.write("CreditMemo", client.invoice_of(client.sale("18.50")))
    links = (("Invoice", invoice["Id"], "118.50"), ("CreditMemo", credit["Id"], "18.50"))
    payment = client.write("Payment", client.payment_of("100.00", *links))
    assert payment["UnappliedAmt"] == 0
    assert client.entry("Invoice", invoice["Id"])["Balance"] == Decimal("100.00")
    used = client.entry("CreditMemo", credit["Id"])
    assert (used["Balance"], used["RemainingCredit"]) == (0, 0)
    assert used["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert client.entry("Customer", invoice["CustomerRef"]["value"])["Balance"] == Decimal("100.00")
    assert books.balances()["1100"] == Decimal("100.00")


def test_a_payment_can_be_applied_differently_later(books: Running, client: Client, invoice: Row) -> None:
    payment = pay(client, invoice, "100.00")
    second = client.invoice(client.sale("80.00"))
    link = [{"TxnId": second["Id"], "TxnType": "Invoice"}]
    sent = {"Id": payment["Id"], "SyncToken": "0", "sparse": True, "Line": [{"Amount": 80, "LinkedTxn": link}]}
    changed = client.write("Payment", sent)
    assert (changed["TotalAmt"], changed["UnappliedAmt"]) == (Decimal("100.00"), Decimal("20.00"))
    assert [(row["Balance"], len(row["LinkedTxn"])) for row in books.books()["Invoice"]] == [
        (Decimal("218.50"), 0),
        (Decimal("0.00"), 1),
    ]


def test_an_invoice_that_is_paid_is_neither_deleted_nor_made_smaller_nor_given_away(
    books: Running, client: Client, invoice: Row
) -> None:
    pay(client, invoice, "100.00")
    before, state = books.books(), {"Id": invoice["Id"], "SyncToken": "1"}
    smaller = {**state, "sparse": True, "Line": [client.sale("99.99")]}
    given = {**state, "sparse": True, "CustomerRef": client.ref("Customer", "Mark Cho")}
    assert client.refused("Invoice", state, operation="delete")[0] == "6000"
    assert client.refused("Invoice", smaller)[0] == "6000"
    assert client.refused("Invoice", given)[0] == "6000"
    assert books.books() == before
    larger = client.write("Invoice", {**state, "sparse": True, "Line": [client.sale("300.00")]})
    assert larger["Balance"] == Decimal("200.00")


def test_a_payment_that_is_deleted_or_voided_opens_the_invoice_again(
    books: Running, client: Client, invoice: Row
) -> None:
    payment = pay(client, invoice, "100.00")
    client.write("Payment", {"Id": payment["Id"], "SyncToken": "0"}, operation="delete")
    (open_again,) = books.books()["Invoice"]
    assert (open_again["Balance"], open_again["LinkedTxn"]) == (Decimal("218.50"), [])
    assert books.books()["Payment"] == []
    payment = pay(client, invoice, "218.50")
    sent = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    voided = client.write("Payment", sent, operation="update", include="void")
    assert (voided["TotalAmt"], voided["UnappliedAmt"], voided["PrivateNote"]) == (0, 0, "Voided")
    (open_again,) = books.books()["Invoice"]
    assert (open_again["Balance"], open_again["LinkedTxn"]) == (Decimal("218.50"), [])
    assert books.balances() == {"1100": Decimal("218.50"), "4000": Decimal("-218.50")}


def test_a_payment_in_a_bank_deposit_is_not_changed_any_more(books: Running, client: Client, invoice: Row) -> None:
    payment = pay(client, invoice, "100.00")
    books.control(f"deposit/{REALM}/{payment['Id']}", {})
    before, state = books.books(), {"Id": payment["Id"], "SyncToken": "1"}
    assert client.refused("Payment", {**state, "sparse": True, "PrivateNote": "x"})[0] == "6540"
    assert client.refused("Payment", state, operation="delete")[0] == "6540"
    assert client.refused("Payment", state, operation="update", include="void")[0] == "6540"
    assert books.books() == before
