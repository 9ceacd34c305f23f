"""Lists are read whole, in pages, and afterwards only what changed."""

from __future__ import annotations

import pytest

from hub.plugin import AccountKind, Books, Page, Payload, Record, RecordKind
from hub.testing import answered
from quickbooks_online import QuickBooksOnline
from quickbooks_online.paging import PAGE_SIZE, Cursor
from tests.support.online_conversations import fault, found

QUICKBOOKS = QuickBooksOnline()
TIME = "2026-11-23T09:17:31.892-08:00"


def test_a_check_says_which_books_these_are() -> None:
    books, asked = answered(
        QUICKBOOKS.describe_books(),
        {**found("CompanyInfo", {"Id": "1", "CompanyName": "Larry's Bakery", "Country": "US"}), "realm": "46208163"},
        found("Preferences", {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}),
    )
    assert books == Books(id="46208163", name="Larry's Bakery", country="US", currency="USD")
    assert [request.writes for request in asked] == [False, False]


def test_a_short_list_is_one_page_and_is_asked_for_changes_afterwards() -> None:
    row = {"Id": "58", "DisplayName": "ABC Company", "Active": False, "PrimaryEmailAddr": {"Address": "a@abc.example"}}
    page, asked = answered(
        QUICKBOOKS.fetch(RecordKind.CUSTOMER, ""),
        found("Customer", row, time=TIME),
    )
    record = Record(kind=RecordKind.CUSTOMER, id="58", name="ABC Company", email="a@abc.example", active=False)
    assert page == Page(records=(record,), cursor=page.cursor, more=True, total=1)
    (request,) = asked
    everyone = "select * from Customer where Active in (true, false) orderby Id startposition 1 maxresults 500"
    assert request.payload == {"Page": everyone}
    page, _ = answered(QUICKBOOKS.fetch(RecordKind.CUSTOMER, page.cursor), found("Customer", time=TIME))
    assert page == Page(records=(), cursor=page.cursor, more=False)
    gone = {"Id": "59", "status": "Deleted"}
    after, asked = answered(
        QUICKBOOKS.fetch(RecordKind.CUSTOMER, page.cursor), {"rows": [row, gone], "is_full": False, "time": TIME}
    )
    assert [one.payload for one in asked] == [{"Changes": "Customer", "since": "2026-11-23T09:12:31-08:00"}]
    assert after == Page(records=(record,), deleted=("59",), cursor=page.cursor, more=False, total=None)


@pytest.mark.parametrize("answer", [fault("2030"), {"rows": [], "is_full": True, "time": TIME}])
def test_what_the_changes_cannot_tell_is_asked_as_a_list(answer: Payload) -> None:
    cursor = str(Cursor(since="2026-11-23T09:12:31-08:00"))
    nothing, asked = answered(QUICKBOOKS.fetch(RecordKind.CUSTOMER, cursor), answer, found("Customer", time=TIME))
    assert "and MetaData.LastUpdatedTime >= '2026-11-23T09:12:31-08:00'" in asked[1].payload["Page"]
    assert nothing == Page(records=(), cursor=cursor, more=False, total=None)


def test_a_long_list_goes_on_where_it_stopped_and_the_next_pass_begins_before_this_one_did() -> None:
    rows = [{"Id": str(number), "Name": f"Net {number}"} for number in range(PAGE_SIZE)]
    first, asked = answered(
        QUICKBOOKS.fetch(RecordKind.TERM, ""),
        found("Term", *rows, time=TIME),
        {"QueryResponse": {"totalCount": PAGE_SIZE + 1}},
    )
    assert asked[1].payload == {"Query": "select count(*) from Term where Active in (true, false)"}
    assert (len(first.records), first.more, first.total) == (PAGE_SIZE, True, PAGE_SIZE + 1)
    later = "2026-11-23T11:00:00-08:00"
    short, asked = answered(
        QUICKBOOKS.fetch(RecordKind.TERM, first.cursor), found("Term", {"Id": "9999", "Name": "Net 90"}, time=later)
    )
    assert f"startposition {PAGE_SIZE + 1} " in asked[0].payload["Page"]
    assert short.more  # A page may be shorter than was asked.
    last, asked = answered(QUICKBOOKS.fetch(RecordKind.TERM, short.cursor), found("Term", time=later))
    assert f"startposition {PAGE_SIZE + 2} " in asked[0].payload["Page"]
    assert not last.more
    assert Cursor.read(last.cursor) == Cursor(since="2026-11-23T09:12:31-08:00")


def test_a_list_whose_time_cannot_be_read_is_read_whole_again() -> None:
    page, _ = answered(QUICKBOOKS.fetch(RecordKind.TERM, ""), found("Term", time="17"))
    assert Cursor.read(page.cursor) == Cursor()


@pytest.mark.parametrize(
    ("kind", "called", "row", "record"),
    [
        (
            RecordKind.ACCOUNT,
            "Account",
            {
                "Id": "86",
                "Name": "Discounts given",
                "FullyQualifiedName": "Sales:Discounts given",
                "AcctNum": "4900",
                "AccountType": "Income",
                "AccountSubType": "DiscountsRefundsGiven",
                "Active": True,
            },
            Record(
                kind=RecordKind.ACCOUNT,
                id="86",
                name="Sales:Discounts given",
                number="4900",
                account=AccountKind.INCOME,
                detail="DiscountsRefundsGiven",
            ),
        ),
        (
            RecordKind.ACCOUNT,
            "Account",
            {"Id": "9", "Name": "Opening", "AccountType": "Equity"},
            Record(kind=RecordKind.ACCOUNT, id="9", name="Opening", account=AccountKind.OTHER),
        ),
        (
            RecordKind.ITEM,
            "Item",
            {"Id": "11", "Name": "A7102", "Sku": "A-7102", "Type": "NonInventory"},
            Record(kind=RecordKind.ITEM, id="11", name="A7102", number="A-7102", detail="NonInventory"),
        ),
        (RecordKind.TAX_CODE, "TaxCode", {"Id": "TAX", "Name": "TAX"}, None),
        (
            RecordKind.TAX_CODE,
            "TaxCode",
            {"Id": "2", "Name": "California"},
            Record(kind=RecordKind.TAX_CODE, id="2", name="California"),
        ),
        (
            RecordKind.VENDOR,
            "Vendor",
            {"Id": "3", "DisplayName": "Acme", "PrimaryPhone": {"FreeFormNumber": "555-0100"}},
            Record(kind=RecordKind.VENDOR, id="3", name="Acme", phone="555-0100"),
        ),
    ],
)
def test_an_entry_is_read(kind: RecordKind, called: str, row: dict[str, object], record: Record | None) -> None:
    page, _ = answered(QUICKBOOKS.fetch(kind, ""), found(called, row))
    assert page.records == ((record,) if record else ())


def test_every_list_that_is_offered_can_be_fetched() -> None:
    asked = {kind: next(QUICKBOOKS.fetch(kind, "")).writes for kind in QUICKBOOKS.capabilities.lists}
    assert asked == dict.fromkeys(RecordKind, False)
