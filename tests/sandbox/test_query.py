"""The query language, as far as the service knows it and no further."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.online import REALM, Running, query
from sandbox.online.refusals import Refusal
from tests.support.hypothesis_profile import examples
from tests.support.intuit_client import Client, read


def names(client: Client, text: str) -> list[str]:
    return [row.get("DisplayName") or row["Name"] for row in client.query(text)]


def test_a_page_is_100_unless_asked_for_up_to_1000(client: Client) -> None:
    for number in range(5):
        customers = [
            {"bId": str(n), "operation": "create", "Customer": {"DisplayName": f"C{number}-{n}"}} for n in range(30)
        ]
        client.call("POST", "batch", body={"BatchItemRequest": customers})
    assert client.query("select count(*) from Customer") == 180
    assert len(client.query("select * from Customer")) == 100
    assert len(client.query("select * from Customer maxresults 5000")) == 180
    assert len(client.query("select * from Customer startposition 171 maxresults 20")) == 10
    assert client.query("select * from Customer startposition 181") == []


def test_pages_in_the_order_of_ids_give_every_entry_once(client: Client) -> None:
    rows = [
        row["Id"]
        for start in range(1, 50, 7)
        for row in client.query(f"select * from Item orderby Id startposition {start} maxresults 7")
    ]
    assert len(rows) == len(set(rows)) == 40
    assert rows == sorted(rows, key=int)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("DisplayName = 'cool cars'", ["Cool Cars"]),
        (r"DisplayName = 'O\'Brien Landscaping'", ["O'Brien Landscaping"]),
        ("DisplayName LIKE 'co%'", ["Cool Cars"]),
        ("DisplayName like '%yoga'", ["Zenith Yoga"]),
        ("DisplayName LIKE '%o_l%'", []),
        ("DisplayName IN ('Cool Cars', 'Mark Cho')", ["Cool Cars", "Mark Cho"]),
        ("DisplayName > 'Weiskopf' AND Active = true", ["Weiskopf Consulting", "Zenith Yoga"]),
        ("PrimaryEmailAddr = 'accounts@coolcars.test'", []),
        ("Balance > '0'", []),
        ("DisplayName = ''", []),
    ],
)
def test_conditions(client: Client, where: str, found: list[str]) -> None:
    assert names(client, f"SELECT * FROM Customer WHERE {where} ORDERBY DisplayName") == found


def test_order_by_in_one_word_or_two(client: Client) -> None:
    down = names(client, "select * from Customer order by DisplayName desc maxresults 3")
    assert down == ["Zenith Yoga", "Weiskopf Consulting", "Wedding Planning by Whitney"]
    up = names(client, "select * from Customer ORDERBY DisplayName ASC MAXRESULTS 2")
    assert up == ["Amy's Bird Sanctuary", "Bluebird Bakery"]


def test_figures_are_compared_as_figures(client: Client) -> None:
    client.invoice(client.sale("9.00"))
    client.invoice(client.sale("100.00"))
    found = client.query("select * from Invoice where TotalAmt > '10' and Balance >= '100.00'")
    assert [row["TotalAmt"] for row in found] == [Decimal("100.00")]
    assert client.query("select count(*) from Invoice where TotalAmt < '99.5'") == 1


def test_refs_and_dates_are_compared(client: Client) -> None:
    invoice = client.invoice(TxnDate="2026-11-14", DocNumber="1042")
    where = f"CustomerRef = '{invoice['CustomerRef']['value']}' and TxnDate = '2026-11-14' and DocNumber = '1042'"
    assert client.query(f"select * from Invoice where {where}") == [invoice]
    assert client.query(f"select * from Invoice where {where} and TxnDate < '2026-11-14'") == []


def test_what_changed_since_is_found_by_time_in_any_zone(books: Running, client: Client) -> None:
    books.control("clock", {"advance_seconds": 1200})
    since = dt.datetime.fromisoformat(read(client.call("GET", "companyinfo/1"))["time"]) - dt.timedelta(minutes=10)
    client.write("Customer", {"DisplayName": "Late"})
    for zone in (dt.UTC, dt.timezone(dt.timedelta(hours=-8)), dt.timezone(dt.timedelta(hours=9))):
        moment = since.astimezone(zone).isoformat(timespec="seconds")
        assert names(client, f"select * from Customer where MetaData.LastUpdatedTime >= '{moment}'") == ["Late"]


def test_inactive_entries_are_left_out_unless_asked_for(books: Running, client: Client) -> None:
    wanted = client.named("Customer", "Cool Cars")
    books.control(f"edit/{REALM}/customer/{wanted}", {"Active": False})
    assert names(client, "select * from Customer where DisplayName = 'Cool Cars'") == []
    assert client.query("select count(*) from Customer") == 29
    assert client.query("select count(*) from Customer where Active IN (true, false)") == 30
    assert names(client, "select * from Customer where Active = false") == ["Cool Cars (deleted)"]
    assert client.entry("Customer", wanted)["Active"] is False


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "4000"),
        ("select", "4000"),
        ("delete from Customer", "4000"),
        ("select * from Nothing", "4001"),
        ("select * from PurchaseOrder where VendorRef = '1'", "4001"),
        ("select * from Invoice orderby PrivateNote", "4001"),
        ("select DisplayName from Customer", "4000"),
        ("select * from Customer where Id = '1' or Id = '2'", "4000"),
        ("select * from Customer where DisplayName != 'x'", "4000"),
        ("select * from Customer where DisplayName = x", "4000"),
        ("select * from Customer where DisplayName = 'O'Brien'", "4000"),
        ("select * from Customer where DisplayName = 'x", "4000"),
        ("select * from Customer join Invoice", "4000"),
        ("select * from Customer group by DisplayName", "4000"),
        ("select * from Customer startposition 0", "4001"),
        ("select * from Customer maxresults 0", "4001"),
        ("select * from Customer where Id > '1'", "4001"),
        ("select * from Customer where Id like '1%'", "4001"),
    ],
)
def test_what_the_language_does_not_know_is_refused(client: Client, text: str, code: str) -> None:
    assert client.query(text) == code


def test_an_empty_answer_has_no_list(client: Client) -> None:
    answer = read(client.call("GET", "query", query="select * from Invoice"))
    assert answer["QueryResponse"] == {}
    assert set(answer) == {"QueryResponse", "time"}


def test_items_are_asked_for_with_their_sku(client: Client) -> None:
    (row,) = client.query("SELECT *, Sku FROM Item WHERE Name = 'T2040'")
    assert row["Sku"] == "T2040"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but the service's own refusals comes out of the reader."""
    with contextlib.suppress(Refusal):
        query.Parser(f"select * from Customer where {text}").query()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(40))
@given(
    name=st.text(
        st.characters(exclude_characters=":\t\n\r", codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=40
    )
)
def test_a_name_of_any_characters_is_found_again(client: Client, name: str) -> None:
    quoted = name.strip().replace("\\", "\\\\").replace("'", "\\'")
    if not quoted or client.query(f"select count(*) from Customer where DisplayName = '{quoted}'") == 1:
        return
    customer = client.write("Customer", {"DisplayName": name})
    assert client.query(f"select * from Customer where DisplayName = '{quoted}'") == [customer]
