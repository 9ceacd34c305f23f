"""From an order to its documents, with every problem that can be known before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from hub.books import description
from hub.host import Order
from hub.integrations import optional_calls
from hub.integrations.options import options_of
from hub.models import Installation
from hub.planning import sales, validation
from hub.planning.choices import SALES, Choices
from hub.planning.context import NEW, Gathered, gather, item_name, kind_of_entry
from hub.planning.drafts import Draft
from hub.planning.purchases import accounts_of, all_have, build_purchases
from hub.planning.validator import Validator
from hub.plugin import (
    AT_ONCE,
    DEPOSITS,
    DoesNotAddUp,
    Integration,
    Invoice,
    NewCustomer,
    NewItem,
    Payment,
    Problem,
    RecordKind,
    Ref,
    Role,
    name_key,
    say,
)


def takes_deposits(installation: Installation, integration: Integration, order: Order, known: Gathered) -> bool:
    """Return True if payments of an order can be sent before its invoice, and this is not there."""
    invoiced = Invoice.kind in known.standing.get(order.id, frozenset())
    may = options_of(installation, integration).get(DEPOSITS.key) == AT_ONCE
    return may and not invoiced and sales.kind_of(order) == Invoice.kind


def draft(
    installation: Installation, integration: Integration, order: Order, choices: Choices, known: Gathered | None = None,
    *, validator: Validator | None = None,
) -> Draft:  # fmt: skip
    """Build the documents of an order: without a query, if what it rests on is `known`; else that is gathered now.

    Under the lock of the installation a `validator` keeps the plugin from being asked.
    """
    known = known or gather(installation, integration, [(order, choices)])
    options, books = options_of(installation, integration), description.known_books(installation)
    refs = {**known.refs, **named(order, known), **_overrides(known, choices)}
    refs = {role: ref for role, ref in refs.items() if books.tracks(kind_of_entry(role))}
    standing = known.standing.get(order.id, frozenset())
    invoiced = choices.sells or Invoice.kind in standing
    problems = _unmapped(integration, refs, order, choices)
    customer, new_customer = _customer(known, order, choices, problems)
    items, new_items = _items(installation, integration, known, order, refs=refs, problems=problems)
    takes_payments = Payment.kind in integration.capabilities.documents
    try:
        sale = sales.sale(order, customer, items, refs, tax=choices.tax, problems=problems)
        payments = sales.payments(order, customer, refs, applied=invoiced) if takes_payments else {}
        bought = build_purchases(
            installation, order, choices, known=known, customer=customer, items=items, refs=refs,
            problems=problems,
        )
    except DoesNotAddUp as error:
        sale, payments, bought = None, {}, ()
        problems.append(Problem(
            code="does-not-add-up",
            what=say("The order does not add up."), why=str(error), cure=say("Correct the order, then send it."),
            field="lines",
        ))  # fmt: skip
    problems += sales.money_problems(installation, order)
    if order.cancelled:
        problems = [sales.cancelled(integration, order, standing)]
    elif choices.sells:
        voided = integration.capabilities.voids & set(choices.updates)
        problems += sales.contradictions(installation, integration, order, standing - voided)
    elif choices.deposits and not invoiced:
        problems += sales.deposit_problems(options)
    outline = Draft(
        customer=customer, new_customer=new_customer, new_items=new_items, sale=sale, payments=payments,
        purchases=bought,
    )  # fmt: skip
    outline, taken = validation.answered(outline, known, choices, options)
    validate = (
        partial(optional_calls.validate, integration, options=options, books=books)
        if validator is None
        else validator.of(integration, options, books)
    )
    found = validation.reviewed(outline, known, order, choices.updates, validate)
    return replace(outline, problems=tuple(dict.fromkeys([*problems, *taken, *found])))


def item_key(name: str) -> str:
    """Return what identifies a new item among the deliveries of an installation."""
    return name_key(name)


def named(order: Order, known: Gathered) -> dict[str, Ref]:
    """Return what of the books an order names itself, by role. What they do not have is left out."""
    names = {Role.TERMS: order.terms, Role.CLASS: order.tracking_class, Role.LOCATION: order.location}
    rows = {role: known.named(kind_of_entry(role), name) for role, name in names.items() if name}
    return {role: row.ref for role, row in rows.items() if row is not None}


def with_suggestions(choices: Choices, suggested: Mapping[str, str], order: Order, known: Gathered) -> Choices:
    """Return the choices with what is suggested by role, where nothing was chosen and the order names nothing.

    What the order names is not made a choice, so that it can change: `draft` puts it before what is saved.
    """
    of_order = named(order, known)
    missing = {role: record_id for role, record_id in suggested.items() if role not in of_order}
    return replace(choices, accounts={**missing, **choices.accounts})


def _overrides(known: Gathered, choices: Choices) -> dict[str, Ref]:
    found = {}
    for role, record_id in choices.accounts.items():
        row = known.entries.get((kind_of_entry(role), record_id))
        if row is not None:
            found[role] = row.ref
    return found


def _unmapped(integration: Integration, refs: Mapping[str, Ref], order: Order, choices: Choices) -> list[Problem]:
    wanted = choices.kinds - SALES | ({sales.kind_of(order)} if choices.sells else set())
    if order.payments and Invoice.kind in wanted:  # They go along with it.
        wanted = wanted | {Payment.kind}
    return [
        Problem(
            code="mapping-missing", what=say("%(role)s is not chosen yet.", role=say(place.label)),
            why=say("The books need it for this document."),
            cure=say("Choose it here, or for all orders on the Accounts tab of the settings."), field=place.key,
        )
        for place in integration.mappings
        if place.needed_for & wanted and place.key not in refs and not all_have(place.key, order, choices)
    ]  # fmt: skip


def _customer(
    known: Gathered, order: Order, choices: Choices, problems: list[Problem]
) -> tuple[Ref, NewCustomer | None]:
    chosen = choices.customer or known.customer_of(order) or NEW
    if chosen != NEW:
        row = known.entries.get((RecordKind.CUSTOMER, chosen))
        if row is not None and row.active:
            return row.ref, None
        problems.append(Problem(
            code="customer-inactive", what=say("This customer is not (or no longer) active in the books."),
            cure=say("Choose another customer, or create a new one."), field="customer",
        ))  # fmt: skip
    return Ref(id="", name=order.company.name), customer_of(order)


def customer_of(order: Order) -> NewCustomer:
    """Return the order's company as a customer in the books."""
    company = order.company
    return NewCustomer(
        name=company.name, email=company.email, phone=company.phone, billing=company.billing,
        shipping=company.shipping, currency=order.currency,
    )  # fmt: skip


