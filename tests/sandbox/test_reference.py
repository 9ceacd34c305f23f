"""The sandbox knows the properties of Intuit's reference and no others, and refuses what the service refuses.

Sources: Intuit's API reference at minor version 75; python-quickbooks 38 and 299 (2010), quickbooks-ruby 403 and 258
(4001), Intuit's .NET SDK 163 (AcctNum is not queryable) and 333 (email addresses).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import simplejson

from sandbox.online import Running, properties
from sandbox.online.refusals import Refusal
from tests.support.intuit_client import Client, read

SAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "quickbooks_online" / "entities"
EMAIL = "PrimaryEmailAddr.Address"
KINDS = (
    "Account", "Bill", "Class", "CompanyInfo", "Customer", "Invoice", "Item", "Payment", "PurchaseOrder", "TaxCode",
    "TaxRate", "Term", "Vendor",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body", "refusal"),
    [
        ("Customer", {"DisplayName": "A", "Colour": "red"}, ("2010", "Colour")),
        ("Customer", {"DisplayName": "A", "BillAddr": {"Line6": "x"}}, ("2010", "Line6")),
        ("Customer", {"DisplayName": "A", "PrimaryEmailAddr": {"Address": "n/a"}}, ("2210", EMAIL)),
        ("Vendor", {"DisplayName": "A", "PrimaryEmailAddr": {"Address": "a@b.test; c@d.test"}}, ("2210", EMAIL)),
        ("Customer", {"DisplayName": "A 🎉"}, ("2040", "DisplayName")),
        ("Customer", {"DisplayName": "A", "Notes": "好"}, ("2040", "Notes")),
        ("Customer", {"DisplayName": "A", "PreferredDeliveryMethod": "Pigeon"}, ("2170", "PreferredDeliveryMethod")),
        ("Customer", {"DisplayName": "A", "Job": True}, ("2020", "ParentRef")),
        ("Customer", {"DisplayName": "A", "ParentRef": {"value": "99999"}, "Job": True}, ("2500", "ParentRef")),
        ("Term", {"Name": "Someday"}, ("2020", "DueDays")),
        ("Term", {"Name": "Month's end", "Type": "DATE_DRIVEN"}, ("2020", "DayOfMonthDue")),
        ("Class", {"Name": "Mugs", "ParentRef": {"value": "99999"}}, ("2500", "ParentRef")),
    ],
)  # fmt: skip
def test_what_the_reference_does_not_have_is_refused(
    client: Client, kind: str, body: dict[str, Any], refusal: tuple[str, str]
) -> None:
    assert client.refused(kind, body) == refusal


@pytest.mark.parametrize(
    "text",
    [
        "select * from Customer where Notes = 'x'",
        "select * from Account where AcctNum = '4000'",
        "select * from Vendor where PrimaryEmailAddr = 'a@b.test'",
        "select * from PurchaseOrder where VendorRef = '1'",
        "select * from Invoice where PrivateNote = 'x'",
        "select * from Invoice where DepartmentRef = '1'",
        "select * from Invoice orderby CustomerRef",
        "select * from Customer where Colour = 'red'",
        "select * from Nothing",
    ],
)
def test_what_cannot_be_queried_is_refused(client: Client, text: str) -> None:
    assert client.query(text) == "4001"


def test_purchase_orders_may_be_queried_by_vendor_after_all(books: Running, client: Client) -> None:
    books.control("unsure", {"purchase_orders_by_vendor": True})
    assert client.query("select * from PurchaseOrder where VendorRef = '1'") == []


def test_a_class_below_another_has_both_names(client: Client) -> None:
    parent = client.write("Class", {"Name": "Kitchen"})
    below = client.write("Class", {"Name": "Mugs", "ParentRef": {"value": parent["Id"]}})
    assert (below["FullyQualifiedName"], below["SubClass"]) == ("Kitchen:Mugs", True)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_service_returns_can_be_sent_back(client: Client, kind: str) -> None:
    """A client that reads an entry, changes it and sends all of it is right (Intuit, full update)."""
    rows = client.query(f"select * from {kind} maxresults 1000")
    for row in rows if isinstance(rows, list) else ():
        properties.check_names(kind, row)


def _entries(kind: str, found: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of a kind in a sample: alone, under their kind, or in the answer of a query."""
    for one in found if isinstance(found, list) else [found]:
        if not isinstance(one, dict):
            continue
        inner = one.get("QueryResponse", {}).get(kind, one.get(kind))
        if inner is not None:
            yield from _entries(kind, inner)
        elif "time" not in one and "QueryResponse" not in one:
            yield one


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="Intuit's samples are not at hand.")
@pytest.mark.parametrize("kind", KINDS)
def test_the_table_has_all_that_intuits_samples_have(kind: str) -> None:
    checked = 0
    for sample in sorted(SAMPLES.glob(f"{kind.lower()}__*.json")):
        for entry in _entries(kind, simplejson.loads(sample.read_text())):
            try:
                properties.check_names(kind, _without_line_breaks(entry))
            except Refusal as refusal:
                pytest.fail(f"{sample.name}: {refusal.element}")
            checked += 1
    assert checked


