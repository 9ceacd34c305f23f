"""The sandbox Xero is as strict as its facts say, so that what goes through it goes through Xero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from xero_books.marks import mark_of
from xero_sandbox import OTHER_TENANT, TENANT, Running

Call = Callable[..., requests.Response]
Headers = dict[str, str] | None
CONTACT = {"Name": "Zenith"}


@pytest.fixture
def call(books: Running) -> Call:
    """Asks the API with a fresh grant; keywords are parameters."""
    token = books.grant()["access_token"]

    def ask(
        method: str, path: str, sent: object = None, *, key: str = "", headers: Headers = None, **more: str
    ) -> requests.Response:
        told = {"Authorization": f"Bearer {token}", "xero-tenant-id": TENANT, "Accept": "application/json"}
        told |= ({"Idempotency-Key": key} if key else {}) | (headers or {})
        address = f"{books.url}/api.xro/2.0/{path}"
        return requests.request(method, address, json=sent, params=more, headers=told, timeout=10)

    return ask


def messages(answer: requests.Response) -> list[str]:
    rows = answer.json().get("Elements") or next(one for one in answer.json().values() if isinstance(one, list))
    return [error["Message"] for row in rows for error in row.get("ValidationErrors", ())]


def invoice(books: Running, **changes: Any) -> dict[str, Any]:
    line = {"Description": "Mug", "Quantity": 3, "UnitAmount": 1.005, "AccountCode": "200", "TaxType": "NONE"}
    contact = next(one["ContactID"] for one in books.books()["Contacts"] if one["Name"] == "Boom FM")
    document = {
        "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": contact}, "Date": "2026-11-14",
        "DueDate": "2026-12-14", "LineItems": [line],
    }  # fmt: skip
    return document | changes


def test_under_one_key_a_thing_is_done_once_for_six_minutes(call: Call, books: Running) -> None:
    first = call("PUT", "Contacts", CONTACT, key="k")
    assert call("PUT", "Contacts", CONTACT, key="k").text == first.text
    other = call("PUT", "Contacts", {"Name": "Another"}, key="k")
    assert (other.status_code, other.json()["Message"]) == (
        400, "Idempotency Key: k is used with a different request.",
    )  # fmt: skip
    books.advance(361)
    again = call("PUT", "Contacts", CONTACT, key="k")
    assert "already assigned" in messages(again)[0]
    assert call("PUT", "Contacts", CONTACT, key="k" * 129).status_code == 400


def test_an_error_is_kept_under_its_key_as_well(call: Call, books: Running) -> None:
    books.fault("stumble", "PUT")
    answers = [call("PUT", "Contacts", CONTACT, key="k") for _ in range(2)]
    assert [one.status_code for one in answers] == [500, 500]
    assert [one["Name"] for one in books.books()["Contacts"] if one["Name"] == "Zenith"] == ["Zenith"]


def test_elements_are_answered_one_by_one_or_all_together(call: Call, books: Running) -> None:
    sent = {"Contacts": [CONTACT, CONTACT, {"Name": "Last"}]}
    together = call("PUT", "Contacts", sent)
    assert (together.status_code, len(together.json()["Elements"])) == (400, 1)
    one_by_one = call("PUT", "Contacts", sent, summarizeErrors="false").json()["Contacts"]
    assert [one["StatusAttributeString"] for one in one_by_one] == ["OK", "ERROR", "OK"]
    assert {one["Name"] for one in books.books()["Contacts"]} >= {"Zenith", "Last"}


def test_prices_keep_four_decimals_only_if_that_is_asked_for(call: Call, books: Running) -> None:
    rough = call("PUT", "Invoices", invoice(books)).json()["Invoices"][0]
    exact = call("PUT", "Invoices", invoice(books), unitdp="4").json()["Invoices"][0]
    assert (rough["LineItems"][0]["UnitAmount"], rough["Total"]) == (1.01, 3.03)
    assert (exact["LineItems"][0]["UnitAmount"], exact["Total"]) == (1.005, 3.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"Contact": {}}, "A Contact must be specified for this type of transaction"),
        ({"LineItems": [{"Description": "x", "Quantity": 1, "AccountCode": "090"}]}, "not a valid code"),
        ({"LineItems": [{"Description": "x", "Quantity": 1, "AccountCode": "120"}]}, "not a valid code"),
        ({"LineItems": [{"Description": "x", "AccountCode": "200", "TaxType": "INPUT"}]}, "cannot be used with"),
        ({"LineItems": [{"Description": "x", "AccountCode": "200", "TaxType": "AVALARA"}]}, "through the API"),
        ({"LineItems": [{"Description": "x", "AccountCode": "200", "TaxType": "TAX002"}]}, "through the API"),
        ({"LineItems": [{"Description": "x", "Quantity": -1, "AccountCode": "200"}]}, "negative"),
        ({"Type": "ACCPAY", "LineItems": [{"Description": "x", "UnitAmount": 5, "AccountCode": "310", "TaxType": "NONE",
                                           "DiscountAmount": 1}]}, "Discounts"),
        ({"InvoiceNumber": "TAKEN"}, "Invoice # must be unique."),
        ({"CurrencyCode": "NZD"}, "not subscribed"),
    ],
)  # fmt: skip
def test_what_xero_does_not_take(call: Call, books: Running, changes: dict[str, Any], message: str) -> None:
    assert call("PUT", "Invoices", invoice(books, InvoiceNumber="TAKEN")).status_code == 200
    answer = call("PUT", "Invoices", invoice(books, **changes))
    assert answer.status_code == 400
    assert message in messages(answer)[0]
    assert len(books.books()["Invoices"]) == 1


def test_money_pays_an_approved_invoice_up_to_what_it_has_open(call: Call, books: Running) -> None:
    draft, open_ = (
        call("PUT", "Invoices", invoice(books, Status=status)).json()["Invoices"][0]["InvoiceID"]
        for status in ("DRAFT", "AUTHORISED")
    )

    def pay(wanted: str, amount: float, account: str = "090") -> list[str]:
        sent = {"Invoice": {"InvoiceID": wanted}, "Account": {"Code": account}, "Amount": amount, "Date": "2026-11-15"}
        return messages(call("PUT", "Payments", sent))

    assert pay(draft, 1) == ["Payments can only be made against Authorised documents"]
    assert pay(open_, 9) == ["Payment amount exceeds the amount outstanding on this document"]
    assert pay(open_, 1, "200") == ["Account type is invalid for payments"]
    assert pay(open_, 1) == pay(open_, 2.03, "615") == []
    found = next(one for one in books.books()["Invoices"] if one["InvoiceID"] == open_)
    assert (found["Status"], found["AmountDue"], len(found["Payments"])) == ("PAID", 0, 2)
    assert pay(open_, 1) == ["Payments can only be made against Authorised documents"]


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ('Type=="ACCREC"', ["A", "B"]),
        ('InvoiceNumber=="b" AND Type=="ACCREC"', ["B"]),
        ("Date>=DateTime(2026, 11, 15)", ["B"]),
        ("Date>=DateTime(2026,11,14) && Date<DateTime(2026,11,15)", ["A"]),
        ('Contact.Name.StartsWith("boom")', ["A", "B"]),
        ("Reference!=null AND Total>100", []),
    ],
)
def test_lists_are_asked_with_where(call: Call, books: Running, where: str, numbers: list[str]) -> None:
    for number, day in (("A", "2026-11-14"), ("B", "2026-11-15")):
        call("PUT", "Invoices", invoice(books, InvoiceNumber=number, Date=day))
    rows = call("GET", "Invoices", where=where, page="1").json()
    assert sorted(one["InvoiceNumber"] for one in rows["Invoices"]) == numbers
    assert rows["pagination"]["itemCount"] == len(numbers)
    assert all(one["LineItems"] for one in rows["Invoices"])
    assert not any(one["LineItems"] for one in call("GET", "Invoices", where=where).json()["Invoices"])


def test_who_may_not_ask_is_turned_away(call: Call, books: Running) -> None:
    assert call("GET", "Invoices", headers={"xero-tenant-id": OTHER_TENANT}).status_code == 403
    assert call("GET", "Invoices", headers={"Authorization": "Bearer none"}).status_code == 401
    assert call("GET", "Invoices", headers={"Accept": "*/*"}).status_code == 406
    reader = books.grant(scope="accounting.contacts.read accounting.invoices")["access_token"]
    narrow = {"Authorization": f"Bearer {reader}"}
    assert call("GET", "Contacts", headers=narrow).status_code == 200
    refused = call("PUT", "Contacts", CONTACT, headers=narrow)
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]
    books.advance(1801)
    assert "TokenExpired" in call("GET", "Invoices").json()["Detail"]


def test_words_that_xero_does_not_know_are_refused_and_nothing_of_the_control_shows(call: Call, books: Running) -> None:
    assert call("GET", "PurchaseOrders", where='Status=="DRAFT"').status_code == 400
    assert call("PUT", "Invoices", invoice(books, Total=3)).status_code == 400
    assert call("PUT", "Accounts", {"Code": "1"}).status_code == 501
    assert call("GET", "Invoices/none").headers["Content-Type"].startswith("text/html")
    assert "Refused" not in call("GET", "Organisation").text
    assert not mark_of(invoice(books))


def refresh(books: Running, value: str) -> requests.Response:
    form = {"grant_type": "refresh_token", "refresh_token": value, "client_id": "SANDBOXXEROCLIENT"}
    return requests.post(f"{books.url}/identity/connect/token", data=form, timeout=5)


def test_a_refresh_token_changes_and_the_one_before_dies_half_an_hour_later(books: Running) -> None:
    first = books.grant()["refresh_token"]
    second = refresh(books, first).json()["refresh_token"]
    assert second != first
    assert refresh(books, first).status_code == 200
    books.advance(1801)
    assert refresh(books, first).json() == {"error": "invalid_grant"}
    assert refresh(books, second).status_code == 200
    books.advance(61 * 86400)
    assert refresh(books, second).json() == {"error": "invalid_grant"}


def test_a_code_is_nothing_without_its_secret(books: Running) -> None:
    asked = {
        "client_id": "SANDBOXXEROCLIENT", "redirect_uri": "http://localhost/back", "scope": "accounting.contacts",
        "response_type": "code", "state": "s", "code_challenge": "x" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    address = f"{books.url}/identity/connect/authorize"
    form = {"tenant": [TENANT], "decision": "allow"}
    left = requests.post(address, params=asked, data=form, allow_redirects=False, timeout=5).headers["Location"]
    code = left.partition("code=")[2].partition("&")[0]
    exchange = {
        "grant_type": "authorization_code", "code": code, "client_id": "SANDBOXXEROCLIENT", "code_verifier": "guess",
        "redirect_uri": "http://localhost/back",
    }  # fmt: skip
    token = f"{books.url}/identity/connect/token"
    assert requests.post(token, data=exchange, timeout=5).json() == {"error": "invalid_grant"}
    assert requests.get(address, params=asked | {"scope": "accounting.transactions"}, timeout=5).status_code == 500
    assert requests.get(address, params=asked | {"code_challenge_method": "plain"}, timeout=5).status_code == 500


def test_no_more_calls_are_taken_than_xero_takes(call: Call, books: Running) -> None:
    books.control("limits", {"minute": 3, "day": 4})
    answers = [call("GET", "Contacts") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[3].headers["X-Rate-Limit-Problem"] == "minute"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    books.advance(61)
    last = [call("GET", "Contacts") for _ in range(2)]
    assert [one.status_code for one in last] == [200, 429]
    assert last[1].headers["X-Rate-Limit-Problem"] == "day"
