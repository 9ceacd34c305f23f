"""Somebody else's client, python-quickbooks, as its README says to use it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Bill,
    Class,
    CompanyInfo,
    CreditMemo,
    Customer,
    Department,
    Invoice,
    Item,
    Payment,
    Preferences,
    PurchaseOrder,
    TaxCode,
    TaxRate,
    Term,
    Vendor,
)
from quickbooks.objects.base import EmailAddress, LinkedTxn, PhoneNumber, Ref
from quickbooks.objects.detailline import (
    DiscountLine,
    DiscountLineDetail,
    ItemBasedExpenseLine,
    ItemBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.payment import PaymentLine

from sandbox.online import CLIENT_ID, CLIENT_SECRET, REALM, Running
from tests.support.intuit_client import new_entries

README = Path(__file__).parents[2] / "sandbox" / "README.md"


@pytest.fixture
def qb(books: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """All that a user of the library sets to work at the sandbox: a discovery document and an address."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # The sandbox is on this machine and speaks plain HTTP.
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{books.url}/v3")
    auth_client = AuthClient(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        environment=f"{books.url}/.well-known/openid_sandbox_configuration",
        redirect_uri="http://localhost/callback",
    )
    client = QuickBooks(
        auth_client=auth_client, refresh_token=books.grant()["refresh_token"], company_id=REALM, minorversion=75
    )
    yield client
    client.session.close()


def sale(qb: Any, amount: str, **detail: object) -> SalesItemLine:
    line = SalesItemLine()
    line.Amount, line.Description = Decimal(amount), "T-shirts"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.filter(Name="T2040", qb=qb)[0].to_ref()
    for name, value in detail.items():
        setattr(line.SalesItemLineDetail, name, value)
    return line


def invoice(qb: Any, customer: Customer, amount: str = "100.00") -> Any:
    made = Invoice()
    made.CustomerRef = customer.to_ref()
    made.Line.append(sale(qb, amount))
    made.save(qb=qb)
    return Invoice.get(made.Id, qb=qb)


def cool_cars(qb: Any) -> Any:
    return Customer.filter(DisplayName="Cool Cars", qb=qb)[0]


def test_ten_lines_make_a_customer_and_an_invoice(books: Running, qb: Any) -> None:
    before = books.books()

    customer = Customer()
    customer.DisplayName = "ABC Company"
    customer.save(qb=qb)
    line = SalesItemLine()
    line.Amount = 230
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.filter(Name="T2040", qb=qb)[0].to_ref()
    order = Invoice()
    order.DocNumber, order.CustomerRef = "1042", customer.to_ref()
    order.Line.append(line)
    order.save(qb=qb)

    new = new_entries(before, books.books())
    assert {kind: len(rows) for kind, rows in new.items()} == {"Customer": 1, "Invoice": 1}
    assert (new["Invoice"][0]["DocNumber"], new["Invoice"][0]["TotalAmt"]) == ("1042", Decimal("230.00"))
    assert new["Customer"][0]["Balance"] == Decimal("230.00")


def test_what_the_readme_shows_works(books: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "")
    monkeypatch.setattr(QuickBooks, "api_url_v3", "")
    (shown,) = re.findall("```python\n(.*?)```", README.read_text(), re.DOTALL)
    names: dict[str, Any] = {"REFRESH_TOKEN": books.grant()["refresh_token"]}
    exec(shown.replace("http://127.0.0.1:8010", books.url), names)  # noqa: S102 – Our own README.
    names["client"].session.close()
    assert [(row["DocNumber"], row["TotalAmt"]) for row in books.books()["Invoice"]] == [("1042", Decimal("230.00"))]


def test_the_authorization_flow_of_the_library(books: Running, qb: Any) -> None:
    auth = qb.auth_client
    assert auth.get_authorization_url(scopes=[]).startswith(f"{books.url}/connect/oauth2?")
    auth.refresh()
    assert auth.expires_in == 3600
    auth.revoke(token=auth.refresh_token)
    with pytest.raises(AuthorizationException):
        Customer.all(qb=qb)


@pytest.mark.parametrize(
    "kind", [Account, Class, Customer, Department, Item, Preferences, TaxCode, TaxRate, Term, Vendor, CompanyInfo]
)
def test_every_list_is_read(qb: Any, kind: Any) -> None:
    if kind is CompanyInfo:
        assert kind.get(REALM, qb=qb).CompanyName == "Sandbox Company_US_1"
    elif kind is Preferences:
        assert kind.get(qb=qb).CurrencyPrefs.HomeCurrency.value == "USD"
    else:
        rows = kind.all(qb=qb)
        assert rows
        assert kind.get(rows[-1].Id, qb=qb).Id == rows[-1].Id
        assert kind.count(qb=qb) == len(rows)


