"""Items of QuickBooks Desktop have paths: an order that says A7102 means Tools:A7102, if no other item fits.

Source: `ItemNonInventoryRet` in Intuit's schema has a `FullName`, the path, and a `ManufacturerPartNumber`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from hub.integrations import registry
from hub.orders.context import load_context
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.plan import plan
from tests.support.desktop import Office, by_hand, look_again
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.serving import serving

SKU = "A7102"


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)


def enter(office: Office, name: str, *, parent: str = "", number: str = "") -> None:
    within = f"<ParentRef><FullName>{parent}</FullName></ParentRef>" if parent else ""
    part = f"<ManufacturerPartNumber>{number}</ManufacturerPartNumber>" if number else ""
    by_hand(
        office.company,
        f"<ItemNonInventoryAddRq><ItemNonInventoryAdd><Name>{name}</Name>{within}{part}<SalesOrPurchase><AccountRef>"
        "<FullName>Sales</FullName></AccountRef></SalesOrPurchase></ItemNonInventoryAdd></ItemNonInventoryAddRq>",
    )


def codes(office: Office) -> set[str]:
    """Return what keeps the next order of that item from being sent."""
    order = replace(order_1042(), id="1043", number="1043", payments=())
    context = load_context(office.installation, [(order, Choices())])
    return {problem.code for problem in plan(order, Choices(), context).blockers}


def test_an_item_is_found_by_the_last_part_of_its_path_or_by_its_number_if_it_is_the_only_one(office: Office) -> None:
    enter(office, "Tools")
    enter(office, "Mug", parent="Tools", number=SKU)
    look_again(office)
    assert codes(office) == set(), "By the manufacturer's part number."
    enter(office, SKU, parent="Tools")
    look_again(office)
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    (invoice,) = office.company.rows("Invoice")
    assert invoice.fields["InvoiceLineRet"][0]["ItemRef"]["FullName"] == f"Tools:{SKU}"
    enter(office, "Gifts")
    enter(office, SKU, parent="Gifts")
    look_again(office)
    assert codes(office) == {"item-ambiguous"}
