"""The context of a plan: all that it rests on beside the order and the choices. `hub.orders.context` loads it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from hub.host import Company, Order
from hub.planning.fixes import about_delivery
from hub.plugin import (
    Books,
    Capabilities,
    FixKind,
    MappingField,
    Posting,
    Problem,
    RecordKind,
    Ref,
    Subject,
    Transaction,
    name_key,
)

Key: TypeAlias = tuple[str, str]
"""What identifies a document or record of ours in some books: its source and kind, as ("order/1042/vendor/7", "bill"),
("company/12", "customer"), ("item/<name key>", "item")."""


def company_key(kind: RecordKind, company: Company) -> Key:
    """Return the key of a company as a customer or vendor."""
    return f"company/{company.id}", kind


def item_key(name: str) -> Key:
    """Return the key of a new item of this name."""
    return f"item/{name_key(name)}", RecordKind.ITEM


class Progress(enum.StrEnum):
    """The progress of a delivery, as far as a plan is concerned."""

    FREE = "free"  # It waits or has stopped, and no write was asked: it can be replaced. Or a person says so first.
    MOVING = "moving"  # It is queued or on its way.
    RESUMABLE = "resumable"  # It has stopped after a write was asked: only the same batch may go again.
    POSTED = "posted"


@dataclass(frozen=True, slots=True, kw_only=True)
class InBooks:
    """The current state of a document according to the history. With `is_unapplied` nothing of a payment is applied.
    `paid` is what is paid of an invoice, or used of a credit memo."""

    total: Decimal
    date: dt.date
    is_gone: bool
    is_unapplied: bool
    paid: Decimal = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """A write that a removed installation of the same books asked for, and that was never answered: the document may be
    in the books. `attempt` names the write, `alike` are the transactions of the books that may be the document. With
    `is_posted` it is in the books of a company of the same name, which may be this one."""

    attempt: str
    alike: Sequence[Transaction] = ()
    is_posted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The one live delivery of a key in these books, also from an earlier installation of the same books.

    `current` is the subject that waits, moves, stopped or was posted; `posted` is the subject as it is in the books.
    `posting` is None until it was posted for the first time; the total of a record is 0. With `voids` it voids or has
    voided its posting. `in_books` is None where the history does not list it. `fixes` are stored with it. `needs` are
    the keys that it waits for, `needed_by` the ids of live deliveries of any order that wait for it.
    """

    id: int
    key: Key
    order_id: str
    title: str
    progress: Progress
    is_stopped: bool
    can_cancel: bool
    voids: bool
    current: Subject
    posted: Subject
    posting: Posting | None = None
    in_books: InBooks | None = None
    fixes: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    needs: tuple[Key, ...] = ()
    needed_by: frozenset[int] = frozenset()
    left_behind: LeftBehind | None = None

    @property
    def kind(self) -> str:
        return self.key[1]

    @property
    def about(self) -> str:
        """The name of the document or record within its order: "invoice", "bill/<vendor>"."""
        return about_delivery(*self.key)

    @property
    def is_posted(self) -> bool:
        return self.progress is Progress.POSTED

    @property
    def is_said_gone(self) -> bool:
        """True if a person said that its posting was deleted in the books."""
        said = self.fixes.get(f"{self.about}:{FixKind.ANEW}", "")
        return self.posting is not None and said == self.posting.id

    @property
    def is_gone(self) -> bool:
        """True if its posting was deleted or voided in the books."""
        gone = self.in_books is not None and self.in_books.is_gone
        return self.posting is not None and (gone or self.is_said_gone or (self.voids and self.is_posted))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """An entry of a list of the books."""

    kind: RecordKind
    ref: Ref
    active: bool


