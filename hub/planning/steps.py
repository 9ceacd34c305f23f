"""The steps of a plan: what becomes of each document and record, given what is in the books already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.planning import checks, fixes
from hub.planning.choices import Choices
from hub.planning.context import Existing, Key, Progress, company_key
from hub.planning.differences import LABELS, Difference, cleared_fields, differences, text
from hub.planning.kinds import Built, builder_of
from hub.planning.parts import NewPart, Parts, customer_of
from hub.planning.plans import WRITES, Action, ByHand, Step
from hub.plugin import (
    Document,
    DocumentKind,
    FixKind,
    Per,
    RecordKind,
    Ref,
    Revision,
    Sentence,
    Subject,
    Transaction,
    document_kinds,
    kind_of,
    say,
    suffixed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision about a document: the action, whether it has to be chosen, and what a person should know."""

    action: Action
    needs_tick: bool = False
    changes: tuple[Difference, ...] = ()
    by_hand: ByHand | None = None
    meanwhile: str = ""
    there: Transaction | None = None


NOTHING = Verdict(action=Action.NOTHING)


# ── Documents ───────────────────────────────────────────────────────────────────────────────────────────────────────


def document_step(parts: Parts, kind: DocumentKind[Any], built: Built) -> Step:
    """Return the step of a document that the order has."""
    key, choices, context = (built.source, kind.key), parts.choices, parts.context
    about, existing = fixes.about_delivery(*key), context.existing.get(key)
    document = built.document and fixes.put(built.document, about, answers_of(existing, choices))
    verdict = _verdict(parts, kind, existing, document)
    ticked = about in choices.updates
    asked = _is_asked(parts, kind, built)
    # A deposit that is in the books waits for its invoice.
    waits = kind.sent_with and existing is not None and existing.is_posted and not getattr(document, kind.sent_with, "")
    wanted = ticked or (asked and not verdict.needs_tick and not waits)
    writes = wanted and verdict.action in WRITES
    step = Step(
        key=key, about=about, title=_title(kind, built, existing, document), action=verdict.action,
        wanted=wanted, asked=asked or ticked, needs_tick=verdict.needs_tick, subject=document,
        needs=_needs(built, parts), existing=existing, changes=verdict.changes, by_hand=verdict.by_hand,
        meanwhile=verdict.meanwhile, there=verdict.there,
        problems=checks.document_problems(parts, kind, built, document, about) if writes else (),
    )  # fmt: skip
    if existing is None or document is None:
        return step
    if verdict.action is Action.LINK:
        return replace(step, subject=existing.current, needs=(), problems=())
    if existing.left_behind is not None and existing.left_behind.is_posted:
        return replace(step, existing=None)  # What is in the other company's books stays as it is.
    if verdict.action is not Action.UPDATE:
        return step
    return replace(step, subject=_revised(existing, document, answers_of(existing, choices)))


def _is_asked(parts: Parts, kind: DocumentKind[Any], built: Built) -> bool:
    """Return True if a person asked for a document, or for what it is sent with."""
    choices = parts.choices
    if not kind.sent_with:
        return choices.asks_for(kind.key, built.part)
    if kind.key not in parts.context.capabilities.documents:
        return False
    return (
        choices.asks_for(kind.key, built.part) or choices.asks_for(kind.sent_with) or kind.sent_with in choices.updates
    )


def _verdict(
    parts: Parts, kind: DocumentKind[Any], existing: Existing | None, document: Document | None
) -> Verdict:
    if existing is None or not existing.is_posted:
        there = _linked_to(existing, parts.choices)
        return Verdict(action=Action.LINK if there is not None else _action_on_the_way(existing), there=there)
    can_update = kind.key in parts.context.capabilities.revises
    if document is None:
        return NOTHING
    if existing.is_gone:
        changes = tuple(differences(existing.current, document))
        return Verdict(action=Action.RECREATE, needs_tick=True, changes=changes)
    if kind.per is Per.PAYMENT:
        return _payment_verdict(existing, document, can_update=can_update)
    return _posted_verdict(existing, document, can_update=can_update)


def _linked_to(existing: Existing | None, choices: Choices) -> Transaction | None:
    """Return the transaction that a person says a document is that was left behind."""
    if existing is None or existing.left_behind is None:
        return None
    said = choices.answers.get(fixes.key(existing.about, FixKind.SAME_AS), "")
    return next((one for one in existing.left_behind.alike if one.id == said), None)


