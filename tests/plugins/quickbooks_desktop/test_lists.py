"""The lists of QuickBooks Desktop: short ones whole, tax groups among the sales taxes, no groups among products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.plugin import FixKind, NewCustomer, Page, RecordKind, Rejected, Revision
from sandbox.desktop.company import CompanyFile
from tests.support.desktop_conversations import QUICKBOOKS, Transport
from tests.support.desktop_documents import BOOKS, OPTIONS, KnownRecords


@pytest.fixture
def transport(tmp_path: Path) -> Iterator[Transport]:
    company = CompanyFile(tmp_path / "company")
    yield Transport(company)
    company.close()


def fetch(transport: Transport, kind: RecordKind, since: str = "") -> Page:
    return transport.one(QUICKBOOKS.fetch(kind, since))


@pytest.mark.parametrize("kind", [RecordKind.CLASS, RecordKind.TERM, RecordKind.TAX_CODE, RecordKind.ACCOUNT])
def test_short_lists_are_read_whole_each_time(transport: Transport, kind: RecordKind) -> None:
    """What was deleted of them is told by no query that is asked; the next pass does not have it."""
    first = fetch(transport, kind)
    again = fetch(transport, kind, first.cursor)
    assert first.records
    assert (first.is_snapshot, again.is_snapshot, again.records) == (True, True, first.records)


def test_a_sales_tax_group_is_offered_where_sales_tax_items_are(transport: Transport) -> None:
    """Most companies use sales-tax groups (Intuit, Method)."""
    names = {one.name for one in fetch(transport, RecordKind.TAX_CODE).records}
    assert {"No Tax", "State Tax", "Lincoln Sales Tax"} <= names


def test_groups_of_items_are_no_products(transport: Transport) -> None:
    names = {one.name for one in fetch(transport, RecordKind.ITEM).records}
    assert "Gift Basket" not in names
    assert "Lincoln Sales Tax" not in names
    assert "Sales Tax (as charged)" in names


def test_a_new_name_that_another_customer_has_leads_to_another_name(transport: Transport) -> None:
    """CoreBridge, WDCi: 3170 “Cannot merge list elements” for a CustomerMod, and not 3100."""
    known = KnownRecords(transport)
    known.new(NewCustomer(name="Other Company"))
    made = known.new(NewCustomer(name="ABC Company"))
    (row,) = (one for one in transport.company.rows("Customer") if one.id == made.id)
    revises = Revision(id=made.id, version=row.fields["EditSequence"])
    with pytest.raises(Rejected) as refused:
        transport.one(QUICKBOOKS.create(NewCustomer(name="Other Company", revises=revises), OPTIONS, BOOKS))
    (problem,) = refused.value.problems
    assert [fix.kind for fix in problem.fixes] == [FixKind.NAME]


def test_a_sales_tax_item_of_nothing_is_of_another_kind_than_those_that_tax(transport: Transport) -> None:
    """It must not be preselected for the order's tax."""
    details = {one.name: one.detail for one in fetch(transport, RecordKind.ITEM).records}
    assert details["State Tax"] == "SalesTax"
    assert details["No Tax"] != "SalesTax"
