"""What the drafts of some orders rest on, gathered before they are made: as many queries for 200 orders as for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from hub.database import session
from hub.host import Order, OrderLine
from hub.models import Delivery, Installation, RecordRow
from hub.models.books import name_key
from hub.plugin import Integration, RecordKind, Ref, Role, suffixed
from hub.services import linking, mapping, naming
from hub.states import DeliveryState

if TYPE_CHECKING:
    from hub.services.documents import Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the books have, and what we know of it, as far as some orders are concerned.

    `refs` is what is mapped, by role. `names` are the active entries by kind and `name_key`, `entries` those that are
    linked to or chosen, by kind and id; `links` is whom companies are linked to, by kind and company. `held` is who
    has the names that new customers and vendors would get, and `settled` the sources and kinds of what is in these
    books, by order.
    """

    refs: Mapping[str, Ref]
    names: Mapping[tuple[RecordKind, str], RecordRow]
    entries: Mapping[tuple[RecordKind, str], RecordRow]
    links: Mapping[tuple[RecordKind, str], Ref]
    held: Mapping[str, Sequence[RecordRow]]
    settled: Mapping[str, frozenset[tuple[str, str]]]

    def named(self, kind: RecordKind, name: str) -> RecordRow | None:
        """The active entry of that name."""
        return self.names.get((kind, name_key(name)))

    def customer_of(self, order: Order) -> str:
        """The id of the customer that an order is for: who is linked, else who has exactly this name; else empty."""
        link = self.links.get((RecordKind.CUSTOMER, order.company.id))
        if link is not None:
            return link.id
        row = self.named(RecordKind.CUSTOMER, order.company.name)
        return row.record_id if row is not None else ""


def gather(
    installation: Installation, integration: Integration, wanted: Sequence[tuple[Order, Choices]]
) -> Gathered:
    """Everything at once. A constant number of queries for up to 500 names of a kind, and one more for every 500."""
    customers = {order.company.id: order.company for order, _ in wanted}
    vendors = {line.supplier.id: line.supplier for order, _ in wanted for line in order.lines if line.supplier}
    names = {
        RecordKind.CUSTOMER: [one.name for one in customers.values()],
        RecordKind.VENDOR: [one.name for one in vendors.values()],
        RecordKind.ITEM: [item_name(line, installation.item_source) for order, _ in wanted for line in order.lines],
    }
    named = {
        (kind, key): row
        for kind, some in names.items()
        for key, row in linking.by_name(installation.id, kind, filter(None, some)).items()
    }
    links = {
        (kind, company_id): ref
        for kind, some in ((RecordKind.CUSTOMER, customers), (RecordKind.VENDOR, vendors))
        for company_id, ref in linking.links(installation.id, kind, some).items()
    }
    parties = [*((one.name, RecordKind.CUSTOMER) for one in customers.values()),
               *((one.name, RecordKind.VENDOR) for one in vendors.values())]  # fmt: skip
    answered = [value for _, choices in wanted for value in choices.answers.values()]
    taken = {*answered, *(name for name, _ in parties), *(suffixed(name, kind) for name, kind in parties)}
    return Gathered(
        refs=mapping.mapped(installation.id), names=named, links=links,
        entries=_entries(installation.id, links, [choices for _, choices in wanted], named),
        held=naming.holders(installation, integration, sorted(taken)),
        settled=_settled(installation, [order.id for order, _ in wanted]),
    )  # fmt: skip


def item_name(line: OrderLine, source: str) -> str:
    """By which name an order's line is looked for among the items: the chosen field, else the first that has a value.
    Empty if there is none.
    """
    chosen = line.fields.get(source) or next((value for value in line.fields.values() if value), "")
    return " ".join(chosen.split())


def _entries(
    installation_id: int, links: Mapping[tuple[RecordKind, str], Ref], choices: Iterable[Choices],
    named: Mapping[tuple[RecordKind, str], RecordRow],
) -> dict[tuple[RecordKind, str], RecordRow]:  # fmt: skip
    wanted: dict[RecordKind, set[str]] = {}
    for (kind, _), ref in links.items():
        wanted.setdefault(kind, set()).add(ref.id)
    for one in choices:
        wanted.setdefault(RecordKind.CUSTOMER, set()).add(one.customer)
        for role, record_id in one.accounts.items():
            kind = RecordKind.ITEM if role == Role.SALES_TAX_ITEM else RecordKind.ACCOUNT
            wanted.setdefault(kind, set()).add(record_id)
    found = {(row.kind, row.record_id): row for row in named.values()}
    for kind, ids in wanted.items():
        for row in linking.records(installation_id, kind, ids):
            found[kind, row.record_id] = row
    return found


def _settled(installation: Installation, order_ids: Sequence[str]) -> dict[str, frozenset[tuple[str, str]]]:
    """The sources and kinds of what orders have brought into these books, also by an earlier installation."""
    rows = session().execute(
        select(Delivery.order_id, Delivery.source, Delivery.kind)
        .join(Delivery.installation)
        .where(
            Delivery.organization_id == installation.organization_id,
            Delivery.order_id.in_(order_ids),
            Delivery.state == DeliveryState.POSTED,
            Installation.integration == installation.integration,
            Installation.books_id == installation.books_id,
        )
    )
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for order_id, source, kind in rows:
        found[order_id or ""] = found.get(order_id or "", frozenset()) | {(source, kind)}
    return found