def test_lists_are_filtered_chosen_ordered_and_paged(qb: Any) -> None:
    assert [one.DisplayName for one in Customer.filter(Active=True, DisplayName="O'Brien Landscaping", qb=qb)] == [
        "O'Brien Landscaping"
    ]
    assert len(Customer.choose(["Cool Cars", "Mark Cho"], field="DisplayName", qb=qb)) == 2
    assert len(Customer.where("DisplayName LIKE 'W%'", order_by="DisplayName", qb=qb)) == 2
    assert [one.Name for one in Item.all(order_by="Name", start_position=1, max_results=2, qb=qb)] == [
        "A9002",
        "Artwork",
    ]
    assert Item.query("SELECT *, Sku FROM Item WHERE Name = 'T2040'", qb=qb)[0].Sku == "T2040"
    assert Customer.count("DisplayName LIKE 'W%'", qb=qb) == 2


def test_a_customer_with_everything_is_saved_and_changed(books: Running, qb: Any) -> None:
    customer = Customer()
    customer.DisplayName, customer.CompanyName, customer.GivenName = "ABC Company", "ABC", "Ada"
    customer.PrimaryEmailAddr, customer.PrimaryPhone = EmailAddress(), PhoneNumber()
    customer.PrimaryEmailAddr.Address, customer.PrimaryPhone.FreeFormNumber = "ada@abc.test", "555-0100"
    saved = customer.save(qb=qb)
    saved.CompanyName = "ABC Inc."
    changed = saved.save(qb=qb)
    assert (changed.CompanyName, changed.SyncToken, changed.PrimaryEmailAddr.Address) == (
        "ABC Inc.",
        "1",
        "ada@abc.test",
    )
    customer.SyncToken = "0"
    with pytest.raises(QuickbooksException) as stale:
        customer.save(qb=qb)
    assert stale.value.error_code == 5010
    assert len(books.books()["Customer"]) == 31


def test_a_vendor_an_item_an_account_a_term_and_a_class_are_saved(books: Running, qb: Any) -> None:
    before = books.books()
    vendor, item, account, term, tracking = Vendor(), Item(), Account(), Term(), Class()
    vendor.DisplayName = "Acme Vendor"
    item.Name, item.Type, item.UnitPrice = "A7102", "NonInventory", Decimal("2.30")
    item.IncomeAccountRef = Account.filter(Name="Sales of Product Income", qb=qb)[0].to_ref()
    account.Name, account.AccountType = "Samples", "Expense"
    term.Name, term.DueDays, term.Type = "Net 45", 45, "STANDARD"
    tracking.Name = "Bags"
    for one in (vendor, item, account, term, tracking):
        one.save(qb=qb)
    new = new_entries(before, books.books())
    assert {kind: len(rows) for kind, rows in new.items()} == dict.fromkeys(
        ("Account", "Vendor", "Item", "Term", "Class"), 1
    )
    assert new["Item"][0]["UnitPrice"] == Decimal("2.30")


def test_an_invoice_with_a_discount_is_saved_changed_mailed_voided_and_deleted(books: Running, qb: Any) -> None:
    made = invoice(qb, cool_cars(qb), "230.00")
    discount = DiscountLine()
    discount.Amount, discount.DiscountLineDetail = Decimal("11.50"), DiscountLineDetail()
    made.Line.append(discount)
    made.BillEmail = EmailAddress()
    made.BillEmail.Address = "ap@cool.test"
    made.save(qb=qb)
    made = Invoice.get(made.Id, qb=qb)
    assert (made.TotalAmt, made.Balance, made.SyncToken) == (218.5, 218.5, "1")
    made.send(qb=qb)
    made = Invoice.get(made.Id, qb=qb)
    assert made.EmailStatus == "EmailSent"
    made.void(qb=qb)
    made = Invoice.get(made.Id, qb=qb)
    assert (made.TotalAmt, made.PrivateNote) == (0, "Voided")
    made.delete(qb=qb)
    assert books.books()["Invoice"] == []
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(made.Id, qb=qb)


