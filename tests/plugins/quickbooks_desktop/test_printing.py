"""What QuickBooks prints: the letters of Windows-1252 (qbwc/qbxml issue 8), and five lines of an address.

Sources: Zed Axis a143, Crik-IT.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.plugin import Address, FixKind, NewCustomer, NewItem, NewRecord, NewVendor, Ref
from quickbooks_desktop.characters import clean_xml, write_plain
from sandbox.desktop.company import CompanyFile
from tests.support.desktop_conversations import QUICKBOOKS, Transport
from tests.support.desktop_documents import BOOKS, OPTIONS

STREET = Address(lines=("1 Main St", "Suite 400"), city="Oakland", region="CA", postal_code="94601", country="USA")


@pytest.fixture
def transport(tmp_path: Path) -> Iterator[Transport]:
    company = CompanyFile(tmp_path / "company")
    yield Transport(company)
    company.close()


def codes(record: NewRecord) -> list[str]:
    return [one.code for one in QUICKBOOKS.validate(record, OPTIONS, BOOKS)]


@pytest.mark.parametrize("name", ["李明礼品", "חנות המתנות", "Gifts 🎁", "Подарки"])
def test_a_name_in_letters_that_quickbooks_loses_is_told_with_a_way_out(name: str) -> None:
    for record in (NewCustomer(name=name), NewVendor(name=name), NewItem(name=name, income=Ref(id="1"))):
        (problem,) = QUICKBOOKS.validate(record, OPTIONS, BOOKS)
        assert problem.code == "letters-not-kept"
        (fix,) = problem.fixes
        assert (fix.kind, fix.editable) == (FixKind.NAME, True)
        assert "?" not in fix.value


def test_two_companies_with_such_names_never_become_one(transport: Transport) -> None:
    for name in ("李明礼品", "王芳商店"):
        assert codes(NewCustomer(name=name)) == ["letters-not-kept"]
    assert codes(replace(NewCustomer(name="Li Ming Gifts"), email="李@x.example")) == ["letters-not-kept"]
    assert codes(NewItem(name="Mug", description="杯", income=Ref(id="1"))) == ["letters-not-kept"]


@pytest.mark.parametrize(("written", "kept"), [
    ("Dvořák Łódź", "Dvorák Lódz"), ("Café “Zoë” – 5 €", "Café “Zoë” – 5 €"), ("5\u202f×\u202f3\u2033", '5 × 3"'),
    ("Zero\u200bwidth", "Zerowidth"),
])  # fmt: skip
def test_letters_that_have_a_like_are_written_so(transport: Transport, written: str, kept: str) -> None:
    assert write_plain(written) == kept
    made = transport.one(QUICKBOOKS.create(NewCustomer(name=written), OPTIONS, BOOKS))
    assert made.name == kept, "The hub tells the person when it is another name than the one that was sent."


def test_the_addressee_stands_first_and_five_lines_are_printed(transport: Transport) -> None:
    transport.one(QUICKBOOKS.create(NewCustomer(name="ABC Company", billing=STREET), OPTIONS, BOOKS))
    (row,) = transport.company.rows("Customer")
    assert row.fields["BillAddress"] == {
        "Addr1": "ABC Company", "Addr2": "1 Main St", "Addr3": "Suite 400", "City": "Oakland", "State": "CA",
        "PostalCode": "94601",
    }  # fmt: skip


@pytest.mark.parametrize(("place", "found"), [
    (STREET, []),
    (replace(STREET, lines=("1 Main St", "Suite 400", "Door 3")), []),
    (replace(STREET, lines=("1 Main St", "Suite 400", "Door 3", "Ring twice")), []),
    (replace(STREET, lines=("x" * 41, "y" * 41, "z" * 41, "w" * 41)), ["address-too-long"]),
    (replace(STREET, lines=("x" * 41, "y" * 41, "z" * 41), country="Canada"), ["address-too-long"]),
    (replace(STREET, city="L" * 32), ["too-long"]),
    (replace(STREET, region="L" * 22), ["too-long"]),
    (replace(STREET, postal_code="1" * 14), ["too-long"]),
])  # fmt: skip
def test_an_address_that_does_not_fit_is_told_before_it_is_sent(place: Address, found: list[str]) -> None:
    assert codes(NewCustomer(name="ABC Company", billing=place)) == found
    assert codes(NewVendor(name="ABC Company", address=place)) == found


def test_a_long_phone_number_is_told_too() -> None:
    assert len(codes(NewCustomer(name="ABC Company", phone="5" * 22))) == 1


@pytest.mark.parametrize(("raw", "clean"), [
    (b"a&#x19;b\x19c", b"abc"), (b"&#xD83D;&#xDE00;", b"&#128512;"), (b"&#55357;&#56832;", b"&#128512;"),
    (b"it&#146;s", b"it&#8217;s"), (b"it\x92s", "it\u2019s".encode()), (b"&#xD83D;", b""), (b"&#233;", b"&#233;"),
])  # fmt: skip
def test_what_xml_forbids_is_cleaned(raw: bytes, clean: bytes) -> None:
    assert clean_xml(raw) == clean
