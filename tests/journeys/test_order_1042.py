"""Order 1042 into the sandbox's books, with the real plugin, and every way in which the line can be cut."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import select

from hub.database import session
from hub.models import Delivery, Envelope, Installation, Listing
from hub.services import carrying, sending
from hub.services.documents import Choices
from hub.states import DeliveryState, InstallationState
from sandbox.online import Running
from tests.hub.conftest import ADA, order_1042
from tests.hub.test_carrying import pass_time


def whole_ledger(books: Running) -> dict[str, list[tuple[object, ...]]]:
    """What matters to the accountant, of everything that is in the books beyond what they began with."""
    found = books.books()
    return {
        "customers": [
            (one["DisplayName"], one["Balance"]) for one in found["Customer"] if one["DisplayName"] == "ABC Company"
        ],
        "items": [(one["Name"],) for one in found["Item"] if one["Name"] == "A7102"],
        "invoices": [
            (one["DocNumber"], one["CustomerRef"]["name"], one["TotalAmt"], one["Balance"]) for one in found["Invoice"]
        ],
        "payments": [(one["TotalAmt"], one["UnappliedAmt"], one["CustomerRef"]["name"]) for one in found["Payment"]],
        "others": [(one["Id"],) for kind in ("Bill", "PurchaseOrder", "CreditMemo") for one in found[kind]],
    }  # fmt: skip


EXPECTED = {
    "customers": [("ABC Company", Decimal("118.50"))],
    "items": [("A7102",)],
    "invoices": [("1042", "ABC Company", Decimal("218.50"), Decimal("118.50"))],
    "payments": [(Decimal("100.00"), Decimal("0.00"), "ABC Company")],
    "others": [],
}


def posted() -> bool:
    session().expire_all()
    return {one.state for one in session().scalars(select(Delivery))} == {DeliveryState.POSTED}


def test_installing_reads_the_company_and_its_lists(online: Installation) -> None:
    assert online.state is InstallationState.CONNECTED
    assert (online.books_name, online.books_country, online.books_currency) == ("Sandbox Company_US_1", "US", "USD")
    listings = session().scalars(select(Listing)).all()
    assert {one.kind for one in listings} == {"account", "customer", "vendor", "item", "tax_code", "term"}
    assert all(not one.loading and one.loaded == one.total for one in listings), [
        (one.kind, one.loaded, one.total, one.problem) for one in listings
    ]


def test_order_1042_arrives_with_exactly_its_figures(online: Installation, books: Running) -> None:
    sending.send(online.id, order_1042(), Choices(), ADA)
    carrying.carry(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert not [one.problems for one in session().scalars(select(Delivery)) if one.problems]


@pytest.mark.parametrize(("trip", "kind"), list(product(range(6), ["cut_before", "cut_after"])))
def test_a_line_cut_at_any_trip_loses_nothing_and_doubles_nothing(
    online: Installation, books: Running, trip: int, kind: str
) -> None:
    sending.send(online.id, order_1042(), Choices(), ADA)
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        carrying.carry(online.id)
        pass_time(online)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert session().scalar(select(Envelope.id).where(Envelope.state != "answered")) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_is_waited_out(online: Installation, books: Running, status: int) -> None:
    books.fault("status", "/batch", times=2, status=status, body="<html>Sorry</html>")
    sending.send(online.id, order_1042(), Choices(), ADA)
    carrying.carry(online.id)
    session().expire_all()
    assert online.trouble
    for _ in range(3):
        pass_time(online)
        carrying.carry(online.id)
    assert whole_ledger(books) == EXPECTED
    session().expire_all()
    assert online.trouble == ""


def test_a_token_that_ran_out_is_renewed_on_the_way(online: Installation, books: Running) -> None:
    books.control("clock", {"advance_seconds": 7200})
    sending.send(online.id, order_1042(), Choices(), ADA)
    carrying.carry(online.id)
    assert whole_ledger(books) == EXPECTED


def test_a_grant_that_was_taken_back_waits_for_an_admin_and_then_goes_on(online: Installation, books: Running) -> None:
    from tests.journeys.conftest import consent

    books.control("clock", {"advance_days": 102})
    sending.send(online.id, order_1042(), Choices(), ADA)
    carrying.carry(online.id)
    session().expire_all()
    assert online.state is InstallationState.EXPIRED
    consent(online, books)
    pass_time(online)
    carrying.carry(online.id)
    assert whole_ledger(books) == EXPECTED
