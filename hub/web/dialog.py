"""What the send dialog shows: for each document what is chosen, what is in its way, and what would be posted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from hub.books import description, history, mappings
from hub.books.search import SHOWN, search
from hub.host import Company, Order
from hub.integrations import registry
from hub.models import Delivery, Installation, RecordRow
from hub.orders.send import find_revisions
from hub.planning import answers, documents, purchases, sales
from hub.planning.choices import Choices
from hub.planning.context import NEW, Gathered, gather
from hub.planning.drafts import Draft
from hub.planning.revisions import Remedy, Revisable
from hub.plugin import (
    Bill,
    Books,
    Document,
    Integration,
    Invoice,
    Payment,
    Problem,
    PurchaseOrder,
    RecordKind,
    Role,
    Sale,
    in_cents,
    kind_of,
    title_of,
)
from hub.states import DeliveryState
from hub.translating import _
from hub.web import choosing, views
from hub.web.choosing import Chooser

There: TypeAlias = Mapping[tuple[str, str], views.StatusLine]
"""How documents stand, by source and kind."""

ROLES = (
    Role.RECEIVABLE, Role.INCOME, Role.DISCOUNT, Role.DEPOSIT, Role.TERMS, Role.CLASS, Role.LOCATION
)  # fmt: skip
"""What a person may choose for what an order sells, where the books take it."""

_LINES = 200
"""Lines of a document that the preview shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountField:
    """An account that is chosen: the name of its form field, its label, and the control."""

    name: str
    label: str
    role: str
    control: Chooser


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """A document that can be sent, by the value of its tick box; or how it stands, if it is there or on its way."""

    value: str
    label: str
    ticked: bool
    allowed: bool
    there: views.StatusLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What is bought from one vendor."""

    company: Company
    vendor: Chooser
    linked: bool
    documents: Sequence[Ticked]
    number: str
    number_hint: str
    total: Decimal
    accounts: Sequence[AccountField]
    is_open: bool
    """Whether anything of it can still be sent, or changed by what the form says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A document as it would be posted: its first lines, how many more there are, and what it comes to."""

    title: str
    party: str
    lines: Sequence[tuple[str, str, Decimal, Decimal, Decimal]]
    more: int
    sums: Sequence[tuple[str, Decimal]]
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The dialog before Send is pressed."""

    order: Order
    installation: Installation
    integration: Integration
    choices: Choices
    problems: Sequence[Problem]
    customer: Chooser
    linked: bool
    tax: Chooser
    sale: Ticked
    accounts: Sequence[AccountField]
    vendors: Sequence[Vendor]
    given: Sequence[answers.Given]
    books: Books
    revisions: Sequence[Revisable]
    previews: Sequence[Preview]
    payments_left: Decimal
    deposits: bool

    @property
    def product(self) -> str:
        """The product's short name: "QuickBooks"."""
        return self.integration.label.split()[0]

    def at(self, *fields: str, vendor: str | None = None) -> list[Problem]:
        """Return the problems that one of some fields cures: all of them, those of one vendor, or with an empty id
        those of none. What is of no vendor and can be cured with the vendors only stands with the first that is open.
        """
        found = [one for one in self.problems if one.field in fields]
        if vendor is None:
            return found
        first = vendor == next((one.company.id for one in self.vendors if one.is_open), None)
        first = first and "number" not in fields
        return [one for one in found if (of := one.about.partition("/")[2]) == vendor or (first and not of)]

    @property
    def elsewhere(self) -> list[Problem]:
        """The problems that stand beside no field of the form."""
        placed = [*self.at("documents", "customer", "lines", "date"), *self.at("number", vendor="")]
        if self.sale_is_open:
            placed += self.at("tax", *(one.role for one in self.accounts))
        for one in self.vendors:
            fields = ("vendor", *(field.role for field in one.accounts)) if one.is_open else ()
            for field in ("number", *fields):
                placed += self.at(field, vendor=one.company.id)
        return [one for one in self.problems if one not in placed]

    @property
    def updatable(self) -> set[str]:
        """What of the order is in the books and may be changed there by what the form says."""
        return updatable(self.revisions)

    @property
    def answered(self) -> set[str]:
        """The keys of answers that have a field of their own."""
        return {one.key for one in self.given} | {f"bill/{one.company.id}:number" for one in self.vendors}

    @property
    def sale_is_open(self) -> bool:
        """Whether how it is posted can still be chosen."""
        return self.sale.there is None or self.sale.value in self.updatable or bool(self.payments_left)

    @property
    def is_done(self) -> bool:
        """Whether nothing of the order is left to be sent, changed or voided from here."""
        left = self.sale_is_open or self.deposits or any(one.is_open for one in self.vendors)
        return not left and not any(one.is_ticked for one in self.revisions) and not self.problems


