"""The view model of the send dialog: for each document the choices, the problems and a preview."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias

from hub.books import history, mappings
from hub.books.search import SHOWN, search_records
from hub.host import Company, Order
from hub.integrations import registry
from hub.models import Delivery, Installation, RecordRow
from hub.orders.context import load_context
from hub.planning import fixes
from hub.planning.choices import Choices, choice_of_new, creates_new
from hub.planning.context import PlanningContext, company_key
from hub.planning.kinds import builder_of
from hub.planning.kinds.payment import takes_deposits
from hub.planning.kinds.purchase import numbers_of
from hub.planning.kinds.sale import sale_kind
from hub.planning.parts import VENDOR_ROLES, is_bought, named_by, vendors_of
from hub.planning.plan import plan
from hub.planning.plans import Action, Plan, Step
from hub.plugin import (
    Bill,
    Books,
    FixKind,
    Integration,
    Invoice,
    Payment,
    Per,
    Problem,
    RecordKind,
    Role,
    Sale,
    document_kinds,
    in_cents,
    kind_of,
    kinds_per,
    title_of,
)
from hub.states import DeliveryState
from hub.translating import _
from hub.web import choosing, views
from hub.web.choosing import Chooser

There: TypeAlias = Mapping[tuple[str, str], views.DeliveryStatus]
"""How documents stand, by source and kind."""

ROLES = (
    Role.RECEIVABLE, Role.INCOME, Role.DISCOUNT, Role.DEPOSIT, Role.TERMS, Role.CLASS, Role.LOCATION
)  # fmt: skip
"""What a person may choose for what an order sells, where the books take it."""

_LINES = 200
"""Lines of a document that the preview shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountField:
    """A dropdown for an account: the name of its form field, its label, and its control."""

    name: str
    label: str
    role: str
    control: Chooser


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """A document that can be ticked, by the value of its checkbox; or its status, if it is in the books or on its way.
    """

    value: str
    label: str
    ticked: bool
    allowed: bool
    there: views.DeliveryStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """The purchase from one vendor."""

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
    """A document as it would be posted: its first lines, how many more there are, and its total."""

    title: str
    party: str
    lines: Sequence[tuple[str, str, Decimal, Decimal, Decimal]]
    more: int
    sums: Sequence[tuple[str, Decimal]]
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The send dialog before Send is clicked."""

    order: Order
    installation: Installation
    integration: Integration
    choices: Choices
    problems: Sequence[Problem]
    customer: Chooser
    linked: bool
    tax: Chooser
    sale: Ticked
    others: Sequence[Ticked]
    accounts: Sequence[AccountField]
    vendors: Sequence[Vendor]
    given: Sequence[fixes.Given]
    books: Books
    revisions: Sequence[Step]
    previews: Sequence[Preview]
    payments_left: Decimal
    deposits: bool

    @property
    def product(self) -> str:
        """The product's short name: "QuickBooks"."""
        return self.integration.label.split()[0]

    def at(self, *fields: str, vendor: str | None = None) -> list[Problem]:
        """Return the problems that one of these fields solves: all of them, those of one vendor, or with an empty id
        those of no vendor. A problem of no vendor that can be solved in a vendor's fields is shown at the first vendor
        that is open."""
        found = [one for one in self.problems if one.field in fields]
        if vendor is None:
            return found
        first = vendor == next((one.company.id for one in self.vendors if one.is_open), None)
        first = first and "number" not in fields
        return [one for one in found if (of := one.about.partition("/")[2]) == vendor or (first and not of)]

    @property
    def elsewhere(self) -> list[Problem]:
        """The problems that are shown beside no field."""
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
        """The documents in the books that the form can change."""
        return find_updatable(self.revisions)

    @property
    def answered(self) -> set[str]:
        """The keys of fixes that have a field of their own."""
        return {one.key for one in self.given} | {f"bill/{one.company.id}:number" for one in self.vendors}

    @property
    def sale_is_open(self) -> bool:
        """True if the choices of the invoice or credit memo still matter."""
        return self.sale.there is None or self.sale.value in self.updatable or bool(self.payments_left)

    @property
    def is_done(self) -> bool:
        """True if nothing of the order is left to be sent, changed or voided from here."""
        left = self.sale_is_open or self.deposits or any(one.there is None for one in self.others)
        left = left or any(one.is_open for one in self.vendors)
        return not left and not any(one.needs_tick for one in self.revisions) and not self.problems


