"""Reading the books: their lists, what changed in them since, and what the customers owe."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from hub.books.description import known_books
from hub.books.refresh import find_listings
from hub.database import session
from hub.models import TransactionRow
from hub.plugin import RecordKind, TransactionKind
from hub.testing.families.arriving import arrives
from hub.testing.families.base import Family
from hub.testing.ledger import Lost
from hub.testing.office import Office
from hub.testing.orders import Sent


class Fetches(Family):
    """Every list is read to its end, and afterwards what is new in it."""

    def test_every_list_is_read_to_its_end(self, office: Office) -> None:
        can, books = office.integration.capabilities, known_books(office.installation)
        declared = {str(kind) for kind in (*can.lists, *can.history)}
        listings = {one.kind: one for one in find_listings(office.installation.id)}
        assert set(listings) <= declared
        assert not [kind for kind in declared - set(listings) if books.tracks(kind)], "A list is not read at all."
        for kind, listing in listings.items():
            assert not listing.problem, f"The list of {kind} cannot be read: {listing.problem}"
            assert not listing.loading, f"The list of {kind} never ends."

    def test_entries_have_ids_and_names(self, office: Office) -> None:
        for kind in office.integration.capabilities.lists:
            for row in office.records(kind):
                assert row.record_id, f"A {kind} has no id."
                assert row.name, f"The {kind} {row.record_id} has no name."

    def test_accounts_say_what_they_are_for(self, office: Office) -> None:
        if RecordKind.ACCOUNT not in office.integration.capabilities.lists:
            pytest.skip("It has no list of accounts.")
        accounts = office.records(RecordKind.ACCOUNT)
        assert accounts, "The pretend ledger has no account."
        assert all(row.account is not None for row in accounts), "An account has no `AccountKind`."

    def test_what_is_new_is_found_when_a_list_is_read_again(self, office: Office) -> None:
        creates = office.integration.capabilities.creates
        if not creates:
            pytest.skip("It creates nothing.")
        order = office.book().order()
        arrives(office, order)
        created = {(one.kind, one.posting_id) for one in office.deliveries(order) if one.kind in set(RecordKind)}
        before = {kind: {row.record_id: row.seen_at for row in office.records(kind)} for kind in creates}
        office.read_again()
        for kind, key in created:
            after = {row.record_id: row.seen_at for row in office.records(RecordKind(kind))}
            assert after[key] > before[RecordKind(kind)][key], f"The new {kind} {key} is not in the list."

    def test_a_list_is_read_to_its_end_although_the_connection_breaks(self, lobby: Office) -> None:
        lobby.wire.cut(Lost.ANSWER, 2)
        lobby.connect()
        for listing in find_listings(lobby.installation.id):
            assert not listing.problem
            assert not listing.loading

    def test_history_says_what_a_customer_owes(self, office: Office) -> None:
        if TransactionKind.INVOICE not in office.integration.capabilities.history:
            pytest.skip("It has no history of invoices.")
        book = office.book()
        sent = Sent(order=book.paid(book.order(), "5.00"))
        arrives(office, sent)
        session().query(TransactionRow).delete()
        office.read_again()
        rows = session().scalars(select(TransactionRow).where(TransactionRow.kind == TransactionKind.INVOICE))
        totals = {row.transaction_id: (row.total, row.balance) for row in rows}
        invoice = next(one for one in office.deliveries(sent.order) if one.kind == TransactionKind.INVOICE)
        assert invoice.posting_id in totals, "The invoice is not in the history."
        paid = Decimal("5.00") if "payment" in office.integration.capabilities.documents else Decimal(0)
        total, balance = totals[invoice.posting_id]
        assert total == sent.order.total, f"The invoice is over {sent.order.total}; the history says {total}."
        assert balance == total - paid, f"{total - paid} is owed for the invoice; the history says {balance}."
