"""From an order, a person's choices and what is known to a plan: the one place where this is decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hub.host import Order
from hub.planning import checks, steps
from hub.planning.choices import Choices
from hub.planning.context import Existing, PlanningContext, Progress
from hub.planning.kinds import builder_of
from hub.planning.parts import Parts, named_by, parts_of
from hub.planning.plans import Action, Plan, Step
from hub.plugin import Per, RecordKind, Ref, document_kinds, kind_of


def plan(order: Order, choices: Choices, context: PlanningContext) -> Plan:
    """Return what an order would become in the books with these choices."""
    choices = _whole(order, choices)
    parts = parts_of(order, choices, _with_fixes(order, choices, context))
    update = steps.customer_update(parts)
    parts = replace(parts, changes_customer=update is not None and update.will_write)
    if order.cancelled:
        documents, records = list(steps.superseded_steps(parts)), list[Step]()
    else:
        documents = _with_needs_of_voids(parts, _document_steps(parts))
        records = [*steps.record_steps(parts, documents), *((update,) if update is not None else ())]
    found = [*records, *documents, *steps.unneeded_steps(parts, documents)]
    problems = checks.order_problems(parts, found)
    return Plan(
        order=order, choices=_completed(order, choices, context), steps=tuple(found), links=_links(parts, found),
        problems=problems,
    )  # fmt: skip


def plan_many(wanted: Sequence[tuple[Order, Choices]], context: PlanningContext) -> list[Plan]:
    """Return the plans of several orders, each made as if those before it had been applied where they could be."""
    found = []
    for order, choices in wanted:
        made = plan(order, choices, context)
        found.append(made)
        if not made.blockers:
            context = after(context, made)
    return found


def after(context: PlanningContext, made: Plan) -> PlanningContext:
    """Return the context as it is once a plan has been applied: its new records are on their way, its companies are
    linked, and what it does not need any more is not needed by it."""
    existing = dict(context.existing)
    for step in made.steps:
        if step.action is Action.CANCEL and step.wanted:
            existing.pop(step.key, None)
        elif step.will_write and step.subject is not None and not step.is_document:
            existing[step.key] = _on_its_way(step)
        elif step.will_write and step.existing is not None:
            for need in step.existing.needs:
                if need in existing:
                    freed = existing[need].needed_by - {step.existing.id}
                    existing[need] = replace(existing[need], needed_by=freed)
    return replace(context, existing=existing, links={**context.links, **made.links})


def _on_its_way(step: Step) -> Existing:
    assert step.subject is not None
    before = step.existing
    return Existing(
        id=before.id if before else 0, key=step.key, order_id="", title=step.title, progress=Progress.MOVING,
        is_stopped=False, can_cancel=False, voids=False, current=step.subject, posted=step.subject,
        posting=before.posting if before and step.action is Action.UPDATE else None,
    )  # fmt: skip


def _document_steps(parts: Parts) -> list[Step]:
    """Return a step for each document that the order has, and for each that it had and is in the books."""
    found: list[Step] = []
    for kind in sorted(document_kinds().values(), key=lambda kind: len(kind.after)):  # What waits comes last.
        builder = builder_of(kind.key)
        if builder is not None and builder.applies_to(parts.order):
            found += [steps.document_step(parts, kind, one) for one in builder.build(parts)]
    found = list(_in_order_of_change(parts, found))
    keys = {step.key for step in found}
    left = [*steps.dropped_steps(parts, keys), *steps.disowned_steps(parts, keys)]
    return [*steps.superseded_steps(parts), *found, *left]


def _in_order_of_change(parts: Parts, found: list[Step]) -> Iterator[Step]:
    """Yield the steps with the order of changes that the books need: in some, the change of a bill comes before that of
    its purchase order, whose lines the bill uses."""
    changing = {step.key for step in found if steps.is_changing(step)}
    for step in found:
        before = steps.changed_before(parts, step.key) & changing
        if before and steps.is_changing(step):
            yield replace(step, needs=(*step.needs, *sorted(before)))
        elif parts.context.capabilities.bill_before_order and steps.is_changing(step):
            yield replace(step, needs=tuple(key for key in step.needs if not steps.is_sent_after(step.key, key)))
        else:
            yield step


def _with_needs_of_voids(parts: Parts, found: list[Step]) -> list[Step]:
    """Return the steps, in which a document waits for the void of the one that it replaces."""
    voided = {step.key for step in found if step.action is Action.VOID and step.wanted}
    voided |= {one.key for one in parts.context.of_order(parts.order) if one.voids and not one.is_posted}
    return [
        replace(step, needs=(*step.needs, *sorted(key for key in voided if key[1] in kind_of(step.kind).excludes)))
        for step in found
    ]


def _whole(order: Order, choices: Choices) -> Choices:
    """Return the choices, in which what is to be updated is among the documents, if the order still has it."""
    updated = []
    for about in choices.updates:
        kind = kind_of(about.partition("/")[0])
        builder = builder_of(kind.key)
        if kind.per is not Per.PAYMENT and builder is not None and builder.applies_to(order):
            updated.append(about)
    return replace(choices, documents=tuple(dict.fromkeys([*choices.documents, *updated])))


def _with_fixes(order: Order, choices: Choices, context: PlanningContext) -> PlanningContext:
    """Return the context with the chosen fixes added to the deliveries of the order."""
    own = {one.key: replace(one, fixes={**one.fixes, **choices.answers}) for one in context.of_order(order)}
    return replace(context, existing={**context.existing, **own})


def _completed(order: Order, choices: Choices, context: PlanningContext) -> Choices:
    """Return the choices with the suggestions, and with the consents stored with existing deliveries. Names that the
    order gives are not stored as choices, so that they can change."""
    said = {**context.mapped, **named_by(order, context)}
    choices = choices.with_accounts((role, ref.id) for role, ref in context.suggested.items() if role not in said)
    for one in context.of_order(order):
        choices = replace(choices, answers=steps.answers_of(one, choices))
    return choices


def _links(parts: Parts, found: Sequence[Step]) -> dict[tuple[RecordKind, str], Ref]:
    """Return who the companies of what is written are."""
    order, wanted = parts.order, [step for step in found if step.will_write and step.is_document]
    links = {}
    if wanted and parts.customer.ref.id and parts.customer.links:
        links[RecordKind.CUSTOMER, order.company.id] = parts.customer.ref
    bought = {step.about.partition("/")[2] for step in wanted if document_kinds()[step.kind].party is RecordKind.VENDOR}
    for vendor_id, vendor in parts.vendors.items():
        if vendor_id in bought and vendor.ref.id and vendor.links:
            links[RecordKind.VENDOR, vendor_id] = vendor.ref
    return links

