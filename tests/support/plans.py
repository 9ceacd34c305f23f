"""Planning contexts and generated orders with vendors, without a database."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from hub.host import Company, Order, OrderLine
from hub.planning.choices import Choices
from hub.planning.context import Existing, KnownRecord, PlanningContext, Progress
from hub.planning.plans import Action, Plan, Step
from hub.plugin import (
    AT_ONCE,
    DEPOSITS,
    AccountKind,
    Books,
    Capabilities,
    MappingField,
    Posting,
    Prerequisite,
    Prerequisites,
    RecordKind,
    Ref,
    Role,
    document_kinds,
    in_cents,
    kind_of,
    name_key,
)
from tests.support.generated_orders import orders

VENDORS = (Company(id="s1", name="Mug Makers"), Company(id="s2", name="Pen People"))

EVERYTHING = Capabilities(
    documents=frozenset(document_kinds()), lists=tuple(RecordKind), revises=frozenset({*document_kinds(), "customer"}),
    creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
    voids=frozenset({"invoice", "credit_memo"}), shared_names=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR}),
)  # fmt: skip

ROLES = (Role.INCOME, Role.COST, Role.PAYABLE, Role.DEPOSIT, Role.SALES_TAX_ITEM)


INCOME = MappingField(
    key=Role.INCOME, label="Income", accepts=(AccountKind.INCOME,), needed_for=frozenset({"invoice"})
)


def empty_books() -> PlanningContext:
    """Books that take everything, with nobody and nothing in them but accounts."""
    return PlanningContext(
        product="Pretend Books", books=Books(id="1", name="Books", currency="USD"), capabilities=EVERYTHING,
        mapping_fields=[INCOME], options={DEPOSITS.key: AT_ONCE}, allowed=frozenset(document_kinds()),
        item_source="number", billable=True,
        mapped={role: Ref(id=f"{role}-1", name=role) for role in ROLES},
    )  # fmt: skip


@st.composite
def orders_with_vendors(draw: st.DrawFn) -> Order:
    """An order of some lines that are bought."""
    order = draw(orders())

    def bought(line: OrderLine) -> OrderLine:
        cost = in_cents(draw(st.integers(0, 10_000)) * Decimal("0.01"))
        return replace(line, vendor=draw(st.sampled_from([None, *VENDORS])), cost=cost)

    return replace(order, lines=tuple(map(bought, order.lines)))


wanted = st.sets(st.sampled_from(["invoice", "bill", "purchase_order", "bill/s2", "payment"])).map(sorted)
choices = st.builds(
    Choices, documents=wanted.map(tuple), customer=st.sampled_from(["", "new"]), tax=st.sampled_from(["", "item"]),
    vendors=st.dictionaries(st.sampled_from(["s1", "s2"]), st.just("new")),
    answers=st.dictionaries(
        st.sampled_from(["date", "invoice:number", "bill/s1:number", "customer:name"]), st.just("2026-11-20")
    ),
)  # fmt: skip


def delivered(context: PlanningContext, made: Plan) -> PlanningContext:
    """The context once everything of a plan is in the books as it was sent."""
    existing, records, links = dict(context.existing), dict(context.records), dict(context.links)
    active = dict(context.active)
    for number, step in enumerate(made.steps, start=1):
        if not step.will_write:
            continue
        one = existing[step.key] = _posted(step, made, existing, number)
        assert one.posting is not None
        if not step.is_document:
            kind, name = RecordKind(step.kind), step.subject.name  # type: ignore[union-attr]  # It is a record.
            row = KnownRecord(kind=kind, ref=Ref(id=one.posting.id, name=name), active=True)
            records[kind, row.ref.id] = active[kind, name_key(name)] = row
            if step.source.startswith("company/"):
                links[kind, step.source.removeprefix("company/")] = row.ref
    standing = {made.order.id: frozenset(one.kind for one in existing.values() if one.order_id == made.order.id)}
    return replace(context, existing=existing, records=records, active=active, links=links, standing=standing)


def _posted(step: Step, made: Plan, existing: dict[tuple[str, str], Existing], number: int) -> Existing:
    subject = step.subject
    assert subject is not None
    if step.is_document:
        needed = [existing[key] for key in step.needs if existing[key].posting is not None]
        subject = kind_of(step.kind).bind(subject, Prerequisites(map(_prerequisite, needed)))
    revised = step.action is Action.UPDATE and step.existing is not None and step.existing.posting is not None
    posting = Posting(
        id=step.existing.posting.id if revised else f"{step.kind}-{number}",  # type: ignore[union-attr]  # Just looked.
        number=getattr(subject, "number", getattr(subject, "name", "")), total=getattr(subject, "total", Decimal(0)),
        version=str(number), lines=tuple(f"{number}.{place}" for place in range(len(getattr(subject, "lines", ())))),
    )  # fmt: skip
    return Existing(
        id=number, key=step.key, order_id=made.order.id if step.is_document else "", title=step.title,
        progress=Progress.POSTED, is_stopped=False, can_cancel=False, voids=step.action is Action.VOID,
        current=subject, posted=subject, posting=posting, needs=step.needs,
        fixes=dict(made.choices.answers) if step.is_document else {},
    )  # fmt: skip


def _prerequisite(one: Existing) -> Prerequisite:
    assert one.posting is not None
    return Prerequisite(
        kind=one.kind, ref=Ref(id=one.posting.id, name=one.posting.number), lines=one.posting.lines,
        name=one.key[0].partition("/")[2],
    )  # fmt: skip