def _no_problems(_: Subject) -> Sequence[Problem]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningContext:
    """The facts on which the plans of some orders for one installation rest.

    `product` is its label, `allowed` are the kinds of document that its settings allow, and `item_source` is the field
    of an order line that names its item. `mapped` are the saved records by role, `suggested` those that are proposed
    where none is saved. `records` are records by kind and id, `active` those by kind and name key. `alike_items`
    are the items that a name may mean that no item has itself, by name key. `names` are all
    records, the inactive ones included, by name key, of the lists that share their names. `links` are the records of
    companies, by kind and company. `existing` are our deliveries to these books; `standing` are the kinds that are in
    the books or on their way, by order, including what an earlier installation had on its way. `validate` is the
    plugin's.
    """

    product: str
    books: Books
    capabilities: Capabilities
    mapping_fields: Sequence[MappingField]
    options: Mapping[str, str]
    allowed: frozenset[str]
    item_source: str
    billable: bool
    mapped: Mapping[str, Ref] = field(default_factory=dict)
    suggested: Mapping[str, Ref] = field(default_factory=dict)
    records: Mapping[tuple[RecordKind, str], KnownRecord] = field(default_factory=dict)
    active: Mapping[tuple[RecordKind, str], KnownRecord] = field(default_factory=dict)
    alike_items: Mapping[str, Sequence[KnownRecord]] = field(default_factory=dict)
    names: Mapping[str, Sequence[KnownRecord]] = field(default_factory=dict)
    links: Mapping[tuple[RecordKind, str], Ref] = field(default_factory=dict)
    unlinked: Mapping[tuple[RecordKind, str], str] = field(default_factory=dict)
    existing: Mapping[Key, Existing] = field(default_factory=dict)
    standing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    validate: Callable[[Subject], Sequence[Problem]] = _no_problems

    def named(self, kind: RecordKind, name: str) -> KnownRecord | None:
        """Return the active entry of that name."""
        return self.active.get((kind, name_key(name)))

    def party_of(self, kind: RecordKind, company: Company) -> str:
        """Return the id of a company's customer or vendor: the linked one, else the one with exactly this name; else
        empty."""
        link, row = self.links.get((kind, company.id)), self.named(kind, company.name)
        if link is not None:
            return link.id
        return row.ref.id if row is not None and row.ref.id != self.unlinked.get((kind, company.id)) else ""

    def former_party(self, kind: RecordKind, company: Company) -> Ref | None:
        """Return who would be used for a company if a person had not unlinked it: whom we entered, or who has its name.
        """
        if (kind, company.id) not in self.unlinked:
            return None
        entered, row = self.entered(kind, company), self.named(kind, company.name)
        if entered is not None and entered.posting is not None:
            return Ref(id=entered.posting.id, name=entered.posting.number or company.name)
        return row.ref if row is not None and row.active else None

    def party_sent_to(self, order: Order, kind: RecordKind, company: Company) -> Ref | None:
        """Return for whom an order's documents are in the books, if that is who the company was when it was unlinked or
        whom we entered for it: the order stays theirs."""
        former = self.former_party(kind, company)
        known = {self.unlinked.get((kind, company.id)), former.id if former is not None else None}
        refs = (getattr(one.current, kind, None) for one in self.of_order(order) if one.posting and not one.is_gone)
        return next((ref for ref in refs if ref is not None and ref.id in known), None)

    def entered(self, kind: RecordKind, company: Company) -> Existing | None:
        """Return our delivery of a company's customer or vendor, if documents can still be posted for that."""
        found = self.existing.get(company_key(kind, company))
        return found if found is not None and self.is_usable(found) else None

    def is_usable(self, existing: Existing) -> bool:
        """Return True if a record of ours is in the books and active there, as far as we know."""
        if existing.posting is None:
            return False
        row = self.records.get((RecordKind(existing.kind), existing.posting.id))
        return row is None or row.active

    def of_order(self, order: Order) -> list[Existing]:
        """Return what of an order is in these books or on its way, oldest first."""
        return sorted((one for one in self.existing.values() if one.order_id == order.id), key=lambda one: one.id)

    def kinds_of(self, order: Order) -> frozenset[str]:
        """Return the kinds of an order's documents that are in the books or on their way."""
        return self.standing.get(order.id, frozenset())
