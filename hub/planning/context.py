"""What the drafts of some orders rest on, gathered before they are made: as many queries for 200 orders as for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import Row, and_, case, or_, select

from hub.books import links, mappings
from hub.database import session
from hub.host import Order, OrderLine
from hub.models import Delivery, Installation, RecordRow, TransactionRow
from hub.planning import names
from hub.planning.choices import PURCHASES, Choices
from hub.plugin import Integration, PurchaseOrder, RecordKind, Ref, name_key, suffixed
from hub.states import DeliveryState

NEW = "new"
"""The choice "Create New Customer", or "Create New Vendor"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the books have, and what we know of it, as far as some orders are concerned.

    `refs` is what is mapped, by role. `names` are the active entries by kind and `name_key`, `entries` those that are
    linked to or chosen, by kind and id; `links` is whom companies are linked to, by kind and company. `held` is who
    has the names that new customers and vendors would get, `settled` the sources and kinds of what we brought into
    these books, by order, `standing` the kinds of what stands there or is on its way, and `numbers` our numbers of what
    was bought, by order, and by kind and vendor.
    """

    refs: Mapping[str, Ref]
    names: Mapping[tuple[RecordKind, str], RecordRow]
    entries: Mapping[tuple[RecordKind, str], RecordRow]
    links: Mapping[tuple[RecordKind, str], Ref]
    held: Mapping[str, Sequence[RecordRow]]
    settled: Mapping[str, frozenset[tuple[str, str]]]
    standing: Mapping[str, frozenset[str]]
    numbers: Mapping[str, Mapping[tuple[str, str], str]]

    def named(self, kind: RecordKind, name: str) -> RecordRow | None:
        """Return the active entry of that name."""
        return self.names.get((kind, name_key(name)))

    def customer_of(self, order: Order) -> str:
        """Return the id of the customer that an order is for: who is linked, else who has exactly this name; else
        empty."""
        link = self.links.get((RecordKind.CUSTOMER, order.company.id))
        if link is not None:
            return link.id
        row = self.named(RecordKind.CUSTOMER, order.company.name)
        return row.record_id if row is not None else ""


def gather(
    installation: Installation, integration: Integration, wanted: Sequence[tuple[Order, Choices]],
    suggested: Mapping[str, str] = MappingProxyType({}),
) -> Gathered:  # fmt: skip
    """Load what some orders, and what is suggested for them by role, rest on.

    A constant number of queries for up to 500 names of a kind, and one more for every 500.
    """
    customers = {order.company.id: order.company for order, _ in wanted}
    vendors = {line.vendor.id: line.vendor for order, _ in wanted for line in order.lines if line.vendor}
    wanted_names = {
        RecordKind.CUSTOMER: [one.name for one in customers.values()],
        RecordKind.VENDOR: [one.name for one in vendors.values()],
        RecordKind.ITEM: [item_name(line, installation.item_source) for order, _ in wanted for line in order.lines],
        RecordKind.TERM: [order.terms for order, _ in wanted],
        RecordKind.CLASS: [order.tracking_class for order, _ in wanted],
        RecordKind.LOCATION: [order.location for order, _ in wanted],
    }
    named = {
        (kind, key): row
        for kind, some in wanted_names.items()
        for key, row in links.by_name(installation.id, kind, filter(None, some)).items()
    }
    linked = {
        (kind, company_id): ref
        for kind, some in ((RecordKind.CUSTOMER, customers), (RecordKind.VENDOR, vendors))
        for company_id, ref in links.links(installation.id, kind, some).items()
    }
    parties = [*((one.name, RecordKind.CUSTOMER) for one in customers.values()),
               *((one.name, RecordKind.VENDOR) for one in vendors.values())]  # fmt: skip
    answered = [value for _, choices in wanted for value in choices.answers.values()]
    taken = {*answered, *(name for name, _ in parties), *(suffixed(name, kind) for name, kind in parties)}
    sent = _sent(installation, [order.id for order, _ in wanted])
    settled, standing = _standing(sent)
    return Gathered(
        refs=mappings.mapped(installation.id), names=named, links=linked,
        entries=_entries(installation.id, linked, [choices for _, choices in wanted], named, suggested),
        held=names.holders(installation, integration, sorted(taken)),
        settled=settled, standing=standing, numbers=_numbers(sent, {order.id: order for order, _ in wanted}),
    )  # fmt: skip


def kind_of_entry(role: str) -> RecordKind:
    """Return what fills a role: most often an account. A role may name the vendor that it is for."""
    return mappings.KINDS.get(role.partition("/")[0], RecordKind.ACCOUNT)


def item_name(line: OrderLine, source: str) -> str:
    """By which name an order's line is looked for among the items: the chosen field, else the first that has a value.
    Empty if there is none.
    """
    chosen = line.fields.get(source) or next((value for value in line.fields.values() if value), "")
    return " ".join(chosen.split())


def _entries(
    installation_id: int, linked: Mapping[tuple[RecordKind, str], Ref], choices: Iterable[Choices],
    named: Mapping[tuple[RecordKind, str], RecordRow], suggested: Mapping[str, str],
) -> dict[tuple[RecordKind, str], RecordRow]:  # fmt: skip
    wanted: dict[RecordKind, set[str]] = {}
    for (kind, _), ref in linked.items():
        wanted.setdefault(kind, set()).add(ref.id)
    for role, record_id in suggested.items():
        wanted.setdefault(kind_of_entry(role), set()).add(record_id)
    for one in choices:
        wanted.setdefault(RecordKind.CUSTOMER, set()).add(one.customer)
        wanted.setdefault(RecordKind.VENDOR, set()).update(one.vendors.values())
        for role, record_id in one.accounts.items():
            wanted.setdefault(kind_of_entry(role), set()).add(record_id)
    found = {(row.kind, row.record_id): row for row in named.values()}
    for kind, ids in wanted.items():
        for row in links.records(installation_id, kind, ids):
            found[kind, row.record_id] = row
    return found


_Sent: TypeAlias = Row[str | None, str, str, DeliveryState, bool, Any]


def _sent(installation: Installation, order_ids: Sequence[str]) -> Sequence[_Sent]:
    """Return what orders have brought into these books or are about to, also by an earlier installation: the order,
    source, kind and state of each, whether it is gone there, and of what was bought the subject."""
    gone = or_(TransactionRow.deleted, TransactionRow.voided)
    bought = case((Delivery.kind.in_(PURCHASES), Delivery.subject))
    return session().execute(
        select(Delivery.order_id, Delivery.source, Delivery.kind, Delivery.state, gone, bought)
        .join(Delivery.installation)
        .outerjoin(TransactionRow, and_(
            TransactionRow.installation_id == Delivery.installation_id,
            TransactionRow.transaction_id == Delivery.posting_id,
            TransactionRow.kind == Delivery.kind,
        ))
        .where(
            Delivery.organization_id == installation.organization_id,
            Delivery.order_id.in_(order_ids),
            Delivery.state != DeliveryState.CANCELLED,
            Installation.integration == installation.integration,
            Installation.books_id == installation.books_id,
        )
        .order_by(Delivery.id)
    ).all()  # fmt: skip


def _standing(
    sent: Sequence[_Sent],
) -> tuple[dict[str, frozenset[tuple[str, str]]], dict[str, frozenset[str]]]:
    """Return the sources and kinds of what is in the books, and the kinds of what stands there or is on its way, by
    order."""
    settled: dict[str, set[tuple[str, str]]] = {}
    standing: dict[str, set[str]] = {}
    for order, source, kind, state, is_gone, _ in sent:
        order_id = order or ""
        if state is DeliveryState.POSTED:
            settled.setdefault(order_id, set()).add((source, kind))
        if state is not DeliveryState.POSTED or not is_gone:
            standing.setdefault(order_id, set()).add(kind)
    return (
        {order_id: frozenset(found) for order_id, found in settled.items()},
        {order_id: frozenset(kinds) for order_id, kinds in standing.items()},
    )


def _numbers(sent: Sequence[_Sent], orders: Mapping[str, Order]) -> dict[str, dict[tuple[str, str], str]]:
    """Our numbers of what was bought, by order, and by kind and vendor. A bill may bear its vendor's own."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for order, source, kind, _, _, subject in sent:
        order_id = order or ""
        if subject is None:
            continue
        number, ours = subject["number"], orders[order_id].number
        if kind == PurchaseOrder.kind or number == ours or number.startswith(f"{ours}-"):
            found.setdefault(order_id, {})[kind, source.rpartition("/")[2]] = number
    return found