def _without_line_breaks(value: Any) -> Any:
    """Return a sample without the spaces that its page put into long names ("ItemBasedExpenseLineDeta il")."""
    if isinstance(value, list):
        return [_without_line_breaks(one) for one in value]
    if isinstance(value, dict):
        return {name.replace(" ", ""): _without_line_breaks(one) for name, one in value.items()}
    return value


def test_the_accounts_of_a_discovery_document_exist(books: Running, client: Client) -> None:
    found = client.call("GET", "../../../.well-known/openid_configuration").json()
    assert client.call("GET", "../../.." + found["userinfo_endpoint"].removeprefix(books.url)).json()["email"]
    assert client.call("GET", "../../.." + found["jwks_uri"].removeprefix(books.url)).json() == {"keys": []}


def test_the_preferences_have_every_group_of_the_reference(client: Client) -> None:
    (found,) = client.query("select * from Preferences")
    assert {"EmailMessagesPrefs", "TimeTrackingPrefs", "ReportPrefs", "OtherPrefs", "SalesFormsPrefs"} <= found.keys()
    assert found["SalesFormsPrefs"]["AutoApplyCredit"] is True


def test_options_of_a_batch_are_bare_words(client: Client) -> None:
    """Intuit's .NET SDK, Batch.cs and issue 175."""
    client.invoice(DocNumber="1042")
    body = {"CustomerRef": client.ref("Customer", "Cool Cars"), "Line": [client.sale("9.00")], "DocNumber": "1042"}
    items = [
        {"bId": "1", "operation": "create", "optionsData": "include=allowduplicatedocnum", "Invoice": body},
        {"bId": "2", "operation": "create", "optionsData": "allowduplicatedocnum", "Invoice": body},
    ]
    answer = read(client.call("POST", "batch", body={"BatchItemRequest": items}))
    got = {item["bId"]: item for item in answer["BatchItemResponse"]}
    assert got["1"]["Fault"]["Error"][0]["code"] == "6140"
    assert got["2"]["Invoice"]["DocNumber"] == "1042"


def test_a_batch_answers_with_1000_objects_at_most(client: Client) -> None:
    """Intuit, batch: what becomes of more is not documented."""
    names = [{"bId": str(n), "operation": "create", "Term": {"Name": f"Net {n}-x", "DueDays": n}} for n in range(30)]
    client.call("POST", "batch", body={"BatchItemRequest": names})
    items = [{"bId": str(number), "Query": "select * from Item maxresults 1000"} for number in range(26)]
    answer = read(client.call("POST", "batch", body={"BatchItemRequest": items}))
    faults = [item["bId"] for item in answer["BatchItemResponse"] if "Fault" in item]
    assert faults == ["25"], "25 lists of 40 items are 1,000."


def test_a_void_in_a_batch_is_an_update_with_an_option(client: Client) -> None:
    """Intuit, batch; node-quickbooks 150."""
    invoice = client.invoice(PrivateNote="Rush")
    state = {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}
    items = [
        {"bId": "1", "operation": "void", "Invoice": state},
        {"bId": "2", "operation": "update", "optionsData": "void", "Invoice": state},
    ]
    answer = read(client.call("POST", "batch", body={"BatchItemRequest": items}))
    got = {item["bId"]: item for item in answer["BatchItemResponse"]}
    assert got["1"]["Fault"]["Error"][0]["code"] == "500"
    assert (got["2"]["Invoice"]["TotalAmt"], got["2"]["Invoice"]["PrivateNote"]) == (0, "Voided - Rush")