def _action_on_the_way(existing: Existing | None) -> Action:
    """Return what becomes of a document that is not in the books as it was sent last."""
    if existing is not None and (existing.progress is not Progress.FREE or existing.voids):
        return Action.NOTHING  # The order has again what is being voided: a person gives the void up first.
    if existing is None or existing.posting is None:
        return Action.CREATE
    return Action.RECREATE if existing.is_gone else Action.UPDATE


def _posted_verdict(existing: Existing, document: Document, *, can_update: bool) -> Verdict:
    changes, meanwhile, there = tuple(differences(existing.current, document)), "", existing.in_books
    if there is not None and existing.posting is not None and there.total != existing.posting.total:
        meanwhile = say(
            "Somebody changed it there since: its total is %(total)s, we sent %(sent)s.",
            total=there.total, sent=existing.posting.total,
        )  # fmt: skip
    # What was changed there to what the order comes to was changed by hand, as the dialog had said.
    done = bool(meanwhile) and there is not None and there.total == document.total
    if not changes or (done and not can_update):
        return NOTHING
    action, by_hand = (Action.UPDATE, None) if can_update else (Action.NOTHING, ByHand.CHANGE)
    return Verdict(action=action, needs_tick=can_update, changes=changes, by_hand=by_hand, meanwhile=meanwhile)


def _payment_verdict(existing: Existing, document: Document, *, can_update: bool) -> Verdict:
    """Return the decision about a payment. A difference is corrected by hand. An unapplied deposit is changed, and
    applied, when its invoice is sent."""
    was = (existing.current.total, existing.current.date)  # type: ignore[union-attr]  # It is a document.
    there = (existing.in_books.total, existing.in_books.date) if existing.in_books is not None else was
    becomes = (document.total, document.date)
    changes = () if becomes in {was, there} else _told(there, becomes)
    is_deposit = getattr(existing.current, "invoice", None) is None
    if can_update and is_deposit and existing.in_books is not None and existing.in_books.is_unapplied:
        differs = changes or any(differences(existing.current, document))
        return Verdict(action=Action.UPDATE, changes=changes) if differs else NOTHING
    return Verdict(action=Action.NOTHING, changes=changes, by_hand=ByHand.CHANGE if changes else None)


def _told(there: tuple[Any, ...], becomes: tuple[Any, ...]) -> tuple[Difference, ...]:
    told = zip((say("Amount"), LABELS["date"]), there, becomes, strict=True)
    return tuple(Difference(what=what, before=text(one), after=text(by)) for what, one, by in told if one != by)


def consents(existing: Existing) -> dict[str, str]:
    """Return the fixes that stay with a delivery for every later write of it."""
    return {name: value for name, value in existing.fixes.items() if name.rpartition(":")[2] in fixes.CONSENTS}


def answers_of(existing: Existing | None, choices: Choices) -> dict[str, str]:
    """Return the fixes that are taken for a delivery: those of the choices, and those that stay with it. What it is
    linked to already is none any more: if that is deleted, it is entered again."""
    if existing is None:
        return dict(choices.answers)
    linked = fixes.key(existing.about, FixKind.SAME_AS)
    answers = {**consents(existing), **choices.answers}
    if existing.posting is not None and answers.get(linked) == existing.posting.id:
        del answers[linked]
    return answers


def _needs(built: Built, parts: Parts) -> tuple[Key, ...]:
    """Return what a document waits for: its new records, and the documents that come first."""
    records = [key for part in built.uses for key in part.keys]
    if parts.changes_customer and parts.customer in built.uses:
        records.append(company_key(RecordKind.CUSTOMER, parts.order.company))
    return tuple(dict.fromkeys([*records, *built.waits_for]))


def _title(kind: DocumentKind[Any], built: Built, existing: Existing | None, document: Document | None) -> str:
    if document is None:
        return existing.title if existing is not None else kind.title
    return built.title(document)


