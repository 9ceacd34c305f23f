"""The parts of an order's documents: its customer, vendors and items in the books, accounts and tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hub.host import Company, Order, OrderLine
from hub.planning import fixes, names
from hub.planning.choices import Choices, creates_new
from hub.planning.context import Existing, Key, KnownRecord, PlanningContext, Progress, company_key, item_key
from hub.planning.tax import TaxMode
from hub.plugin import (
    Document,
    Fix,
    FixKind,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Problem,
    RecordKind,
    Ref,
    Role,
    name_key,
    noun,
    record_kind_of,
    say,
)

VENDOR_ROLES = (Role.PAYABLE, Role.COST)
"""What can be chosen for each vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPart:
    """A record that documents need. `replaces` says that it is created although we entered one before."""

    key: Key
    about: str
    record: NewRecord
    problems: tuple[Problem, ...] = ()
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A company or an order line in the books: an existing record, or a new one that has no id yet."""

    ref: Ref
    links: bool = True
    new: NewPart | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that a document with this part waits for."""
        return (self.new.key,) if self.new is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of an order's documents. `items` has one for each line, `vendors` one for each vendor's id; `refs` is
    what fills a role, or "<role>/<vendor>" for one vendor. With `changes_customer` the customer is changed in the
    books, and the documents that name it wait for that."""

    order: Order
    choices: Choices
    context: PlanningContext
    refs: Mapping[str, Ref]
    tax: TaxMode
    customer: Part
    items: tuple[Part, ...]
    vendors: Mapping[str, Part] = field(default_factory=dict)
    changes_customer: bool = False

    def refs_of(self, vendor_id: str) -> dict[str, Ref]:
        """Return what fills each role for a vendor: what was chosen for it alone comes first."""
        return accounts_of(vendor_id, self.refs)

    def will_stand(self, key: Key, part: str = "") -> bool:
        """Return True if a document of the order is in the books, on its way there, or written by the plan. A document
        that is gone or being voided counts only if it is chosen to be created again."""
        existing = self.context.existing.get(key)
        if existing is None:
            return self.choices.asks_for(key[1], part)
        if existing.is_gone or existing.voids:
            return existing.is_gone and existing.about in self.choices.updates
        return True

    @property
    def new(self) -> list[NewPart]:
        """The records that would be created, each once: customer, vendors, items."""
        found: dict[Key, NewPart] = {}
        for one in (self.customer, *self.vendors.values(), *self.items):
            if one.new is not None:
                found.setdefault(one.new.key, one.new)
        return list(found.values())


def parts_of(order: Order, choices: Choices, context: PlanningContext) -> Parts:
    """Return the parts of an order's documents."""
    refs, customer = refs_of(order, choices, context), _customer(order, choices, context)
    others = _with_name_of(customer, context)
    vendors = {vendor_id: _vendor(order, company, choices, others) for vendor_id, company in vendors_of(order).items()}
    return Parts(
        order=order, choices=choices, context=context, refs=refs, tax=TaxMode.parse(choices.tax),
        customer=customer, vendors=vendors,
        items=tuple(_item(line, refs, choices, context) for line in order.lines),
    )  # fmt: skip


def _with_name_of(customer: Part, context: PlanningContext) -> PlanningContext:
    """Return the context for the vendors, in which the name of a new customer is taken where they share their names."""
    if customer.new is None or RecordKind.CUSTOMER not in context.capabilities.shared_names:
        return context
    name = str(customer.new.record.name)
    taken = KnownRecord(kind=RecordKind.CUSTOMER, ref=Ref(id="", name=name), active=True)
    key = name_key(name)
    return replace(context, names={**context.names, key: [*context.names.get(key, ()), taken]})


def refs_of(order: Order, choices: Choices, context: PlanningContext) -> dict[str, Ref]:
    """Return what fills each role: the choice for a vendor or for the order, the order, what is saved, what is
    suggested, in this order."""
    chosen = {
        role: row.ref for role, record_id in choices.accounts.items()
        if (row := context.records.get((record_kind_of(role), record_id))) is not None
    }  # fmt: skip
    found = {**context.suggested, **context.mapped, **named_by(order, context), **chosen}
    return {role: ref for role, ref in found.items() if context.books.tracks(record_kind_of(role))}


def named_by(order: Order, context: PlanningContext) -> dict[str, Ref]:
    """Return what of the books an order names itself, by role. What they do not have is left out."""
    said = {Role.TERMS: order.terms, Role.CLASS: order.tracking_class, Role.LOCATION: order.location}
    rows = {role: context.named(record_kind_of(role), name) for role, name in said.items() if name}
    return {role: row.ref for role, row in rows.items() if row is not None}