def form(
    order: Order, installation: Installation, choices: Choices, live: Sequence[Delivery],
    problems: Sequence[Problem] = (),
) -> Form:  # fmt: skip
    """Return the dialog of an order, prefilled: as many queries for two hundred vendors as for one."""
    integration = registry.integration(installation.integration)
    places = {place.field.key: place for place in mappings.choices(installation, integration)}
    # What is suggested stands in the form already and is sent with it, so it is not missing.
    wanted = {*ROLES, *purchases.ROLES}
    suggestions = {role: place.chosen.id for role, place in places.items() if role in wanted and place.chosen}
    known = gather(installation, integration, [(order, choices)], suggestions)
    of_order = {role: ref.id for role, ref in documents.named(order, known).items()}
    shown = documents.with_suggestions(choices, suggestions, order, known)
    shown = replace(shown, accounts={**of_order, **shown.accounts})
    outline = documents.draft(installation, integration, order, shown, known)
    customer, there = choices.customer or known.customer_of(order) or NEW, _there(live)
    revisions = find_revisions(installation, order, shown, known)
    # A cancelled order can only be voided; that is what its form is for, and no problem.
    found = problems or (() if order.cancelled and revisions else outline.problems)
    return Form(
        order=order, installation=installation, integration=integration, choices=choices, problems=found,
        customer=choosing.chooser(
            installation, RecordKind.CUSTOMER, customer, always=[(NEW, _("Create New Customer"))]
        ),
        linked=(RecordKind.CUSTOMER, order.company.id) in known.links,
        tax=choosing.tax_chooser(installation, integration, choices.tax),
        sale=_sale(order, installation, choices, there),
        accounts=[
            _field(installation, place, shown)
            for role in ROLES if (place := places.get(role)) is not None and _is_needed(role, order)
        ],
        vendors=_vendors(
            order, installation, shown, known=known, there=there, places=places, changed=updatable(revisions)
        ),
        given=[one for one in answers.given(choices.answers) if not _has_place(one)],
        books=description.known_books(installation), revisions=revisions,
        previews=previews(outline, shown), payments_left=payments_left(order, live),
        deposits=bool(order.payments) and documents.takes_deposits(installation, integration, order, known),
    )  # fmt: skip


def updatable(revisions: Iterable[Revisable]) -> set[str]:
    """Return what of an order is in the books and may be changed there by what a form says."""
    return {one.about for one in revisions if one.way in {Remedy.UPDATE, Remedy.AGAIN}}


def has_more(order: Order, live: Sequence[Delivery]) -> bool:
    """Return True if the order has payments that came in after it was sent, or nothing but deposits of it was."""
    if live and all(one.kind == Payment.kind and one.state is DeliveryState.POSTED for one in live):
        return not order.cancelled
    return bool(payments_left(order, live))


def payments_left(order: Order, live: Sequence[Delivery]) -> Decimal:
    """Return what came in for an order after its invoice was posted, and is not in the books yet."""
    sent = {one.source for one in live}
    posted = any(one.kind == Invoice.kind and one.state is DeliveryState.POSTED for one in live)
    left = [one.amount for one in order.payments if f"order/{order.id}/payment/{one.id}" not in sent]
    return sum(left, Decimal("0.00")) if posted and not order.cancelled else Decimal("0.00")


def previews(outline: Draft, choices: Choices) -> list[Preview]:
    """Return what would be posted, document by document."""
    found: list[Document] = []
    if choices.sells and outline.sale is not None:
        found = [outline.sale]
    if choices.sells or choices.deposits:
        found += outline.payments.values()
    for one in outline.purchases:
        found += [document for document in (one.order, one.bill) if document is not None]
    return [_preview(document) for document in found]


def _preview(document: Document) -> Preview:
    party = getattr(document, kind_of(document.kind).party).name
    sums = []
    if isinstance(document, Sale):
        sums += [(_("Discount"), -document.discount)] if document.discount else []
        sums += [(_("Tax"), document.tax.amount)] if document.tax.amount else []
    lines = () if isinstance(document, Payment) else document.lines
    return Preview(
        title=_(title_of(document.kind, document.number)), party=party, more=max(0, len(lines) - _LINES), sums=sums,
        lines=[(one.item.name, one.description, one.quantity, one.price, one.amount) for one in lines[:_LINES]],
        total=document.total,
    )  # fmt: skip