def build_form(
    order: Order, installation: Installation, choices: Choices, live: Sequence[Delivery],
    problems: Sequence[Problem] = (),
) -> Form:  # fmt: skip
    """Return the send dialog of an order, prefilled. The number of queries is the same for one vendor and for two
    hundred."""
    integration = registry.find_integration(installation.integration)
    places = {place.field.key: place for place in mappings.list_choices(installation, integration)}
    # What is suggested stands in the form already and is sent with it, so it is not missing.
    wanted = {*ROLES, *VENDOR_ROLES}
    suggestions = {role: place.chosen.id for role, place in places.items() if role in wanted and place.chosen}
    context = load_context(installation, [(order, choices)], suggested=suggestions)
    made = plan(order, choices, context)
    of_order = {role: ref.id for role, ref in named_by(order, context).items()}
    shown = replace(choices, accounts={**suggestions, **of_order, **choices.accounts})
    there = _find_there(live)
    # A cancelled order can only be voided; that is what its form is for, and no problem.
    found = problems or (() if order.cancelled and made.differences else made.blockers)
    return Form(
        order=order, installation=installation, integration=integration, choices=choices, problems=found,
        customer=_customer_chooser(installation, context, order, choices),
        linked=(RecordKind.CUSTOMER, order.company.id) in context.links,
        tax=choosing.tax_chooser(installation, integration, choices.tax),
        sale=_sale_ticked(order, installation, choices, there), others=_other_ticked(order, context, choices, there),
        accounts=[
            _account_field(installation, place, shown)
            for role in ROLES if (place := places.get(role)) is not None and _is_needed(role, order)
        ],
        vendors=_build_vendors(
            order, installation, shown, context=context, there=there, places=places,
            changed=find_updatable(made.differences),
        ),
        given=[
            one for one in fixes.given(choices.answers)
            if not _has_place(one) and one.key in made.choices.answers and not _is_settled(one, order, context)
        ],
        books=context.books, revisions=made.differences, previews=build_previews(made),
        payments_left=payments_left(order, live),
        deposits=bool(order.payments) and takes_deposits(order, context),
    )  # fmt: skip


def find_updatable(differences: Iterable[Step]) -> set[str]:
    """Return the documents in the books that a form can change."""
    return {one.about for one in differences if one.needs_tick and one.action is not Action.VOID}


def _customer_chooser(installation: Installation, context: PlanningContext, order: Order, choices: Choices) -> Chooser:
    """Return the control for the customer."""
    new = _choice_of_new(context, RecordKind.CUSTOMER, order.company, choices.customer)
    chosen = choices.customer or _known(context, RecordKind.CUSTOMER, order, order.company) or new
    return choosing.build_chooser(installation, RecordKind.CUSTOMER, chosen, always=[(new, _("Create New Customer"))])


def _known(context: PlanningContext, kind: RecordKind, order: Order, company: Company) -> str:
    """Return the id of the customer or vendor that an order's company is, empty for nobody."""
    stays = context.party_sent_to(order, kind, company)
    return stays.id if stays is not None else context.party_of(kind, company)


def _choice_of_new(context: PlanningContext, kind: RecordKind, company: Company, chosen: str) -> str:
    """Return the choice to create a record instead of the one that the form shows; as it was chosen, if it was."""
    if creates_new(chosen):
        return chosen
    entered = context.existing.get(company_key(kind, company))
    posted = entered.posting.id if entered is not None and entered.posting is not None else ""
    return choice_of_new(posted or context.party_of(kind, company))


def has_more(order: Order, live: Sequence[Delivery]) -> bool:
    """Return True if the order has payments that came in after it was sent, or if only deposits of it were sent."""
    if live and all(one.kind == Payment.kind and one.state is DeliveryState.POSTED for one in live):
        return not order.cancelled
    return bool(payments_left(order, live))


def payments_left(order: Order, live: Sequence[Delivery]) -> Decimal:
    """Return the amount received for an order after its invoice was posted, and not sent yet."""
    sent = {one.source for one in live}
    posted = any(one.kind == Invoice.kind and one.state is DeliveryState.POSTED for one in live)
    left = [one.amount for one in order.payments if f"order/{order.id}/payment/{one.id}" not in sent]
    return sum(left, Decimal("0.00")) if posted and not order.cancelled else Decimal("0.00")


def build_previews(made: Plan) -> list[Preview]:
    """Return a preview of each document that would be posted."""
    return [
        _build_preview(step.subject) for step in made.documents
        if step.action is not Action.VOID and step.subject is not None
    ]  # fmt: skip


def _build_preview(document: Any) -> Preview:
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


def _sale_ticked(order: Order, installation: Installation, choices: Choices, there: There) -> Ticked:
    kind = sale_kind(order)
    allowed = kind in installation.documents
    return Ticked(
        value=kind, label=_(title_of(kind, order.number)), ticked=choices.sells and allowed, allowed=allowed,
        there=there.get((f"order/{order.id}", kind)),
    )  # fmt: skip


