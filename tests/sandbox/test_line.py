"""What the line looks like: gateways, shapes of answers, and everything that goes wrong on order."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.online import OTHER_REALM, Running
from sandbox.online.storage import pacific
from tests.support.hypothesis_profile import examples
from tests.support.intuit_client import Client, Row, read

NAMESPACE = "{http://schema.intuit.com/finance/v3}"


def test_an_answer_is_xml_unless_json_is_accepted(client: Client) -> None:
    invoice = client.invoice(DocNumber="1042")
    answer = client.call("GET", f"invoice/{invoice['Id']}", accept="*/*")
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ET.fromstring(answer.content)  # noqa: S314 – The sandbox wrote it.
    assert root.tag == f"{NAMESPACE}IntuitResponse"
    assert root.find(f"{NAMESPACE}Invoice/{NAMESPACE}DocNumber").text == "1042"  # type: ignore[union-attr]
    refused = client.call("GET", "invoice/99999", accept="")
    error = ET.fromstring(refused.content).find(f".//{NAMESPACE}Error")  # noqa: S314 – The sandbox wrote it.
    assert error is not None
    assert (refused.status_code, error.get("code")) == (400, "610")


def test_every_answer_has_a_number_and_every_body_a_time(client: Client) -> None:
    answers = [
        client.call("GET", "companyinfo/1"),
        client.call("GET", "query", query="select * from Item"),
        client.call("POST", "customer", body={}),
        client.call("GET", "no/such/thing"),
        client.call("DELETE", "customer"),
        client.call("POST", "customer", body={"DisplayName": "New"}, requestid="r"),
    ]
    numbers = [answer.headers["intuit_tid"] for answer in answers]
    assert len(set(numbers)) == len(answers)
    assert [answer.status_code for answer in answers] == [200, 200, 400, 400, 400, 200]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}-0[78]:00", read(answer)["time"]) for answer in answers)


def test_a_call_without_a_living_token_is_turned_away(books: Running, client: Client) -> None:
    living, client.token = client.token, "made up"
    answer = client.call("GET", "companyinfo/1")
    fault = read(answer)["fault"]
    assert (answer.status_code, fault["type"], fault["error"][0]["code"]) == (401, "AUTHENTICATION", "3200")
    assert "intuit_tid" in answer.headers
    client.token = living
    books.control("clock", {"advance_seconds": 3601})
    assert client.call("GET", "companyinfo/1").status_code == 401


def test_a_token_opens_one_companys_books_only(client: Client) -> None:
    client.realm = OTHER_REALM
    answer = client.call("POST", "customer", body={"DisplayName": "New"})
    assert (answer.status_code, read(answer)["fault"]["error"][0]["code"]) == (403, "3100")


def test_amounts_are_written_with_two_decimals(client: Client) -> None:
    assert '"TotalAmt": 218.50' in client.call("POST", "invoice", body=client.invoice_of(client.sale("218.5"))).text


@pytest.mark.parametrize(
    ("summer", "winter"),
    [("2026-03-08T10:00:00", "2026-03-08T09:59:59"), ("2026-11-01T08:59:59", "2026-11-01T09:00:00")],
)
def test_times_are_those_of_california(summer: str, winter: str) -> None:
    for text, hours in ((summer, -7), (winter, -8)):
        moment = dt.datetime.fromisoformat(f"{text}+00:00")
        assert pacific(moment).utcoffset() == dt.timedelta(hours=hours)
        assert pacific(moment) == moment


@pytest.mark.parametrize("path", ["Customer/{}", "customer/{}", "CUSTOMER/{}", "customer/{}/"])
def test_addresses_are_tolerant_of_case_and_slashes(client: Client, path: str) -> None:
    wanted = client.named("Customer", "Cool Cars")
    answer = client.call("GET", path.format(wanted), minorversion="75")
    assert read(answer)["Customer"]["DisplayName"] == "Cool Cars"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nothing", b'{"DisplayName": "\\ud800"}', b"\xff\xfe", b'{"DisplayName": ' + b"[" * 5000]
)
def test_a_body_that_cannot_be_read_is_refused(books: Running, client: Client, body: bytes) -> None:
    before = books.books()
    answer = requests.post(
        f"{books.url}/v3/company/{client.realm}/customer",
        data=body,
        headers={"Authorization": f"Bearer {client.token}", "Accept": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 400
    assert read(answer)["Fault"]["Error"][0]["code"] in {"2010", "2020", "500"}
    assert books.books() == before


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(max_size=5)
    | st.sampled_from(["", "1e9999", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "name", "Amount"]), inner),
    max_leaves=4,
)
NAMES = st.sampled_from(
    [
        "CustomerRef", "Line", "DocNumber", "TxnDate", "TxnTaxDetail", "CustomerMemo", "Deposit", "CustomField",
        "BillEmail", "CurrencyRef", "LinkedTxn", "ApplyTaxAfterDiscount", "Id", "SyncToken", "sparse", "DisplayName",
        "BillAddr", "SalesTermRef", "TotalAmt", "DetailType",
    ]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(120))
@given(
    kind=st.sampled_from(["Invoice", "Payment", "Bill", "Customer", "Item", "Account"]),
    odd=st.dictionaries(NAMES, ODD, max_size=3),
    in_line=st.dictionaries(
        st.sampled_from(["Amount", "SalesItemLineDetail", "LinkedTxn", "DetailType"]), ODD, max_size=2
    ),
)
def test_no_body_brings_the_service_down(client: Client, kind: str, odd: Row, in_line: Row) -> None:
    """Whatever is sent, the service takes it or names what is wrong with it."""
    base = {**client.invoice_of({**client.sale(), **in_line}), "TotalAmt": 5, "Name": "N", "DisplayName": "D"}
    answer = client.call("POST", kind.lower(), body={**base, **odd})
    assert answer.status_code in {200, 400}
    assert ("Fault" in read(answer)) == (answer.status_code == 400)


def test_a_status_on_order(books: Running, client: Client) -> None:
    books.fault("status", "/customer", times=2, status=429, body="<xml/>", headers={"Retry-After": "7"})
    before = books.books()
    answers = [client.call("POST", "customer", body={"DisplayName": "New"}, requestid="r") for _ in range(3)]
    assert [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers] == [
        (429, "7"), (429, "7"), (200, None),
    ]  # fmt: skip
    assert answers[0].text == "<xml/>"
    assert len(books.books()["Customer"]) == len(before["Customer"]) + 1


def test_garbage_on_order(books: Running, client: Client) -> None:
    books.fault("garbage", "GET")
    with pytest.raises(ValueError, match="Expecting"):
        client.call("GET", "companyinfo/1").json()


def test_a_line_that_hangs_is_let_go_when_faults_are_cleared(books: Running, client: Client) -> None:
    before = books.books()
    books.fault("hang", "/customer")
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{books.url}/v3/company/{client.realm}/customer",
            json={"DisplayName": "New"},
            headers={"Authorization": f"Bearer {client.token}"},
            timeout=0.2,
        )
    requests.delete(f"{books.url}/_sandbox/faults", timeout=10).raise_for_status()
    assert client.write("Customer", {"DisplayName": "New"})["SyncToken"] == "0"
    assert len(books.books()["Customer"]) == len(before["Customer"]) + 1


def test_faults_strike_what_they_match_and_are_forgotten_when_cleared(books: Running, client: Client) -> None:
    books.fault("status", "/invoice", times=9)
    assert client.call("GET", "companyinfo/1").status_code == 200
    assert client.call("GET", "invoice/1").status_code == 503
    requests.delete(f"{books.url}/_sandbox/faults", timeout=10).raise_for_status()
    assert client.call("GET", "invoice/1").status_code == 400
    wrong = requests.post(f"{books.url}/_sandbox/faults", json={"kind": "flood"}, timeout=10)
    assert wrong.status_code == 400


def test_changes_since_tell_what_was_changed_and_what_was_deleted(books: Running, client: Client) -> None:
    books.control("clock", {"advance_seconds": 1200})
    since = read(client.call("GET", "companyinfo/1"))["time"]
    gone, kept = client.invoice(), client.invoice()
    client.write("Invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    asked = {"entities": "Invoice,Customer,Payment", "changedSince": since[:19] + since[-6:]}
    invoices, customers, payments = read(client.call("GET", "cdc", **asked))["CDCResponse"][0]["QueryResponse"]
    assert [(row["Id"], row.get("status")) for row in invoices["Invoice"]] == [
        (kept["Id"], None),
        (gone["Id"], "Deleted"),
    ]
    assert (customers, payments) == ({}, {})
    assert client.call("GET", "cdc", entities="TaxCode", changedSince=since).status_code == 400
    assert client.call("GET", "cdc", entities="Invoice", changedSince="2020-01-01").status_code == 400


def test_the_journal_tells_calls_and_effects(books: Running, client: Client) -> None:
    client.write("Customer", {"DisplayName": "New"}, requestid="r")
    client.call("GET", "query", query="select * from Item")
    assert [
        (call["method"], call["requestid"], call["status"], call["effects"])
        for call in books.control("requests")["requests"]
    ] == [("POST", "r", 200, 1), ("GET", None, 200, 0)]


def test_balances_are_told_to_the_cent(books: Running, client: Client) -> None:
    for _ in range(10):
        client.invoice(client.sale("0.10"))
    assert books.balances() == {"1100": Decimal("1.00"), "4000": Decimal("-1.00")}