def test_a_requestid_of_the_library_is_kept(books: Running, qb: Any) -> None:
    customer = cool_cars(qb)
    for _ in range(2):
        made = Invoice()
        made.CustomerRef = customer.to_ref()
        made.Line.append(sale(qb, "10.00", Qty=1, UnitPrice=10))
        made.save(qb=qb, request_id="once")
    assert len(books.books()["Invoice"]) == 1


def test_a_payment_is_saved_and_voided(books: Running, qb: Any) -> None:
    customer = cool_cars(qb)
    open_invoice = invoice(qb, customer)
    line = PaymentLine()
    line.Amount, line.LinkedTxn = 40, [LinkedTxn()]
    line.LinkedTxn[0].TxnId, line.LinkedTxn[0].TxnType = open_invoice.Id, "Invoice"
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = customer.to_ref(), 40
    payment.Line.append(line)
    saved = payment.save(qb=qb)
    assert Invoice.get(open_invoice.Id, qb=qb).Balance == 60
    saved.void(qb=qb)
    assert Invoice.get(open_invoice.Id, qb=qb).Balance == 100
    assert books.balances() == {"1100": Decimal("100.00"), "4000": Decimal("-100.00")}


def test_a_purchase_order_a_bill_and_a_credit_memo_are_saved(books: Running, qb: Any) -> None:
    vendor = Vendor.filter(DisplayName="Gemline", qb=qb)[0]
    line = ItemBasedExpenseLine()
    line.Amount, line.ItemBasedExpenseLineDetail = 41, ItemBasedExpenseLineDetail()
    line.ItemBasedExpenseLineDetail.ItemRef = Item.filter(Name="T2040", qb=qb)[0].to_ref()
    order, bill, credit = PurchaseOrder(), Bill(), CreditMemo()
    order.VendorRef = bill.VendorRef = vendor.to_ref()
    order.APAccountRef = bill.APAccountRef = Account.filter(Name="Accounts Payable (A/P)", qb=qb)[0].to_ref()
    order.Line.append(line)
    bill.Line.append(line)
    credit.CustomerRef = cool_cars(qb).to_ref()
    credit.Line.append(sale(qb, "5.00"))
    for one in (order, bill, credit):
        one.save(qb=qb)
    assert (PurchaseOrder.get(order.Id, qb=qb).POStatus, Bill.get(bill.Id, qb=qb).Balance) == ("Open", 41)
    assert CreditMemo.get(credit.Id, qb=qb).RemainingCredit == 5
    assert books.balances()["2000"] == Decimal("-41.00")


def test_batches_create_change_and_delete(books: Running, qb: Any) -> None:
    customers = []
    for number in range(31):
        customer = Customer()
        customer.DisplayName = "Cool Cars" if number == 3 else f"Batch {number}"
        customers.append(customer)
    created = batch_create(customers, qb=qb)
    assert (len(created.successes), len(created.faults)) == (30, 1)
    assert created.faults[0].Error[0].code == "6240"
    assert created.faults[0].original_object.DisplayName == "Cool Cars"
    found = Customer.where("DisplayName LIKE 'Batch %'", qb=qb)
    for customer in found:
        customer.CompanyName = "Batched"
    assert len(batch_update(found, qb=qb).successes) == 30
    invoices = [invoice(qb, found[0]), invoice(qb, found[1])]
    assert len(batch_delete(invoices, qb=qb).successes) == 2
    assert books.books()["Invoice"] == []


def test_refusals_come_out_as_the_librarys_exceptions(qb: Any) -> None:
    with pytest.raises(ValidationException) as wrong:
        Customer.query("SELECT nothing", qb=qb)
    assert wrong.value.error_code == 4000
    customer = Customer()
    customer.DisplayName = "Cool Cars"
    with pytest.raises(QuickbooksException) as taken:
        customer.save(qb=qb)
    assert taken.value.error_code == 6240
    nameless = Invoice()
    nameless.CustomerRef = Ref()
    with pytest.raises(ValidationException) as lacking:
        nameless.save(qb=qb)
    assert lacking.value.error_code == 2020


def test_changes_since_come_out_as_the_librarys_lists(books: Running, qb: Any) -> None:
    books.control("clock", {"advance_seconds": 1200})
    since = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=600)).isoformat(timespec="seconds")
    invoice(qb, cool_cars(qb))
    found = change_data_capture([Invoice, Customer], since, qb=qb)
    assert len(found.Invoice) == 1
    assert not hasattr(found, "Customer")
