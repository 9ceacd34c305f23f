"""Transactions: the documents as the books know them, including those entered by others."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from hub.plugin.books import Record, RecordKind, Ref


class TransactionKind(enum.StrEnum):
    """The transactions of customers that the hub keeps in view. Those that we post have the names of our documents."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_MEMO = "credit_memo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction of a customer, as `fetch` returns it. Amounts are in `currency`, which is empty for the home one.

    `balance` is the open amount, never negative: of an invoice what the customer owes, of a payment or a credit memo
    what is not applied to an invoice yet. `invoices` are the ids of the invoices that it is applied to. A voided
    transaction has a total of zero.
    """

    kind: TransactionKind
    id: str
    number: str
    date: dt.date
    customer: Ref
    total: Decimal
    balance: Decimal
    due: dt.date | None = None
    currency: str = ""
    invoices: tuple[str, ...] = ()
    voided: bool = False
    version: str = ""


Listed: TypeAlias = RecordKind | TransactionKind
"""The kind of entries that are fetched page by page: a list of the books, or the history of one kind of transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stretch of a list, or of the history. `cursor` is handed to the next `fetch`; `more` asks for that at once.

    `deleted` are the ids of what is not in the books any more, `merged` what has become part of another entry: its id
    and that of the one that remains. `total` is how many there are in all, where the ledger tells, for a progress bar.
    `is_snapshot` says that these `records` are all of the list, by themselves: what is not among them is deleted.
    """

    records: tuple[Record, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    deleted: tuple[str, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()
    cursor: str
    more: bool = False
    total: int | None = None
    is_snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A webhook's news that an entry has changed in some books. `fetch` then returns its current state.

    `id` is the entry's, and `at` is when it changed by the ledger's clock, where the ledger tells: a change that is
    older than our copy, such as our own write, is ignored. `merged` are pairs of ids: of the entry that was merged, and
    of the one that remains.
    """

    books_id: str
    kind: Listed
    id: str = ""
    at: dt.datetime | None = None
    merged: tuple[tuple[str, str], ...] = ()