def _sale(order: Order, installation: Installation, choices: Choices, there: There) -> Ticked:
    kind = sales.kind_of(order)
    allowed = kind in installation.documents
    return Ticked(
        value=kind, label=_(title_of(kind, order.number)), ticked=choices.sells and allowed, allowed=allowed,
        there=there.get((f"order/{order.id}", kind)),
    )  # fmt: skip


def _there(live: Sequence[Delivery]) -> There:
    """Return how what is in the books, or on its way there, stands: another tick would change nothing of it."""
    fixed = [one for one in live if one.state in {DeliveryState.POSTED, *views.MOVING}]
    lines = views.status_lines(fixed, history.standing(fixed), ())
    return {(one.source, one.kind): line for one, line in zip(fixed, lines, strict=True)}


def _vendors(
    order: Order, installation: Installation, choices: Choices, *, known: Gathered, there: There,
    places: Mapping[str, mappings.Choice], changed: Collection[str],
) -> list[Vendor]:  # fmt: skip
    kinds = [kind for kind in (Bill.kind, PurchaseOrder.kind) if kind in installation.documents]
    companies = purchases.vendors_of(order) if kinds else {}
    rows = list(search(installation.id, RecordKind.VENDOR, "", limit=SHOWN + 1).rows) if companies else []
    totals, found = _totals(order), []
    numbers = purchases.numbers_of(order, known, Bill.kind)
    for vendor_id, company in companies.items():
        ticks = [
            Ticked(
                value=f"{kind}/{vendor_id}", label=_(title_of(kind)), allowed=True,
                ticked=purchases.is_wanted(choices, kind, vendor_id),
                there=there.get((f"order/{order.id}/vendor/{vendor_id}", kind)),
            )
            for kind in kinds
        ]  # fmt: skip
        found.append(Vendor(
            company=company, vendor=_vendor(installation, known, choices, company, rows), documents=ticks,
            linked=(RecordKind.VENDOR, vendor_id) in known.links, total=totals[vendor_id],
            number=choices.answers.get(f"bill/{vendor_id}:number", order.bill_numbers.get(vendor_id, "")),
            number_hint=numbers[vendor_id],
            accounts=[
                _field(installation, places[role], choices, vendor_id)
                for role in purchases.ROLES if role in places
            ],
            is_open=any(one.there is None or one.value in changed for one in ticks),
        ))  # fmt: skip
    return found


def _vendor(
    installation: Installation, known: Gathered, choices: Choices, company: Company, rows: Sequence[RecordRow]
) -> Chooser:
    chosen = choices.vendors.get(company.id) or purchases.vendor_of(known, company) or NEW
    row = known.entries.get((RecordKind.VENDOR, chosen))
    known_rows = [*rows, *([row] if row is not None and row not in rows else [])]
    return choosing.of_rows(
        installation, RecordKind.VENDOR, known_rows, chosen, always=[(NEW, _("Create New Vendor"))]
    )  # fmt: skip


def _totals(order: Order) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in order.lines:
        if line.vendor is not None and purchases.is_bought(line):
            cost = in_cents(line.quantity * (line.cost or Decimal(0)))
            found[line.vendor.id] = found.get(line.vendor.id, Decimal("0.00")) + cost
    return found


def _field(installation: Installation, place: mappings.Choice, choices: Choices, vendor_id: str = "") -> AccountField:
    role = place.field.key
    key = f"{role}/{vendor_id}" if vendor_id else role
    chosen = choices.accounts.get(key) or choices.accounts.get(role, "")
    control = choosing.account_chooser(installation, place, chosen)
    return AccountField(name=f"account-{key}", label=_(place.field.label), role=role, control=control)


def _is_needed(role: str, order: Order) -> bool:
    needs = {Role.DISCOUNT: order.discount, Role.DEPOSIT: order.payments, Role.TERMS: order.total >= 0}
    return bool(needs.get(Role(role), True))


def _has_place(given: answers.Given) -> bool:
    """Return True if an answer has a field of its own in the form: the number of a vendor's invoice."""
    return given.about.startswith("bill/") and given.kind == "number"
