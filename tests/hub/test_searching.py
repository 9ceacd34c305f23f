"""Entries of the books' lists are found as somebody types, on a list of any length."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask

from hub.books.refresh import store_records
from hub.books.search import search_records
from hub.database import session
from hub.models import Installation
from hub.plugin import AccountKind, Record, RecordKind
from tests.support.pages import count_queries


def customers(installation: Installation, *records: Record) -> None:
    store_records(installation.id, RecordKind.CUSTOMER, records)
    session().commit()


def customer(number: int | str, name: str, **more: str) -> Record:
    return Record(kind=RecordKind.CUSTOMER, id=str(number), name=name, **more)  # type: ignore[arg-type]  # Its texts.


def names(installation: Installation, text: str) -> list[str]:
    return [row.name for row in search_records(installation.id, RecordKind.CUSTOMER, text).rows]


TYPED = {
    "vin": ["Vintage & Sons", "Old Vine"],
    "sons vint": ["Vintage & Sons"],
    "VINTAGE  & s": ["Vintage & Sons"],
    "cafe ole": ["Café Olé"],
    "o'br": ["O'Brien_100%"],
    "100": ["O'Brien_100%"],
    "brien_1": ["O'Brien_100%"],
    "%": [],
    "_": [],
    "ap@vin": ["Vintage & Sons"],
    "+1 (503) 555-0112": ["Old Vine"],
    "5035550112": ["Old Vine"],
    "503 555": ["Old Vine"],
    "דפוס": ["דפוס אור"],
    "הדפוס": ["בית הדפוס"],
    "party 🎈": ["Party 🎈 Time"],
    "sons nobody": [],
}


def test_what_is_typed_finds_names_words_addresses_and_numbers(installation: Installation) -> None:
    customers(
        installation, customer(1, "Vintage & Sons", email="AP@vintage.test"),
        customer(2, "Old Vine", phone="(503) 555-0112 x3"), customer(3, "Café Olé"), customer(4, "O'Brien_100%"),
        customer(5, "בית הדפוס"), customer(6, "דפוס אור"), customer(7, "Party 🎈 Time"),
    )  # fmt: skip
    assert {text: names(installation, text) for text in TYPED} == TYPED


def test_inactive_and_renamed_entries_and_those_of_others_are_not_found(installation: Installation) -> None:
    customers(installation, customer(1, "Old Name"), customer(2, "Gone"))
    gone = Record(kind=RecordKind.CUSTOMER, id="2", name="Gone", active=False)
    customers(installation, customer(1, "New Name"), gone)
    store_records(installation.id, RecordKind.ITEM, [Record(kind=RecordKind.ITEM, id="1", name="Old Item")])
    assert names(installation, "old") == []
    assert names(installation, "gone") == []
    assert names(installation, "new") == ["New Name"]
    assert names(installation, "") == ["New Name"]
    assert search_records(installation.id + 1, RecordKind.CUSTOMER, "new").rows == []


def test_accounts_are_found_by_number_and_only_of_the_kind_that_fits(installation: Installation) -> None:
    store_records(installation.id, RecordKind.ACCOUNT, [
        Record(kind=RecordKind.ACCOUNT, id=number, name=name, number=number, account=kind)
        for number, name, kind in (
            ("4100", "Services", AccountKind.INCOME), ("4050", "Sales of Mugs", AccountKind.INCOME),
            ("4200", "Sales Tax", AccountKind.EXPENSE),
        )
    ])  # fmt: skip

    def found(text: str) -> Sequence[str]:
        rows = search_records(installation.id, RecordKind.ACCOUNT, text, accounts={AccountKind.INCOME}).rows
        return [row.label for row in rows]

    assert found("sales") == ["4000 Sales", "4050 Sales of Mugs"]
    assert found("41") == ["4100 Services"]
    assert found("4050 mugs") == ["4050 Sales of Mugs"]
    assert found("") == ["4000 Sales", "4050 Sales of Mugs", "4100 Services"]


def test_what_is_not_shown_is_counted_as_far_as_it_matters(installation: Installation) -> None:
    customers(installation, *(customer(number, f"Customer {number:04}") for number in range(300)))
    found = search_records(installation.id, RecordKind.CUSTOMER, "customer 02")
    assert [row.name for row in found.rows] == [f"Customer {number:04}" for number in range(200, 220)]
    texts = ("customer 02", "cust", "0299")
    said = [search_records(installation.id, RecordKind.CUSTOMER, text).sentence for text in texts]
    assert [re.findall(r"\d+", sentence) for sentence in said] == [["80"], ["180"], ["1"]]
    assert re.findall(r"\d+", search_records(installation.id, RecordKind.CUSTOMER, "zebra").sentence) == []


def test_the_number_of_queries_does_not_depend_on_the_list_or_the_words(app: Flask, installation: Installation) -> None:
    customers(installation, customer(1, "Customer One"))
    seen = count_queries(app)
    for text in ("customer one", "customer one two three"):
        search_records(installation.id, RecordKind.CUSTOMER, text)
    few = len(seen)
    customers(installation, *(customer(number, f"Customer {number} of the One") for number in range(500)))
    seen.clear()
    for text in ("customer one", "customer one two three"):
        search_records(installation.id, RecordKind.CUSTOMER, text)
    assert len(seen) == few
