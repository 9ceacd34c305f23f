"""Checks that an order has arrived, for all families."""

from __future__ import annotations

from typing import cast

import pytest

from hub.books.description import known_books
from hub.errors import Incomplete
from hub.host import Order
from hub.models import Delivery
from hub.plugin import Document, Sale, document_kinds, kind_of
from hub.serialization import problems_of, subject_of
from hub.states import DeliveryState
from hub.testing.ledger import Entered
from hub.testing.office import Office
from hub.testing.orders import Sent


def arrives(office: Office, *sent: Sent | Order) -> None:
    """Send orders, go on to the end, and look at the whole ledger."""
    send(office, *sent)
    office.run()
    has_arrived(office, *sent)


def send(office: Office, *sent: Sent | Order) -> None:
    """Press Send. What the integration's `validate` says these books do not take is skipped, with its sentence."""
    try:
        office.send(*sent)
    except Incomplete as error:
        pytest.skip(f"Known before anything is sent: {error}")


def has_arrived(office: Office, *sent: Sent | Order) -> None:
    """Assert that every document of the orders is in the ledger exactly once, as it was sent, and nothing else is new
    there."""
    deliveries = office.deliveries(*(one.order if isinstance(one, Sent) else one for one in sent))
    left = [one for one in deliveries if one.state is not DeliveryState.POSTED]
    assert not left, f"Not everything has arrived. {office.story()}"
    posted = {one.posting_id: one for one in deliveries if one.kind in document_kinds()}
    entered = office.new_documents()
    twice = sorted(f"{one.kind} {one.number}" for key, one in entered.items() if key not in posted)
    assert not twice, f"In the ledger is what nobody knows of, or what is there twice: {', '.join(twice)}"
    lost = sorted(one.title for key, one in posted.items() if key not in entered)
    assert not lost, f"The hub was told that these have arrived, and the ledger does not hold them: {', '.join(lost)}"
    for key, delivery in posted.items():
        _is_as_sent(delivery, entered[key], known_books(office.installation).assigns_numbers_to)


def _is_as_sent(delivery: Delivery, entered: Entered, numbers: frozenset[str]) -> None:
    document = cast(Document, subject_of(delivery.kind, delivery.subject))
    title, problems = delivery.title, problems_of(delivery.problems)
    assert entered.kind == delivery.kind, f"{title} is a {entered.kind} in the ledger."
    assert delivery.posting_total == entered.total, f"{title}: the posting says another total than the ledger."
    party = getattr(document, kind_of(delivery.kind).party)
    assert entered.party == party.id, f"{title} stands in the ledger for another party."
    if kind_of(delivery.kind).has_our_number and delivery.kind not in numbers:
        assert entered.number == document.number, f"{title} has the number {entered.number} in the ledger."
    taxed = isinstance(document, Sale) and bool(document.tax.amount)
    if taxed and entered.total != document.total:  # The books work the tax out, and we say so.
        assert problems, f"{title}: the books came to {entered.total}, not {document.total}, and nobody is told."
        return
    assert entered.total == document.total, f"{title}: {document.total} was sent, the ledger came to {entered.total}."
    assert not problems, f"{title}: {problems[0].what} {problems[0].why}"