def accounts_of(vendor_id: str, refs: Mapping[str, Ref]) -> dict[str, Ref]:
    """Return what fills each role, with what is chosen for this vendor in its place."""
    return {**refs, **{str(role): refs[key] for role in VENDOR_ROLES if (key := f"{role}/{vendor_id}") in refs}}


def vendors_of(order: Order) -> dict[str, Company]:
    """Return from whom an order buys, by id, in the order of its lines."""
    return {line.vendor.id: line.vendor for line in order.lines if line.vendor is not None and is_bought(line)}


def is_bought(line: OrderLine) -> bool:
    """Return True if a line is bought from a vendor for its order. What a customer gives back is not."""
    return line.vendor is not None and line.quantity > 0


def item_name(line: OrderLine, source: str) -> str:
    """Return by which name an order's line is looked for among the items: the chosen field, else the first that has a
    value. Empty if there is none."""
    chosen = line.fields.get(source) or next((value for value in line.fields.values() if value), "")
    return " ".join(chosen.split())


def customer_of(order: Order) -> NewCustomer:
    """Return the order's company as a customer in the books."""
    company = order.company
    return NewCustomer(
        name=company.name, email=company.email, phone=company.phone, billing=company.billing,
        shipping=company.shipping, currency=order.currency,
    )  # fmt: skip


def _customer(order: Order, choices: Choices, context: PlanningContext) -> Part:
    problem = Problem(
        code="customer-inactive", what=say("This customer is not (or no longer) active in the books."),
        cure=say("Choose another customer, or create a new one."), field="customer",
    )  # fmt: skip
    about = str(RecordKind.CUSTOMER)
    wanted = Wanted(order=order, company=order.company, chosen=choices.customer, new=customer_of(order), about=about)
    return _party(wanted, problem, choices, context)