def _revised(existing: Existing, subject: Subject, answers: dict[str, str]) -> Subject:
    """Return a document or record as a change of what it has already brought into the books."""
    posting = existing.posting
    assert posting is not None
    return replace(subject, revises=Revision(  # type: ignore[arg-type]  # What can be changed has the field.
        id=posting.id, version=posting.version, lines=posting.lines, totals=_known_totals(existing, subject, answers),
        cleared=cleared_fields(existing.posted, subject),
        posted=replace(existing.posted, revises=None),  # type: ignore[arg-type]  # As above.
        overwrites=answers.get(fixes.key(existing.about, FixKind.OVERWRITES), ""),
    ))  # fmt: skip


def _known_totals(existing: Existing, subject: Subject, answers: dict[str, str]) -> tuple[Any, ...]:
    """Return the totals that a document may have in the books: with the change, which may have arrived already; as it
    was posted; as the history has it; and as a person has seen it."""
    if not hasattr(subject, "total") or existing.posting is None:
        return ()
    told = fixes.amount(answers.get(fixes.key(existing.about, FixKind.OVERWRITES), ""))
    there = existing.in_books.total if existing.in_books is not None else None
    return tuple(total for total in (subject.total, existing.posting.total, there, told) if total is not None)


# ── What the order does not have any more ───────────────────────────────────────────────────────────────────────────


def superseded_steps(parts: Parts) -> Iterator[Step]:
    """Return what can be voided, or is being voided, because the order is cancelled or has become another kind of
    document."""
    for one in parts.context.of_order(parts.order):
        builder = builder_of(one.kind)
        if kind_of(one.kind).per is not Per.ORDER or one.kind not in parts.context.capabilities.voids:
            continue
        superseded = parts.order.cancelled or builder is None or not builder.applies_to(parts.order)
        if not superseded or one.posting is None or one.is_gone or not (one.voids or one.is_posted):
            continue
        step = Step(
            key=one.key, about=one.about, title=one.title, action=Action.NOTHING, wanted=False, existing=one
        )  # fmt: skip
        if one.progress in {Progress.FREE, Progress.POSTED}:
            wanted = one.about in parts.choices.updates
            step = replace(step, action=Action.VOID, needs_tick=True, wanted=wanted, subject=_void_of(one))
        yield step


def _void_of(existing: Existing) -> Subject:
    """Return the document that voids what was posted."""
    assert existing.posting is not None
    revision = Revision(id=existing.posting.id, version=existing.posting.version, voids=True)
    return replace(existing.current, revises=revision)  # type: ignore[arg-type]  # A document has the field.


def dropped_steps(parts: Parts, keys: Collection[Key]) -> Iterator[Step]:
    """Return what is in the books, or waits, of vendors and payments that the order does not have any more."""
    received = {f"order/{parts.order.id}/payment/{one.id}" for one in parts.order.payments}
    for one in parts.context.of_order(parts.order):
        per = kind_of(one.kind).per
        if one.key in keys or one.key[0] in received or per is Per.ORDER:
            continue
        if one.posting is None and one.can_cancel and one.progress is Progress.FREE:
            yield _canceled(one)
        if not one.is_posted or one.is_gone:
            continue
        by_hand = ByHand.DELETE if per is Per.PAYMENT else ByHand.CONFIRM_DELETED
        yield Step(
            key=one.key, about=one.about, title=one.title, action=Action.NOTHING, wanted=False, existing=one,
            by_hand=by_hand,
        )  # fmt: skip


def unneeded_steps(parts: Parts, documents: Sequence[Step]) -> Iterator[Step]:
    """Return what waits and nothing needs any more: what waited for a document that is voided, and new records in whose
    place others were chosen."""
    context, written = parts.context, [one for one in documents if one.will_write and one.existing is not None]
    voided = {step.key for step in written if step.action is Action.VOID}
    for one in context.of_order(parts.order):
        if voided & set(one.needs) and one.can_cancel and one.progress is Progress.FREE and not one.is_stopped:
            yield _canceled(one)
    freed = {step.existing.id for step in written if step.existing is not None}
    needed = {need for step in documents if step.wanted for need in step.needs}
    before = {need for step in written if step.existing is not None for need in step.existing.needs}
    for key in sorted(before - needed):
        record = context.existing.get(key)
        if record is not None and key[1] in set(RecordKind) and record.can_cancel and record.needed_by <= freed:
            yield _canceled(record)


def disowned_steps(parts: Parts, keys: Collection[Key]) -> Iterator[Step]:
    """Return what was left behind and is not on the order any more, if a person says that it is not in the books."""
    for one in parts.context.of_order(parts.order):
        if one.key not in keys and one.left_behind is not None and checks.is_said_missing(one, parts.choices):
            yield _canceled(one)