def _items(
    installation: Installation, integration: Integration, known: Gathered, order: Order, *,
    refs: Mapping[str, Ref], problems: list[Problem],
) -> tuple[list[Ref], tuple[NewItem, ...]]:  # fmt: skip
    has_account = any(place.key == Role.INCOME for place in integration.mappings)
    enters = has_account and RecordKind.ITEM in integration.capabilities.creates
    found: list[Ref] = []
    new: dict[str, NewItem] = {}
    for line in order.lines:
        name = item_name(line, installation.item_source)
        row = known.named(RecordKind.ITEM, name)
        found.append(row.ref if row else Ref(id="", name=name))
        if not name:
            problems.append(Problem(
                code="item-unnamed", what=say(
                    "The line “%(line)s” has nothing that could name its item.", line=line.name or line.description
                ),
                cure=say("Fill in the product number on the order, or let the product name be used (Details)."),
                field="lines",
            ))  # fmt: skip
        elif row is None and not enters:
            problems.append(Problem(
                code="item-missing", what=say("“%(name)s” is not among the products of the books.", name=name),
                why=say("%(product)s takes no new ones from here.", product=integration.label),
                cure=say("Enter it there, then refresh the lists on the Details tab."), field="lines",
            ))  # fmt: skip
        elif row is None and Role.INCOME in refs:
            # Without an account for its cost the books would sell it and refuse to buy it.
            cost = accounts_of(line.vendor.id if line.vendor else "", refs).get(Role.COST)
            new.setdefault(item_key(name), NewItem(
                name=name, description=line.description or line.name, price=line.price, taxable=line.taxable,
                income=refs[Role.INCOME], cost=cost,
            ))  # fmt: skip
    return found, tuple(new.values())