def _vendor(order: Order, company: Company, choices: Choices, context: PlanningContext) -> Part:
    about = f"{RecordKind.VENDOR}/{company.id}"
    problem = Problem(
        code="vendor-inactive",
        what=say("The vendor chosen for %(vendor)s is not (or no longer) active.", vendor=company.name),
        cure=say("Choose another vendor, or create a new one."), field="vendor", about=about,
    )  # fmt: skip
    new = NewVendor(
        name=company.name, email=company.email, phone=company.phone, address=company.billing, currency=order.currency
    )
    chosen = choices.vendors.get(company.id, "")
    wanted = Wanted(order=order, company=company, chosen=chosen, new=new, about=about)
    return _party(wanted, problem, choices, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A company that documents need as a customer or vendor: who was chosen, and what a new one would be."""

    order: Order
    company: Company
    chosen: str
    new: NewCustomer | NewVendor
    about: str


def _party(wanted: Wanted, inactive: Problem, choices: Choices, context: PlanningContext) -> Part:
    """Return who a company is: who was chosen, else who it is known as, else whom we entered for it, else a new one.

    A company that a person has unlinked is nobody until one is chosen; an order that is in the books stays with whom it
    is sent to.
    """
    company, chosen, new, about = wanted.company, wanted.chosen, wanted.new, wanted.about
    kind, key = new.kind, company_key(new.kind, company)
    stays = None if chosen else context.party_sent_to(wanted.order, kind, company)
    if stays is not None:
        return Part(ref=stays, links=False)
    known = chosen or context.party_of(kind, company)
    if known and not creates_new(known):
        row = context.records.get((kind, known))
        if row is not None and row.active:
            return Part(ref=row.ref)
        return Part(ref=Ref(id="", name=company.name), problems=(inactive,))
    former = None if chosen else context.former_party(kind, company)
    if former is not None:
        return Part(ref=Ref(id="", name=company.name), problems=(_unlinked(wanted, former),))
    entered, existing = context.entered(kind, company), context.existing.get(key)
    if entered is not None and entered.posting is not None and entered.posting.id != chosen.partition(":")[2]:
        return Part(ref=Ref(id=entered.posting.id, name=entered.posting.number or company.name))
    problems: tuple[Problem, ...] = ()
    record = fixes.put(new, about, choices.answers)
    if existing is None or existing.progress in {Progress.FREE, Progress.POSTED}:
        record, problems = names.find_free_name(record, context, is_wanted=creates_new(chosen))
    replaces = existing is not None and existing.is_posted
    part = NewPart(key=key, about=about, record=record, problems=fixes.mark(problems, about), replaces=replaces)
    return Part(ref=Ref(id="", name=company.name), new=part)


def name_party(document: Document, kind: RecordKind, party: Ref) -> Document:
    """Return a document of which the customer or vendor is known by now, where it had no id yet."""
    changes: dict[str, Any] = {}
    named = getattr(document, kind, None)
    if named is not None and not named.id:
        changes[str(kind)] = party
    if kind is RecordKind.CUSTOMER and hasattr(document, "lines"):
        changes["lines"] = tuple(
            replace(line, customer=party) if line.customer is not None and not line.customer.id else line
            for line in document.lines
        )
    return replace(document, **changes)


def _unlinked(wanted: Wanted, former: Ref) -> Problem:
    kind, company = wanted.new.kind, wanted.company
    use = Fix(label=say("Use “%(name)s”", name=former.name), kind=FixKind.CUSTOMER, value=former.id)
    return Problem(
        code="company-unlinked", about=wanted.about, field=str(kind),
        what=say("%(company)s is not linked to a %(kind)s any more.", company=company.name, kind=noun(kind)),
        why=say("Somebody unlinked it from “%(name)s”.", name=former.name),
        cure=say("Choose the %(kind)s, or create a new one.", kind=noun(kind)),
        fixes=(use,) if kind is RecordKind.CUSTOMER else (),
    )  # fmt: skip


def _item(line: OrderLine, refs: Mapping[str, Ref], choices: Choices, context: PlanningContext) -> Part:
    name = item_name(line, context.item_source)
    row, alike = context.named(RecordKind.ITEM, name), context.alike_items.get(name_key(name), ())
    if row is not None or len(alike) == 1:
        return Part(ref=(row or alike[0]).ref)
    ref = Ref(id="", name=name)
    if alike:
        return Part(ref=ref, problems=(_several_items(name, alike, context.product),))
    return _unknown_item(line, name, refs, choices, context)


def _unknown_item(
    line: OrderLine, name: str, refs: Mapping[str, Ref], choices: Choices, context: PlanningContext
) -> Part:
    """Return the item that we have entered under a name, or a new one."""
    ref, existing = Ref(id="", name=name), context.existing.get(item_key(name))
    if not name:
        what = say("The line “%(line)s” has nothing that could name its item.", line=line.name or line.description)
        cure = say("Fill in the product number on the order, or let the product name be used (Details).")
        return Part(ref=ref, problems=(Problem(code="item-unnamed", what=what, cure=cure, field="lines"),))
    if existing is not None and existing.posting is not None and context.is_usable(existing):
        return Part(ref=Ref(id=existing.posting.id, name=name))
    income = next((one for one in context.mapping_fields if one.key == Role.INCOME), None)
    if income is None or RecordKind.ITEM not in context.capabilities.creates:
        return Part(ref=ref, problems=(Problem(
            code="item-missing", what=say("“%(name)s” is not among the products of the books.", name=name),
            why=say("%(product)s takes no new ones from here.", product=context.product),
            cure=say("Enter it there, then refresh the lists on the Details tab."), field="lines",
        ),))  # fmt: skip
    if Role.INCOME not in refs:
        return Part(ref=ref, problems=(mapping_missing(income.key, income.label),))
    return Part(ref=ref, new=_new_item(line, name, refs, existing, choices))


def _several_items(name: str, alike: Sequence[KnownRecord], product: str) -> Problem:
    return Problem(
        code="item-ambiguous",
        what=say(
            "%(product)s has %(count)s items that “%(name)s” may mean: %(items)s.", product=product, name=name,
            count=len(alike), items=", ".join(one.ref.name for one in alike[:5]),
        ),
        why=say("None of them has exactly this name."),
        cure=say("Write the whole name on the order line, with what stands before the colon."), field="lines",
    )  # fmt: skip


def _new_item(
    line: OrderLine, name: str, refs: Mapping[str, Ref], existing: Existing | None, choices: Choices
) -> NewPart:
    # Without an account for its cost the books would sell it and refuse to buy it.
    cost = accounts_of(line.vendor.id if line.vendor else "", refs).get(Role.COST)
    record = NewItem(
        name=name, description=line.description or line.name, price=line.price, taxable=line.taxable,
        income=refs[Role.INCOME], cost=cost,
    )  # fmt: skip
    about = fixes.about_item(name)
    return NewPart(
        key=item_key(name), about=about, record=fixes.put(record, about, choices.answers),
        replaces=existing is not None and existing.is_posted,
    )  # fmt: skip


def mapping_missing(role: str, label: str) -> Problem:
    """Return the problem that nothing fills a role."""
    return Problem(
        code="mapping-missing", what=say("%(role)s is not chosen yet.", role=say(label)),
        why=say("The books need it for this document."),
        cure=say("Choose it here, or for all orders on the Accounts tab of the settings."), field=role,
    )  # fmt: skip
