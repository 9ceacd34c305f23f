"""The books: who they are, and the entries of their lists."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class RecordKind(enum.StrEnum):
    """The lists of the books that the hub knows."""

    ACCOUNT = "account"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    ITEM = "item"
    TAX_CODE = "tax_code"
    TERM = "term"


class AccountKind(enum.StrEnum):
    """What an account is for, in the trade's terms; the plugin translates the ledger's own kinds into these."""

    ACCOUNTS_RECEIVABLE = "accounts_receivable"
    ACCOUNTS_PAYABLE = "accounts_payable"
    BANK = "bank"
    OTHER_CURRENT_ASSET = "other_current_asset"
    OTHER_CURRENT_LIABILITY = "other_current_liability"
    INCOME = "income"
    COST_OF_GOODS_SOLD = "cost_of_goods_sold"
    EXPENSE = "expense"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A pointer to an entry or a transaction in the books: the ledger's `id`, and the `name` to show.

    The refs of a document that reaches a plugin always have an id. Inside the hub an empty one stands for what has yet
    to be created.
    """

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry of a list in the books, as `fetch` brings it.

    `number` is an account's number or an item's stock-keeping unit; `account` the kind of an account; `detail` the
    ledger's own finer kind, which `MappingField.prefers` may name. An inactive entry is brought too: its name is taken.
    """

    kind: RecordKind
    id: str
    name: str
    number: str = ""
    account: AccountKind | None = None
    detail: str = ""
    email: str = ""
    phone: str = ""
    active: bool = True

    @property
    def ref(self) -> Ref:
        return Ref(id=self.id, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The company file, realm or organisation at the other end. `currency` is its home currency (ISO 4217)."""

    id: str
    name: str
    country: str = ""
    currency: str = ""