def _canceled(existing: Existing) -> Step:
    return Step(
        key=existing.key, about=existing.about, title=existing.title, action=Action.CANCEL, wanted=True,
        existing=existing,
    )  # fmt: skip


# ── The order of changes ────────────────────────────────────────────────────────────────────────────────────────────


def is_changing(step: Step) -> bool:
    """Return True if a step changes what is in the books, or does so already."""
    if step.will_write:
        return step.action is Action.UPDATE
    one = step.existing
    return one is not None and not one.is_posted and getattr(one.current, "revises", None) is not None


def is_sent_after(key: Key, other: Key) -> bool:
    """Return True if the document of a key is sent after the other of the same source, as a bill after its purchase
    order."""
    return key[0] == other[0] and other[1] in kind_of(key[1]).after


def changed_before(parts: Parts, key: Key) -> set[Key]:
    """Return the keys of what must be changed before the document of this key, in books that want that."""
    if not parts.context.capabilities.bill_before_order:
        return set()
    return {other for kind in document_kinds() if is_sent_after(other := (key[0], kind), key)}


# ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def record_steps(parts: Parts, documents: Sequence[Step]) -> Iterator[Step]:
    """Return a step for each new record that the order's documents need."""
    needed = {need for step in documents if step.wanted for need in step.needs}
    for new in parts.new:
        yield _record_step(parts, new, wanted=new.key in needed)


def _record_step(parts: Parts, new: NewPart, *, wanted: bool) -> Step:
    existing, action = parts.context.existing.get(new.key), Action.CREATE
    if existing is not None and existing.progress in {Progress.MOVING, Progress.RESUMABLE}:
        action = Action.NOTHING
    elif new.replaces:
        action = Action.RECREATE
    problems = new.problems
    if wanted and action in WRITES:
        problems += fixes.mark(parts.context.validate(new.record), new.about)
    return Step(
        key=new.key, about=new.about, title=say(_NEW[new.record.kind].message, name=new.record.name), action=action,
        wanted=wanted, subject=new.record, existing=existing, problems=problems,
        stays=_stays(parts, existing) if action is Action.RECREATE else None,
    )  # fmt: skip


def _stays(parts: Parts, existing: Existing | None) -> Ref | None:
    """Return the entry beside which another one is created, if it can still be posted for."""
    if existing is None or existing.posting is None or not parts.context.is_usable(existing):
        return None
    return Ref(id=existing.posting.id, name=existing.posting.number)


_NEW: dict[RecordKind, Sentence] = {
    RecordKind.CUSTOMER: say("New customer “%(name)s”"), RecordKind.VENDOR: say("New vendor “%(name)s”"),
    RecordKind.ITEM: say("New item “%(name)s”"),
}  # fmt: skip


def customer_update(parts: Parts) -> Step | None:
    """Return the step that updates a customer that we created, after the company was changed in the host."""
    existing = parts.context.existing.get(company_key(RecordKind.CUSTOMER, parts.order.company))
    if existing is None or existing.posting is None or existing.posting.id != parts.customer.ref.id:
        return None
    about, answers = str(RecordKind.CUSTOMER), answers_of(existing, parts.choices)
    record = fixes.put(customer_of(parts.order), about, answers)
    if getattr(existing.current, "name", "") == suffixed(record.name, record.kind):
        record = replace(record, name=suffixed(record.name, record.kind))  # Its own name was taken there.
    changes = tuple(differences(existing.current, record))
    free = existing.progress is Progress.FREE
    if not (existing.is_posted or free) or not (changes or free):
        return None
    step = Step(
        key=existing.key, about=about, title=say("Customer “%(name)s”", name=record.name), action=Action.NOTHING,
        wanted=False, existing=existing, changes=changes, by_hand=ByHand.CHANGE,
    )  # fmt: skip
    if about not in parts.context.capabilities.revises:
        return step
    wanted = about in parts.choices.updates
    problems = fixes.mark(parts.context.validate(record), about) if wanted else ()
    return replace(
        step, action=Action.UPDATE, wanted=wanted, needs_tick=True, subject=_revised(existing, record, answers),
        by_hand=None, problems=problems,
    )  # fmt: skip
