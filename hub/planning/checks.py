"""Problems that block sending an order, or one of its documents, as far as they are known before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.host import Order
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.planning.context import Existing, PlanningContext
from hub.planning.kinds import Built
from hub.planning.parts import Parts, mapping_missing
from hub.planning.plans import Action, Step
from hub.plugin import (
    Document,
    DocumentKind,
    Fix,
    FixKind,
    Payment,
    Per,
    Problem,
    RecordKind,
    Sentence,
    Transaction,
    kind_of,
    kinds_per,
    noun,
    say,
)


def order_problems(parts: Parts, steps: Sequence[Step]) -> tuple[Problem, ...]:
    """Return the problems of an order as a whole."""
    if parts.order.cancelled:
        return () if _is_voided(parts, steps) else (_cancelled(parts),)
    return (*_not_distinct(steps), *_no_vendors(parts), *_money_problems(parts.order, parts.context))


def document_problems(
    parts: Parts, kind: DocumentKind[Any], built: Built, document: Document | None, about: str
) -> tuple[Problem, ...]:
    """Return the problems of a document: of its kind, its accounts and its parts, and those that the plugin finds."""
    existing = parts.context.existing.get((built.source, kind.key))
    found = [*_kind_problems(parts, kind), *_left_behind(parts, existing), *_unmapped(parts, kind, built)]
    found += [problem for part in built.uses for problem in part.problems]
    found += built.problems
    if document is not None:
        found += fixes.mark(_paid_problems(parts, existing, document), about)
        found += fixes.mark(_dated_before(parts, built, document), about)
        found += fixes.mark(parts.context.validate(document), about)
    return tuple(dict.fromkeys(found))


def _paid_problems(parts: Parts, existing: Existing | None, document: Document) -> Iterator[Problem]:
    """Return what keeps a change from being possible because something is paid already: a total below that, or another
    customer. Every ledger refuses both."""
    there = existing.in_books if existing is not None and existing.posting is not None else None
    if existing is None or there is None or there.is_gone or there.paid <= 0 or isinstance(document, Payment):
        return
    if document.total < there.paid:
        yield Problem(
            code="below-paid", field="lines", what=say(
                "The total is %(total)s by now, and %(paid)s is paid already.", total=document.total, paid=there.paid
            ),
            why=say("%(product)s does not let a total be less than what is paid.", product=parts.context.product),
            cure=say("Delete or change the payment in %(product)s first, or correct the order.",
                     product=parts.context.product),
        )  # fmt: skip
    party = kind_of(document.kind).party
    was, now = getattr(existing.posted, party, None), getattr(document, party, None)
    if was is not None and now is not None and was.id and now.id != was.id:
        yield Problem(
            code="paid-by-another", field=str(party), what=say(
                "%(title)s is paid in part, and was sent to “%(party)s”.", title=existing.title, party=was.name
            ),
            why=say("What has a payment stays with who paid it."),
            cure=say("Choose “%(party)s” again, or delete the payment in %(product)s first.", party=was.name,
                     product=parts.context.product),
            fixes=(Fix(label=say("Use “%(name)s”", name=was.name), kind=FixKind.CUSTOMER, value=was.id),)
            if party is RecordKind.CUSTOMER else (),
        )  # fmt: skip


def _dated_before(parts: Parts, built: Built, document: Document) -> Iterator[Problem]:
    """Return a problem if a bill is dated before the purchase order that it is linked to."""
    if getattr(document, "ordered", None) is None:
        return
    for key in built.waits_for:
        ordered = parts.context.existing.get(key)
        day = getattr(ordered.current, "date", None) if ordered is not None else None
        if day is not None and document.date < day:
            yield Problem(
                code="before-its-order", field="date", what=say(
                    "The bill is dated %(day)s, and its purchase order %(ordered)s.", day=document.date, ordered=day
                ),
                why=say("A bill cannot come before its purchase order."), cure=say("Post it on a later day."),
                fixes=(Fix.day(day),),
            )  # fmt: skip


def _kind_problems(parts: Parts, kind: DocumentKind[Any]) -> Iterable[Problem]:
    order, context = parts.order, parts.context
    if kind.key not in context.capabilities.documents:
        yield Problem(
            code="kind-not-supported", what=say(
                "The order comes to %(total)s %(currency)s, and %(product)s takes no credit memos.",
                total=order.total, currency=order.currency, product=context.product,
            ),
            cure=say("Enter in the books by hand what the customer gets back."), field="documents",
        ) if order.total < 0 else Problem(
            code="kind-not-supported",
            what=say("%(product)s takes no %(kind)s from here.", product=context.product, kind=noun(kind.key)),
            cure=say("Enter it in the books by hand."), field="documents",
        )  # fmt: skip
    elif (kind.sent_with or kind.key) not in context.allowed:
        yield Problem(
            code="kind-not-allowed", what=say("The settings do not allow to send a %(kind)s.", kind=noun(kind.key)),
            cure=say("Ask an admin to allow it on the Details tab of the settings."), field="documents",
        )  # fmt: skip
    else:
        yield from _contradictions(parts, kind)


def _contradictions(parts: Parts, kind: DocumentKind[Any]) -> Iterator[Problem]:
    """Yield a problem if the order has a document in the books that excludes this kind, such as an invoice beside a
    credit memo."""
    voids = parts.context.capabilities.voids
    voided = {one.kind for one in parts.context.of_order(parts.order) if _is_to_be_voided(parts, one)}
    left = {one.kind: one for one in parts.context.of_order(parts.order) if one.left_behind is not None}
    for other in sorted((kind.excludes & parts.context.kinds_of(parts.order)) - voided):
        if other in left:
            yield from (replace(one, fixes=one.fixes[:1]) for one in _left_behind(parts, left[other]))
            continue
        yield Problem(
            code="other-kind-posted", what=say(
                "The %(other)s of this order is in the books or on its way, and by now the order is a %(kind)s.",
                other=noun(other), kind=noun(kind.key),
            ),
            why=say("Both together would make the customer's balance wrong."),
            cure=say("Tick that the %(other)s is to be voided, or cancel it if it has not left.", other=noun(other))
            if other in voids
            else say(
                "Cancel the %(other)s, or void or delete it in the books, then send the %(kind)s.",
                other=noun(other), kind=noun(kind.key),
            ),
            field="documents",
        )  # fmt: skip


def is_said_missing(existing: Existing, choices: Choices) -> bool:
    """Return True if a person says that what was left behind is not in the books."""
    said = choices.answers.get(fixes.key(existing.about, FixKind.ANEW), "")
    return existing.left_behind is not None and said == existing.left_behind.attempt


def _left_behind(parts: Parts, existing: Existing | None) -> Iterator[Problem]:
    """Return the question whether a document is in the books that an earlier installation was sending."""
    if existing is None or existing.left_behind is None or is_said_missing(existing, parts.choices):
        return
    product, number, left = parts.context.product, str(getattr(existing.current, "number", "")), existing.left_behind
    yield Problem(
        code="maybe-there", about=existing.about, field="documents",
        what=say("%(document)s may be in %(product)s already.", document=existing.title, product=product),
        why=say("It was sent before the integration was uninstalled, to a company of the same name.")
        if left.is_posted
        else say("It was being sent when the integration was uninstalled, and the answer never came."),
        cure=say("Check %(product)s for number %(number)s. Send it only if it is not there.", product=product,
                 number=number) if number
        else say("Check %(product)s. Send it only if it is not there.", product=product),
        fixes=(
            Fix(label=say("It is not there: send it"), kind=FixKind.ANEW, value=left.attempt),
            *(Fix(label=_link_to(one), kind=FixKind.SAME_AS, value=one.id) for one in left.alike),
        ),
    )  # fmt: skip


def _link_to(there: Transaction) -> Sentence:
    sums = {"total": there.total, "day": there.date}
    if not there.number:
        return say("It is there: link to %(total)s on %(day)s", **sums)
    return say("It is there: link to %(number)s, %(total)s on %(day)s", number=there.number, **sums)


def _is_to_be_voided(parts: Parts, existing: Existing) -> bool:
    """Return True if a document is being voided, or is chosen to be."""
    ticked = existing.is_posted and existing.about in parts.choices.updates
    return existing.voids or (ticked and existing.kind in parts.context.capabilities.voids)


def _unmapped(parts: Parts, kind: DocumentKind[Any], built: Built) -> list[Problem]:
    refs = parts.refs_of(built.part) if kind.per is Per.VENDOR else parts.refs
    return [
        mapping_missing(place.key, place.label)
        for place in parts.context.mapping_fields
        if kind.key in place.needed_for and place.key not in refs
    ]


def _not_distinct(steps: Sequence[Step]) -> list[Problem]:
    """Return a problem if two payments or vendors have the same id, because one document would replace the other."""
    keys = [step.key for step in steps]
    if len(set(keys)) == len(keys):
        return []
    return [Problem(
        code="not-distinct", what=say("Two payments or vendors of this order have the same id."),
        why=say("One of them would be lost."), cure=say("Tell your support."), field="lines",
    )]  # fmt: skip


def _no_vendors(parts: Parts) -> list[Problem]:
    if parts.vendors or not kinds_per(Per.VENDOR) & parts.choices.kinds:
        return []
    return [Problem(
        code="vendor-missing",
        what=say("No line of this order has a vendor."), why=say("There is nobody to order from."),
        cure=say("Enter the vendors on the order, or do not send purchase orders and bills."), field="lines",
    )]  # fmt: skip


def _money_problems(order: Order, context: PlanningContext) -> Iterator[Problem]:
    """Yield the problems of an order's figures that no document reports."""
    paid = sum((payment.amount for payment in order.payments), Decimal("0.00"))
    if paid > max(order.total, Decimal(0)):
        yield Problem(
            code="overpaid", what=say(
                "The payments of %(paid)s are more than the order's total of %(total)s.", paid=paid, total=order.total
            ),
            cure=say("Correct the payments on the order, then send it."), field="lines",
        )  # fmt: skip
    if context.books.currency and order.currency != context.books.currency:
        yield Problem(
            code="currency-differs", what=say(
                "The order is in %(currency)s, the books are kept in %(books_currency)s.",
                currency=order.currency, books_currency=context.books.currency,
            ),
            cure=say("Orders in another currency cannot be sent."), field="lines",
        )  # fmt: skip


def _is_voided(parts: Parts, steps: Sequence[Step]) -> bool:
    """Return True if a document of a cancelled order is chosen to be voided, or is being voided."""
    chosen = any(step.action is Action.VOID and step.wanted for step in steps)
    return chosen or any(
        one.voids and one.about in parts.choices.updates for one in parts.context.of_order(parts.order)
    )


def _cancelled(parts: Parts) -> Problem:
    """Return the problem that the order is cancelled."""
    standing = parts.context.kinds_of(parts.order) & kinds_per(Per.ORDER)
    by_hand = [noun(kind) for kind in sorted(standing - parts.context.capabilities.voids)]
    return Problem(
        code="order-cancelled", what=say("Order %(number)s is cancelled.", number=parts.order.number),
        why=say("Nothing of a cancelled order is sent."), field="documents",
        cure=say("Its %(document)s is in the books; void or delete it there.", document=by_hand[0]) if by_hand
        else say("What of it is in the books can be voided, where that is offered."),
    )  # fmt: skip