def _other_ticked(order: Order, context: PlanningContext, choices: Choices, there: There) -> list[Ticked]:
    """Return the further kinds with one document per order."""
    return [
        Ticked(
            value=kind.key, label=_(kind.title), ticked=choices.asks_for(kind.key), allowed=True,
            there=there.get((f"order/{order.id}", kind.key)),
        )
        for kind in document_kinds().values()
        if kind.per is Per.ORDER and not kind.excludes and kind.key in context.allowed
        and (builder := builder_of(kind.key)) is not None and builder.applies_to(order)
    ]  # fmt: skip


def _find_there(live: Sequence[Delivery]) -> There:
    """Return the status of documents that are in the books, or on their way: ticking them again would change nothing.
    """
    fixed = [one for one in live if one.state in {DeliveryState.POSTED, *views.MOVING}]
    statuses = views.build_delivery_statuses(fixed, history.find_transactions(fixed), ())
    return {(one.source, one.kind): status for one, status in zip(fixed, statuses, strict=True)}


def _build_vendors(
    order: Order, installation: Installation, choices: Choices, *, context: PlanningContext, there: There,
    places: Mapping[str, mappings.Choice], changed: Collection[str],
) -> list[Vendor]:  # fmt: skip
    kinds = [kind for kind in document_kinds() if kind in kinds_per(Per.VENDOR) and kind in installation.documents]
    companies = vendors_of(order) if kinds else {}
    rows = list(search_records(installation.id, RecordKind.VENDOR, "", limit=SHOWN + 1).rows) if companies else []
    totals, found = _vendor_totals(order), []
    numbers = numbers_of(order, context, Bill.kind)
    for vendor_id, company in companies.items():
        ticks = [
            Ticked(
                value=f"{kind}/{vendor_id}", label=_(title_of(kind)), allowed=True,
                ticked=choices.asks_for(kind, vendor_id),
                there=there.get((f"order/{order.id}/vendor/{vendor_id}", kind)),
            )
            for kind in kinds
        ]  # fmt: skip
        found.append(Vendor(
            company=company, vendor=_vendor_chooser(installation, context, choices, company, rows, order=order),
            documents=ticks,
            linked=(RecordKind.VENDOR, vendor_id) in context.links, total=totals[vendor_id],
            number=choices.answers.get(f"bill/{vendor_id}:number", order.bill_numbers.get(vendor_id, "")),
            number_hint=numbers[vendor_id],
            accounts=[
                _account_field(installation, places[role], choices, vendor_id)
                for role in VENDOR_ROLES if role in places
            ],
            is_open=any(one.there is None or one.value in changed for one in ticks),
        ))  # fmt: skip
    return found


def _vendor_chooser(
    installation: Installation, context: PlanningContext, choices: Choices, company: Company,
    rows: Sequence[RecordRow], *, order: Order,
) -> Chooser:  # fmt: skip
    said = choices.vendors.get(company.id, "")
    new = _choice_of_new(context, RecordKind.VENDOR, company, said)
    chosen = said or _known(context, RecordKind.VENDOR, order, company) or new
    row, ids = context.records.get((RecordKind.VENDOR, chosen)), {row.record_id for row in rows}
    further = [(row.ref.id, row.ref.name)] if row is not None and row.ref.id not in ids else []
    return choosing.chooser_of_rows(
        installation, RecordKind.VENDOR, rows, chosen, always=[(new, _("Create New Vendor"))], further=further
    )  # fmt: skip


def _vendor_totals(order: Order) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in order.lines:
        if line.vendor is not None and is_bought(line):
            cost = in_cents(line.quantity * (line.cost or Decimal(0)))
            found[line.vendor.id] = found.get(line.vendor.id, Decimal("0.00")) + cost
    return found


def _account_field(
    installation: Installation, place: mappings.Choice, choices: Choices, vendor_id: str = ""
) -> AccountField:
    role = place.field.key
    key = f"{role}/{vendor_id}" if vendor_id else role
    chosen = choices.accounts.get(key) or choices.accounts.get(role, "")
    control = choosing.account_chooser(installation, place, chosen)
    return AccountField(name=f"account-{key}", label=_(place.field.label), role=role, control=control)


def _is_needed(role: str, order: Order) -> bool:
    needs = {Role.DISCOUNT: order.discount, Role.DEPOSIT: order.payments, Role.TERMS: order.total >= 0}
    return bool(needs.get(Role(role), True))


def _is_settled(given: fixes.Given, order: Order, context: PlanningContext) -> bool:
    """Return True if a person said for good that a document is not in the books."""
    own = (one.fixes.get(given.key) for one in context.of_order(order))
    return given.kind is FixKind.ANEW and given.value in own


def _has_place(given: fixes.Given) -> bool:
    """Return True if a fix has a field of its own in the form: the number of a vendor's invoice."""
    return given.about.startswith("bill/") and given.kind == "number"
