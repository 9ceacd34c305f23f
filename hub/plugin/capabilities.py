"""The declarations of an integration, as data that the hub renders."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.plugin.books import AccountKind, RecordKind
from hub.plugin.sentences import say
from hub.plugin.transactions import TransactionKind

if TYPE_CHECKING:
    from hub.plugin.handlers import Handler


class FieldKind(enum.StrEnum):
    CHOICE = "choice"
    SWITCH = "switch"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An option of an installation, rendered on its Details tab. The value is a string; a switch is "yes" or ""."""

    key: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    help: str = ""

    def value_in(self, options: Mapping[str, str]) -> str:
        """Return the value among the options of an installation, or the default if it is not there or empty. A switch
        that is off is empty."""
        value = options.get(self.key, self.default)
        return value if value or self.kind is FieldKind.SWITCH else self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingField:
    """A dropdown of the Accounts tab: which record of the books fills the role `key`.

    `accepts` are the kinds of account that the books take here (empty: any, or the record is no account). An entry is
    suggested whose `Record.detail` is among `prefers`, else one in whose name stands one of the words `named` (small
    letters); in other lists than that of accounts only one that is the only one of its `prefers`. An account in whose
    name stands one of the words `avoids` is never suggested. `needed_for` are the documents that cannot be sent without
    it. The roles that the hub itself puts on documents are the constants below.
    """

    key: str
    label: str
    kind: RecordKind = RecordKind.ACCOUNT
    accepts: tuple[AccountKind, ...] = ()
    prefers: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    needed_for: frozenset[str] = frozenset()
    help: str = ""


ASK, SUFFIX = "ask", "suffix"

TAKEN_NAMES = Field(
    key="taken_names",
    label=say("When the name of a new customer, vendor or product is taken"),
    kind=FieldKind.CHOICE,
    choices=((ASK, say("Ask me")), (SUFFIX, say("Add a suffix, such as (C) for a customer"))),
    default=ASK,
    help=say("In QuickBooks customers, vendors and employees share one list of names."),
)
"""An option that the hub itself acts on, where a plugin declares it: the hub knows the names in the lists."""


WITH_INVOICE, AT_ONCE = "with_invoice", "at_once"

DEPOSITS = Field(
    key="deposits",
    label=say("Payments that come before the invoice"),
    kind=FieldKind.CHOICE,
    choices=(
        (WITH_INVOICE, say("Are sent with the invoice")), (AT_ONCE, say("Can be sent at once, as a deposit")),
    ),
    default=WITH_INVOICE,
    help=say("A deposit stands to the customer's credit, and is applied to the invoice when that is sent."),
)
"""An option that the hub itself acts on, where a plugin declares it and names payments in `Capabilities.revises`."""


def books_tax_option(product: str) -> Field:
    """Return an option for books that add sales tax by themselves; where it is off, a sale without tax (`is_taxed`) is
    sent with lines that are not taxable. `product` is the ledger's name: "QuickBooks"."""
    return Field(
        key="books_tax", kind=FieldKind.SWITCH,
        label=say("Let %(product)s add sales tax to orders that come without it", product=product),
        help=say(
            "Off: an order without sales tax is invoiced without sales tax. On: its taxable lines are marked taxable, "
            "%(product)s works the tax out, and the invoice may be higher than the order.",
            product=product,
        ),
    )  # fmt: skip


class Role(enum.StrEnum):
    """The roles whose mapping the hub resolves into the refs of a document."""

    RECEIVABLE = "accounts_receivable"
    INCOME = "income_account"
    COST = "cost_of_goods_sold"
    PAYABLE = "accounts_payable"
    DISCOUNT = "discount_account"
    DEPOSIT = "deposit_account"
    SALES_TAX_ITEM = "sales_tax_item"
    TERMS = "terms"
    CLASS = "tracking_class"
    LOCATION = "location"


_ROLE_KINDS: Mapping[str, RecordKind] = {
    Role.SALES_TAX_ITEM: RecordKind.ITEM, Role.TERMS: RecordKind.TERM, Role.CLASS: RecordKind.CLASS,
    Role.LOCATION: RecordKind.LOCATION,
}  # fmt: skip


def record_kind_of(role: str) -> RecordKind:
    """Return what fills a role: most often an account. A role may name the vendor that it is for."""
    return _ROLE_KINDS.get(role.partition("/")[0], RecordKind.ACCOUNT)


