"""The history of the books: open and overdue amounts, and the current state of the documents that we posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, or_, select, update

from hub.database import now, session
from hub.models import Delivery, TransactionRow
from hub.plugin import CreditMemo, Document, Invoice, Payment, Posting, Subject, Transaction, TransactionKind

AGES = (30, 60, 90)
"""Up to how many days overdue an amount is in each part of the aging bar; the last part is what is older still."""

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's account in one of the books, in their currency.

    `open` is the unpaid amount of all invoices. `aging` splits it: not due yet, then by days overdue (see `AGES`).
    `credit` is what the customer has paid or been credited beyond the invoices, and `balance` is `open` minus `credit`.
    """

    transactions: Sequence[TransactionRow]
    today: dt.date
    open: Decimal
    credit: Decimal
    aging: Sequence[Decimal]

    @property
    def balance(self) -> Decimal:
        return self.open - self.credit

    @property
    def overdue(self) -> Decimal:
        return sum(self.aging[1:], ZERO)

    def of(self, kind: TransactionKind) -> list[TransactionRow]:
        return [row for row in self.transactions if row.kind is kind]


@dataclass(frozen=True, slots=True)
class Posted:
    """A document with its posting."""

    document: Document
    posting: Posting


def store_transactions(installation_id: int, kind: TransactionKind, found: Sequence[Transaction]) -> None:
    """Insert or update transactions; one query and one statement, however many there are."""
    known = {row.transaction_id: row for row in _find_rows(installation_id, kind, [one.id for one in found])}
    for one in found:
        known[one.id] = _store_row(installation_id, known.get(one.id), one)


def _store_row(installation_id: int, row: TransactionRow | None, found: Transaction) -> TransactionRow:
    if row is None:
        row = TransactionRow(installation_id=installation_id, kind=found.kind, transaction_id=found.id)
        session().add(row)
    row.copy_from(found)
    return row


def mark_transactions_deleted(installation_id: int, kind: TransactionKind, ids: Sequence[str]) -> None:
    """Mark transactions as deleted in the books, with a balance of zero."""
    session().execute(
        update(TransactionRow)
        .where(
            TransactionRow.installation_id == installation_id,
            TransactionRow.kind == kind,
            TransactionRow.transaction_id.in_(ids),
        )
        .values(deleted=True, balance=ZERO, seen_at=now())
    )


def record_postings(installation_id: int, entered: Sequence[Posted]) -> bool:
    """Store the documents that we have just posted, from the answers of the ledger, so that they need not be fetched.

    Return True if an invoice with payments was voided: then only the ledger knows what became of the payments, and the
    history must be fetched. Three queries, however many documents.
    """
    known, freed = _Known(installation_id, entered), False
    for one in entered:
        freed |= known.store(one.document, one.posting)
    return freed


class _Known:
    """The stored transactions that some postings concern, kept up to date while the postings are stored."""

    def __init__(self, installation_id: int, entered: Sequence[Posted]) -> None:
        ids: dict[TransactionKind, set[str]] = {}
        for one in entered:
            document = one.document
            if isinstance(document, Invoice | CreditMemo | Payment):
                ids.setdefault(TransactionKind(document.kind), set()).add(one.posting.id)
            if isinstance(document, Payment) and document.invoice is not None:
                ids.setdefault(TransactionKind.INVOICE, set()).add(document.invoice.id)
        self.installation_id = installation_id
        self.rows = {
            (kind, row.transaction_id): row
            for kind, some in ids.items() for row in _find_rows(installation_id, kind, sorted(some))
        }  # fmt: skip

    def store(self, document: Document, posting: Posting) -> bool:
        """Store what a document has become in the books. Return True if it was voided with payments on it."""
        if isinstance(document, Invoice | CreditMemo):
            return self._store_sale(document, posting)
        if isinstance(document, Payment):
            self._store_payment(document, posting)
        return False

    def _store_sale(self, document: Invoice | CreditMemo, posting: Posting) -> bool:
        """Store an invoice or credit memo with the balance that follows from what was paid or applied before. Return
        True if it was voided although something was paid on it."""
        kind = TransactionKind(document.kind)
        row = self.rows.get((kind, posting.id))
        settled = row.total - row.balance if row is not None else ZERO
        voided = document.revises is not None and document.revises.voids
        self._become(Transaction(
            kind=kind, id=posting.id, number=posting.number, date=document.date, customer=document.customer,
            due=document.due if isinstance(document, Invoice) else None, total=posting.total,
            balance=ZERO if voided else max(ZERO, posting.total - settled), currency=document.currency,
            version=posting.version, voided=voided,
        ))  # fmt: skip
        return voided and bool(settled)

    def _store_payment(self, document: Payment, posting: Posting) -> None:
        """Store a payment, and lower the balance of its invoice."""
        paid = document.invoice.id if document.invoice is not None else ""
        seen = self.rows.get((TransactionKind.PAYMENT, posting.id))
        invoice = self.rows.get((TransactionKind.INVOICE, paid)) if paid else None
        if invoice is not None and (seen is None or paid not in seen.invoices):
            invoice.balance, invoice.seen_at = max(ZERO, invoice.balance - posting.total), now()
        self._become(Transaction(
            kind=TransactionKind.PAYMENT, id=posting.id, number=posting.number, date=document.date,
            customer=document.customer, total=posting.total, balance=ZERO if paid else posting.total,
            currency=document.currency, invoices=(paid,) if paid else (), version=posting.version,
        ))  # fmt: skip

    def _become(self, found: Transaction) -> None:
        key = found.kind, found.id
        self.rows[key] = _store_row(self.installation_id, self.rows.get(key), found)


