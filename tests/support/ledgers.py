"""The whole ledger of some books, in the same words whichever product keeps it, and what it must be of some orders."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from tests.support.desktop import Ledger
from tests.support.mugs import order


def expected_ledger(numbers: Collection[int]) -> Ledger:
    """Return what books that were empty hold when each document of these orders of mugs is in them exactly once."""
    sent = [order(number) for number in numbers]
    customers = sorted(one.company.name for one in sent)
    return {
        "customers": sorted({(name,) for name in customers}),
        "items": sorted({(one.lines[0].name,) for one in sent}),
        "vendors": [("Mug Makers",)] if sent else [],
        "invoices": sorted(
            (one.number, one.company.name, (Decimal(230),), Decimal(230), Decimal(130)) for one in sent
        ),
        "payments": [(name, Decimal(100), Decimal(0)) for name in customers],
        "purchase orders": sorted((one.number, Decimal(110), True) for one in sent),
        "bills": sorted((one.number, Decimal(110)) for one in sent),
    }


def online_ledger(books: dict[str, list[dict[str, Any]]]) -> Ledger:
    """Return what matters to the accountant, of everything in the books of a company of the sandbox."""
    return {
        "customers": sorted((row["DisplayName"],) for row in books["Customer"]),
        "items": sorted((row["Name"],) for row in books["Item"]),
        "vendors": sorted((row["DisplayName"],) for row in books["Vendor"]),
        "invoices": sorted(
            (row["DocNumber"], row["CustomerRef"]["name"],
             tuple(line["Amount"] for line in row["Line"] if line["DetailType"] == "SalesItemLineDetail"),
             row["TotalAmt"], row["Balance"])
            for row in books["Invoice"]
        ),
        "payments": sorted(
            (row["CustomerRef"]["name"], row["TotalAmt"], row["UnappliedAmt"]) for row in books["Payment"]
        ),
        "purchase orders": sorted(
            (row["DocNumber"], row["TotalAmt"], row["POStatus"] == "Closed") for row in books["PurchaseOrder"]
        ),
        "bills": sorted((row["DocNumber"], row["TotalAmt"]) for row in books["Bill"]),
    }  # fmt: skip
