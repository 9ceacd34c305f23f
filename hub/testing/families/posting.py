"""Posting: every kind of document in every scenario, refusals, and a ledger that asks to come again later."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.database import session
from hub.models import Delivery, RecordRow
from hub.plugin import RecordKind
from hub.queue import commit
from hub.serialization import problems_of
from hub.states import DeliveryState, InstallationState, StopReason
from hub.testing.families.arriving import arrives, has_arrived, send
from hub.testing.families.base import Family
from hub.testing.office import Office
from hub.testing.orders import SCENARIOS, Sent


class Posts(Family):
    """Tests that the ledger has what was sent, to the cent."""

    @pytest.mark.parametrize("scenario", SCENARIOS)
    def test_it_arrives_as_it_was_sent(self, office: Office, scenario: str) -> None:
        sent = SCENARIOS[scenario](office.book())
        if sent.tax == "code" and not office.integration.capabilities.tax_by_code:
            pytest.skip("These books take no tax code for a whole document.")
        arrives(office, sent)

    def test_a_plain_order_needs_nothing_but_to_be_sent(self, office: Office) -> None:
        sent = SCENARIOS["plain"](office.book())
        office.send(sent)
        office.run()
        has_arrived(office, sent)

    def test_a_second_order_of_a_customer_creates_nobody(self, office: Office) -> None:
        book = office.book()
        first = book.order()
        arrives(office, first)
        second = book.order(*first.lines, company=first.company)
        arrives(office, second)
        assert [one.title for one in office.deliveries(second) if one.kind in set(RecordKind)] == []

    def test_many_orders_at_once_arrive_each_by_itself(self, office: Office) -> None:
        book = office.book()
        arrives(office, *(book.order() for _ in range(5)))


class Refuses(Family):
    """Tests that a refusal reaches the user as a problem, and stops nothing else."""

    def test_a_document_for_somebody_who_is_not_there_stops_alone(self, office: Office) -> None:
        book = office.book()
        ghost = _ghost(office)
        before = {one.id for one in office.ledger.documents()}
        office.send(Sent(order=book.order()), customer=ghost)
        other = book.order()
        send(office, other)
        office.run()
        stopped = list(session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)))
        assert stopped, "The ledger was sent a document for a customer who does not exist, and nothing was refused."
        for delivery in stopped:
            assert delivery.reason is StopReason.REJECTED, f"A refusal is `Rejected`. {office.story()}"
            for problem in problems_of(delivery.problems):
                assert problem.what.strip(), "A problem says what is wrong."
                assert not problem.what.lstrip().startswith(("{", "<", "[")), "A problem is a sentence, not a payload."
        assert {one.party for one in office.ledger.documents() if one.id not in before}.isdisjoint({ghost})
        left = [one.title for one in office.deliveries(other) if one.state is not DeliveryState.POSTED]
        assert not left, f"What was sent beside a refused document has not arrived. {office.story()}"
        assert office.installation.state is InstallationState.CONNECTED

    def test_what_was_refused_can_be_sent_again(self, office: Office) -> None:
        book = office.book()
        order = book.order()
        office.send(Sent(order=order), customer=_ghost(office))
        office.run()
        creates = RecordKind.CUSTOMER in office.integration.capabilities.creates
        office.send(Sent(order=order), customer="new" if creates else _real(office))
        office.run()
        has_arrived(office, order)


class Waits(Family):
    """Tests that a request that the ledger cannot handle now is sent later, once."""

    def test_a_ledger_that_is_busy_is_asked_again(self, office: Office) -> None:
        order = office.book().order()
        send(office, order)
        office.ledger.turn_away()
        office.go()
        states = {one.state for one in office.deliveries(order)}
        assert DeliveryState.STOPPED not in states, f"A busy ledger is `Unavailable`. {office.story()}"
        assert not office.new_documents(), f"A busy ledger is `Unavailable`. It was asked again. {office.story()}"
        office.run()
        has_arrived(office, order)
        assert office.installation.trouble == "", "It goes well again, and still there is said to be trouble."

    def test_an_admin_reads_why_nothing_moves(self, office: Office) -> None:
        send(office, office.book().order())
        office.ledger.turn_away()
        office.go()
        assert office.installation.trouble.strip(), "`Unavailable` says why, in words."


def _ghost(office: Office) -> str:
    """Return the id of a customer whom the hub knows, and who is not in the ledger (any more)."""
    rows = office.records(RecordKind.CUSTOMER)
    known = {row.record_id for row in rows}
    pattern = rows[0].record_id if rows else "1"
    ghost = next(found for found in _like(pattern) if found not in known)
    session().add(RecordRow(
        installation_id=office.installation.id, kind=RecordKind.CUSTOMER, record_id=ghost, name="Ghost",
        name_key="ghost",
    ))  # fmt: skip
    commit()
    return ghost


def _like(pattern: str) -> list[str]:
    """Return ids of the same form as another one."""
    digits = [place for place, sign in enumerate(pattern) if sign.isdigit()]
    found = [
        pattern[:place] + str((int(pattern[place]) + step) % 10) + pattern[place + 1 :]
        for place in digits
        for step in range(1, 10)
    ]
    return [*found, f"{pattern}9999"]


def _real(office: Office) -> str:
    return next(row.record_id for row in office.records(RecordKind.CUSTOMER) if row.name != "Ghost")