def load_customer_account(installation_id: int, customer_id: str, today: dt.date) -> Account:
    """Return the account of a customer, with the newest transactions first."""
    rows = session().scalars(
        select(TransactionRow)
        .where(
            TransactionRow.installation_id == installation_id,
            TransactionRow.customer_id == customer_id,
            TransactionRow.deleted.is_(False),
        )
        .order_by(TransactionRow.date.desc(), TransactionRow.id.desc())
    ).all()
    return _build_account(rows, today)


def load_order_account(installation_id: int, deliveries: Iterable[Delivery], today: dt.date) -> Account:
    """Return the account of an order: its invoices, and the customer's payments and credits that are applied to them,
    including those that were entered directly in the books. Three queries."""
    posted: dict[str, list[str]] = {}
    for delivery in deliveries:
        if delivery.installation_id == installation_id and delivery.posting_id:
            posted.setdefault(delivery.kind, []).append(delivery.posting_id)
    sent = [row for kind in TransactionKind for row in _find_rows(installation_id, kind, posted.get(kind, []))]
    invoices = {row.transaction_id for row in sent if row.kind is TransactionKind.INVOICE}
    others = session().scalars(
        select(TransactionRow).where(
            TransactionRow.installation_id == installation_id,
            TransactionRow.customer_id.in_({row.customer_id for row in sent}),
            TransactionRow.kind != TransactionKind.INVOICE,
        )
    )
    rows = {row.id: row for row in (*sent, *(one for one in others if invoices & set(one.invoices)))}
    there = [row for row in rows.values() if not row.deleted]
    return _build_account(sorted(there, key=lambda row: (row.date, row.id), reverse=True), today)


def find_transactions(deliveries: Iterable[Delivery], installation_id: int | None = None) -> dict[int, TransactionRow]:
    """Return the current transaction of each delivery that has a posting, by the delivery's id. One query per
    installation and kind."""
    posted: dict[tuple[int, str], dict[str, Delivery]] = {}
    for delivery in deliveries:
        if delivery.posting_id and delivery.kind in set(TransactionKind):
            place_id = installation_id or delivery.installation_id
            posted.setdefault((place_id, delivery.kind), {})[delivery.posting_id] = delivery
    found = {}
    for (place_id, kind), by_id in posted.items():
        for row in _find_rows(place_id, TransactionKind(kind), list(by_id)):
            found[by_id[row.transaction_id].id] = row
    return found


def alike(installation_id: int, wanted: Iterable[Subject]) -> Mapping[Subject, Sequence[Transaction]]:
    """Return what the books have that may be one of some documents, by document: of the same customer and kind, with
    its number, or its total and day. One query, none for no documents of customers."""
    sales = [one for one in wanted if isinstance(one, Invoice | CreditMemo | Payment)]
    if not sales:
        return {}
    rows = session().scalars(
        select(TransactionRow)
        .where(
            TransactionRow.installation_id == installation_id,
            TransactionRow.customer_id.in_({one.customer.id for one in sales}),
            TransactionRow.deleted.is_(False), TransactionRow.voided.is_(False),
            or_(
                TransactionRow.number.in_({one.number for one in sales if one.number}),
                and_(TransactionRow.date.in_({one.date for one in sales}),
                     TransactionRow.total.in_({one.total for one in sales})),
            ),
        )
        .order_by(TransactionRow.id)
    ).all()  # fmt: skip
    return {one: tuple(row.transaction for row in rows if _is_alike(row, one)) for one in sales}


def _is_alike(row: TransactionRow, document: Invoice | CreditMemo | Payment) -> bool:
    same = row.number == document.number or (row.total, row.date) == (document.total, document.date)
    return same and (row.kind, row.customer_id) == (document.kind, document.customer.id)


def is_unapplied(delivery: Delivery) -> bool:
    """Return True if nothing of a payment that a delivery posted is applied to an invoice, as far as we know."""
    row = find_transactions([delivery]).get(delivery.id)
    return row is not None and row.is_unapplied


def move_transactions(installation_id: int, merged: dict[str, str]) -> None:
    """Move the transactions of customers that were merged to the customers that remain. `merged` maps old ids to new
    ones."""
    for gone, remains in merged.items():
        session().execute(
            update(TransactionRow)
            .where(TransactionRow.installation_id == installation_id, TransactionRow.customer_id == gone)
            .values(customer_id=remains)
        )


def _build_account(rows: Sequence[TransactionRow], today: dt.date) -> Account:
    owed = [row for row in rows if row.kind is TransactionKind.INVOICE]
    aging = [ZERO] * (len(AGES) + 2)
    for row in owed:
        aging[_aging_index(row, today)] += row.balance
    credit = sum((row.balance for row in rows if row.kind is not TransactionKind.INVOICE), ZERO)
    return Account(transactions=rows, today=today, open=sum(aging, ZERO), credit=credit, aging=aging)


def _aging_index(row: TransactionRow, today: dt.date) -> int:
    days = (today - (row.due or row.date)).days
    return 0 if days <= 0 else 1 + sum(days > limit for limit in AGES)


def _find_rows(installation_id: int, kind: TransactionKind, ids: Sequence[str]) -> Sequence[TransactionRow]:
    return session().scalars(
        select(TransactionRow).where(
            TransactionRow.installation_id == installation_id,
            TransactionRow.kind == kind,
            TransactionRow.transaction_id.in_(ids),
        )
    ).all()
