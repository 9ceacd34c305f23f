"""Loads what the plans of some orders rest on: as many queries for 200 orders as for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import select

from hub.books import description, links, mappings
from hub.database import session
from hub.host import Company, Order
from hub.integrations import registry
from hub.integrations.options import options_of
from hub.models import Installation, RecordRow
from hub.orders.existing import find_deliveries, find_existing, find_places, find_standing
from hub.orders.validator import Validator
from hub.planning.choices import Choices
from hub.planning.context import Existing, Key, KnownRecord, PlanningContext
from hub.planning.parts import item_name, vendors_of
from hub.plugin import (
    Integration,
    RecordKind,
    name_key,
    record_kind_of,
    suffixed,
)


def load_context(
    installation: Installation, wanted: Sequence[tuple[Order, Choices]], *,
    suggested: Mapping[str, str] = MappingProxyType({}), validator: Validator | None = None,
    begins_anew: Collection[int] = (),
) -> PlanningContext:  # fmt: skip
    """Load what some orders, and what is suggested for them by role, rest on.

    A constant number of queries for up to 500 names of a kind, and one more for every 500. Without a `validator` the
    plugin is asked at once. `begins_anew` are deliveries that a person lets begin anew although a write was asked.
    """
    integration = registry.find_integration(installation.integration)
    orders, choices = [order for order, _ in wanted], [chosen for _, chosen in wanted]
    parties = _parties(orders)
    active = _active(installation, orders, parties)
    alike = _alike_items(installation, integration, orders, active)
    linked = links.find_linked_refs(installation.id, ((kind, one) for kind, some in parties.items() for one in some))
    places = find_places(installation, integration)
    rows = find_deliveries(installation, orders, parties, places)
    existing = find_existing(installation, rows, places, begins_anew)
    mentioned = [*_mentioned(choices, suggested, existing), *((kind, ref.id) for (kind, _), ref in linked.items())]
    records = _records(installation.id, mentioned, active)
    options, books = options_of(installation, integration), description.known_books(installation)
    return PlanningContext(
        product=integration.label, books=books, capabilities=integration.capabilities,
        mapping_fields=integration.mappings, options=options, allowed=frozenset(installation.documents),
        item_source=installation.item_source, billable=installation.billable,
        mapped=mappings.find_mappings(installation.id),
        suggested={
            role: found.ref for role, record_id in suggested.items()
            if (found := records.get((record_kind_of(role), record_id))) is not None
        },
        records=records, active={key: _known(row) for key, row in active.items()},
        alike_items={key: [_known(row) for row in rows] for key, rows in alike.items()},
        names=_names(installation, integration, parties, choices), links=linked, existing=existing,
        unlinked=_unlinked(installation, parties, linked), standing=find_standing(rows, existing),
        validate=(validator or Validator.asking_at_once()).of(integration, options, books),
    )  # fmt: skip


def _known(row: RecordRow) -> KnownRecord:
    return KnownRecord(kind=row.kind, ref=row.ref, active=row.active)


def _parties(orders: Iterable[Order]) -> dict[RecordKind, dict[str, Company]]:
    """Return the companies that orders sell to and buy from, by kind and id."""
    found: dict[RecordKind, dict[str, Company]] = {RecordKind.CUSTOMER: {}, RecordKind.VENDOR: {}}
    for order in orders:
        found[RecordKind.CUSTOMER][order.company.id] = order.company
        found[RecordKind.VENDOR] |= vendors_of(order)
    return found


def _active(
    installation: Installation, orders: Sequence[Order], parties: Mapping[RecordKind, Mapping[str, Company]]
) -> dict[tuple[RecordKind, str], RecordRow]:
    """Return the active entries of the names that orders mention, by kind and name key."""
    source = installation.item_source
    names = {
        **{kind: [one.name for one in some.values()] for kind, some in parties.items()},
        RecordKind.ITEM: [item_name(line, source) for order in orders for line in order.lines],
        RecordKind.TERM: [order.terms for order in orders],
        RecordKind.CLASS: [order.tracking_class for order in orders],
        RecordKind.LOCATION: [order.location for order in orders],
    }
    return links.find_records_by_name(installation.id, {kind: filter(None, some) for kind, some in names.items()})


def _alike_items(
    installation: Installation, integration: Integration, orders: Sequence[Order],
    active: Mapping[tuple[RecordKind, str], RecordRow],
) -> dict[str, list[RecordRow]]:  # fmt: skip
    """Return the items that an order may mean by a part of their name, by name key, where no item has that name itself.
    """
    if not integration.capabilities.item_paths:
        return {}
    names = {item_name(line, installation.item_source) for order in orders for line in order.lines}
    unknown = {name for name in names if name and (RecordKind.ITEM, name_key(name)) not in active}
    return links.find_items_by_part(installation.id, unknown) if unknown else {}


def _unlinked(
    installation: Installation, parties: Mapping[RecordKind, Mapping[str, Company]],
    linked: Collection[tuple[RecordKind, str]],
) -> dict[tuple[RecordKind, str], str]:  # fmt: skip
    """Return from whom a person has unlinked some companies. One query, none if all are linked."""
    free = {company_id for kind, some in parties.items() for company_id in some if (kind, company_id) not in linked}
    found = links.unlinked(installation.id, free)
    return {key: record_id for key, record_id in found.items() if key not in linked}


def _mentioned(
    choices: Iterable[Choices], suggested: Mapping[str, str], existing: Mapping[Key, Existing]
) -> Iterator[tuple[RecordKind, str]]:
    """Return the kinds and ids of the entries that are chosen, suggested or created by us."""
    for role, record_id in suggested.items():
        yield record_kind_of(role), record_id
    for one in choices:
        yield RecordKind.CUSTOMER, one.customer
        yield from ((RecordKind.VENDOR, chosen) for chosen in one.vendors.values())
        yield from ((record_kind_of(role), record_id) for role, record_id in one.accounts.items())
    for found in existing.values():
        if found.posting is not None and found.kind in set(RecordKind):
            yield RecordKind(found.kind), found.posting.id


def _records(
    installation_id: int, mentioned: Iterable[tuple[RecordKind, str]],
    active: Mapping[tuple[RecordKind, str], RecordRow],
) -> dict[tuple[RecordKind, str], KnownRecord]:  # fmt: skip
    """Return some entries, and those that have a name that an order mentions, by kind and id."""
    found = [*active.values(), *links.find_records(installation_id, mentioned)]
    return {(row.kind, row.record_id): _known(row) for row in found}


def _names(
    installation: Installation, integration: Integration, parties: Mapping[RecordKind, Mapping[str, Company]],
    choices: Iterable[Choices],
) -> dict[str, list[KnownRecord]]:  # fmt: skip
    """Return who has the names that new customers and vendors would get, in the lists that share them, the inactive
    ones included. One query."""
    kinds, found = integration.capabilities.shared_names, dict[str, list[KnownRecord]]()
    own = [(company.name, kind) for kind, some in parties.items() for company in some.values()]
    taken = {value for one in choices for value in one.answers.values()}
    taken |= {name for name, _ in own} | {suffixed(name, kind) for name, kind in own}
    if not kinds or not taken:
        return found
    rows = session().scalars(
        select(RecordRow).where(
            RecordRow.installation_id == installation.id,
            RecordRow.kind.in_(kinds),
            RecordRow.name_key.in_(sorted({name_key(name) for name in taken})),
        )
    )
    for row in rows:
        found.setdefault(row.name_key, []).append(_known(row))
    return found
