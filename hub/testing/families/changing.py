"""Changing what was posted: what an order that changed has in the books is updated, what a cancelled one has voided."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from hub.host import Order
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Bill, Invoice, PurchaseOrder
from hub.states import DeliveryState
from hub.testing.families.arriving import arrives, has_arrived
from hub.testing.families.base import Family
from hub.testing.host import ACTOR
from hub.testing.ledger import Entered, Lost
from hub.testing.office import Office

_CUTS = [None, *Lost]

PURCHASES = frozenset({Bill.kind, PurchaseOrder.kind})


class Changes(Family):
    """Tests that `Capabilities.revises` and `.voids` are kept; for invoices, wherever the connection breaks."""

    @pytest.mark.parametrize("lost", _CUTS)
    def test_an_order_that_changed_changes_its_invoice(self, office: Office, lost: Lost | None) -> None:
        if Invoice.kind not in office.integration.capabilities.revises:
            pytest.skip("An invoice in these books cannot be changed.")
        order = office.book().order()
        arrives(office, order)
        line = replace(order.lines[0], quantity=2 * order.lines[0].quantity, amount=2 * order.lines[0].amount)
        changed = replace(order, lines=(line, *order.lines[1:]), total=order.total + order.lines[0].amount)
        before, after = _again(office, changed, lost)
        assert before.total == order.total
        assert after.total == changed.total, f"The invoice still comes to {after.total}. {office.story()}"

    def test_what_was_bought_follows_an_order_that_changed(self, office: Office) -> None:
        if PURCHASES - office.integration.capabilities.revises:
            pytest.skip("Purchase orders and bills in these books cannot be changed.")
        book = office.book()
        order = book.order()
        (line,) = order.lines
        order = replace(order, lines=(line, book.line(2, vendor=line.vendor)), total=2 * order.total)
        arrives(office, order)
        more = replace(line, quantity=2 * line.quantity, amount=2 * line.amount)
        changed = replace(order, lines=(more, book.line(3, vendor=line.vendor)), total=order.total + line.amount)
        office.host.orders[order.id] = changed
        updates = tuple(f"{kind}/{line.vendor.id}" for kind in sorted(PURCHASES) if line.vendor)
        send_order(ACTOR, office.installation.id, changed, Choices(documents=(), updates=updates))
        office.run()
        has_arrived(office, changed)

    @pytest.mark.parametrize("lost", _CUTS)
    def test_a_cancelled_order_voids_its_invoice(self, office: Office, lost: Lost | None) -> None:
        if Invoice.kind not in office.integration.capabilities.voids:
            pytest.skip("An invoice in these books cannot be voided.")
        order = office.book().order()
        arrives(office, order)
        before, after = _again(office, replace(order, cancelled=True), lost)
        assert before.total == order.total
        assert after.total == Decimal(0), f"What is voided comes to {after.total}. {office.story()}"
        assert after.number == before.number, "What is voided keeps its number."


def _again(office: Office, order: Order, lost: Lost | None) -> tuple[Entered, Entered]:
    """Send an order once more for its invoice to become what it is now. Gives the invoice before and after."""
    before = {one.id: one for one in office.ledger.documents()}
    office.host.orders[order.id] = order
    choices = Choices(documents=(), updates=(Invoice.kind,))
    live = send_order(ACTOR, office.installation.id, order, choices)
    (invoice,) = (one.posting_id for one in live if one.kind == Invoice.kind)
    if lost is not None:
        office.wire.cut(lost, 1)
    office.run()
    left = [one.title for one in office.deliveries(order) if one.state is not DeliveryState.POSTED]
    assert not left, f"Not everything has arrived. {office.story()}"
    after = {one.id: one for one in office.ledger.documents()}
    assert before.keys() == after.keys(), "What was to be changed was entered a second time, or is gone."
    return before[invoice], after[invoice]