STANDARD_MAPPINGS: Mapping[Role, MappingField] = {Role(one.key): one for one in (
    MappingField(
        key=Role.RECEIVABLE, label=say("Accounts receivable"), accepts=(AccountKind.ACCOUNTS_RECEIVABLE,),
        help=say("Where invoices are owed."),
    ),
    MappingField(
        key=Role.INCOME, label=say("Income"), accepts=(AccountKind.INCOME,),
        help=say(
            "Where sales of new products are booked. A product that is in your books already keeps its own account.",
        ),
    ),
    MappingField(
        key=Role.COST, label=say("Cost of goods sold"),
        accepts=(AccountKind.COST_OF_GOODS_SOLD, AccountKind.EXPENSE),
        help=say(
            "Where purchases of new products are booked. Without it, new products can be sold but not bought.",
        ),
    ),
    MappingField(
        key=Role.DISCOUNT, label=say("Discounts"), accepts=(AccountKind.INCOME,),
        help=say("Where discounts are booked."),
    ),
    MappingField(
        key=Role.DEPOSIT, label=say("Deposit payments to"),
        accepts=(AccountKind.BANK, AccountKind.OTHER_CURRENT_ASSET), help=say("Where received money goes."),
    ),
    MappingField(
        key=Role.PAYABLE, label=say("Accounts payable"), accepts=(AccountKind.ACCOUNTS_PAYABLE,),
        help=say("Where what you owe your vendors is booked."),
    ),
    MappingField(
        key=Role.TERMS, label=say("Terms"), kind=RecordKind.TERM,
        help=say("For invoices whose order names no known terms."),
    ),
    MappingField(
        key=Role.CLASS, label=say("Class"), kind=RecordKind.CLASS,
        help=say("For documents whose order names no known class."),
    ),
    MappingField(
        key=Role.LOCATION, label=say("Location"), kind=RecordKind.LOCATION,
        help=say("For documents whose order names no known location."),
    ),
    MappingField(
        key=Role.SALES_TAX_ITEM, label=say("Sales-tax item"), kind=RecordKind.ITEM,
        help=say(
            "The item that stands for sales tax where the tax of an order is sent as a line of its own. It should "
            "post to the account of the sales tax that you owe.",
        ),
    ),
)}  # fmt: skip
"""The dropdown of each role. A plugin declares those that it uses, as they are or changed:
`replace(STANDARD_MAPPINGS[Role.INCOME], prefers=("Income",))`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting that the operator configures once for all installations, as `HUB_<INTEGRATION KEY>_<NAME>`.

    A setting without a default is required; the integration cannot be installed before it is set.
    """

    name: str
    default: str | None = None
    help: str = ""


class CostUnit(enum.StrEnum):
    """The part of a `RequestCost` that a limit counts."""

    CALLS = "calls"
    BATCHES = "batches"
    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The ledger takes at most `most` of what is `counted` for one company's books within any `seconds` in a row.

    With `of_app` it counts the books of all installations together. Where `most` depends on what the operator has
    bought, `setting` names it: another figure may be set as `HUB_<INTEGRATION KEY>_<SETTING>`, 0 for no limit.
    """

    most: int
    seconds: int
    counted: CostUnit = CostUnit.CALLS
    of_app: bool = False
    setting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The capabilities and limits of a ledger.

    `documents` are the kinds that can be posted, `revises` those that can be changed and `voids` those that can be
    voided when their order is cancelled: these follow from the integration's handlers, and a plugin names in `revises`
    only the kinds of record that it can change. With `bill_before_order` the change of a bill goes before that of its
    purchase order, whose lines the bill uses. `lists` and then `history` can be fetched, in this order; `creates` are
    the kinds of record that can be created. `requests_per_batch` is the number of requests in a batch, 1 for a ledger
    without batches; `bytes_per_batch` is their approximate size together, 0 for no limit. `tax_by_code` offers the
    books' tax codes in the dialog. `reference` is the key in a response's payload of the ledger's own reference, which
    its support asks for.

    `limits` are the rate limits of the ledger; the hub keeps them, for all workers together, so that a plugin need not.
    `idempotency_window` is how long the ledger certainly remembers the idempotency key of a batch: somewhat less than
    it promises, None for ever. After that the hub calls `Integration.recover` before it repeats a write.

    `reads_a_month` is the limit of reads in a calendar month, over the books of all installations; 0 if reading costs
    nothing. The operator may set another one as `HUB_<INTEGRATION KEY>_READS_A_MONTH`. The kinds of record in
    `shared_names` share one list of names. With `item_paths` an item's name is its path ("Tools:A7102"), and an order
    may name it by the last part of that, or by its number (`Record.number`), if only one item fits.
    """

    documents: frozenset[str] = frozenset()
    lists: tuple[RecordKind, ...]
    history: tuple[TransactionKind, ...] = ()
    creates: frozenset[RecordKind] = frozenset()
    shared_names: frozenset[RecordKind] = frozenset()
    revises: frozenset[str] = frozenset()
    voids: frozenset[str] = frozenset()
    bill_before_order: bool = False
    requests_per_batch: int = 1
    bytes_per_batch: int = 0
    tax_by_code: bool = False
    reference: str = ""
    limits: tuple[Limit, ...] = ()
    idempotency_window: dt.timedelta | None = None
    reads_a_month: int = 0
    item_paths: bool = False

    def with_handlers(self, handlers: Sequence[Handler[Any]]) -> Capabilities:
        """Return the capabilities with what follows from an integration's handlers, if it has any."""
        if not handlers:
            return self
        updates = {one.kind for one in handlers if one.update is not None}
        return replace(
            self, documents=frozenset(one.kind for one in handlers),
            revises=frozenset(updates | (self.revises & set(RecordKind))),
            voids=frozenset(one.kind for one in handlers if one.void is not None),
        )  # fmt: skip
