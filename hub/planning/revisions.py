"""An order that changed after it was sent: what differs from what stands in the books, and sending that again."""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from hub.books import history
from hub.database import session
from hub.host import Order
from hub.models import ConversationRow, Delivery, TransactionRow
from hub.planning import answers
from hub.planning.choices import PURCHASES
from hub.planning.purchases import vendors_of
from hub.plugin import Address, FixKind, Integration, Line, NewItem, NewVendor, Payment, Ref, Revision, Tax, say
from hub.serialization import Subject, subject_of
from hub.states import ConversationState, DeliveryState

LABELS = {
    "name": say("Name"), "number": say("Number"), "date": say("Date"), "due": say("Due date"),
    "customer": say("Customer"), "vendor": say("Vendor"), "email": say("E-mail"), "phone": say("Phone"),
    "billing": say("Billing address"), "shipping": say("Shipping address"), "ship_to": say("Ship to"),
    "po_number": say("PO number"), "memo": say("Memo"), "invoice": say("Applied to"), "discount": say("Discount"),
    "tax": say("Tax"), "total": say("Total"),
}  # fmt: skip
"""What of a document a person would compare, in this order. Accounts and terms follow the settings, not the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: empty `before` for what is added, empty `after` for what is taken away."""

    what: str
    before: str
    after: str


class Remedy(enum.StrEnum):
    """How what is otherwise in the books is put right there."""

    UPDATE = "update"  # A tick changes it.
    AGAIN = "again"  # The books have it no more; a tick enters it once more.
    VOID = "void"  # The order has it no more; a tick voids it.
    BY_HAND = "by_hand"  # A person changes it there.
    WITH_INVOICE = "with_invoice"  # A deposit, which is changed when its invoice is sent.
    DROPPED = "dropped"  # The order has it no more; a person deletes it there.
    UNSEEN = "unseen"  # The same, but we do not see that it is done: the person has to say so.


TICKED = frozenset({Remedy.UPDATE, Remedy.AGAIN, Remedy.VOID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisable:
    """Something in the books that differs from the order as it is now. `about` is what of the order it is, `meanwhile`
    what somebody has done to it there.
    """

    about: str
    title: str
    delivery_id: int
    way: Remedy
    changes: Sequence[Difference] = ()
    meanwhile: str = ""

    @property
    def is_ticked(self) -> bool:
        """Whether it is put right from here, by a tick."""
        return self.way in TICKED


def revisable(
    integration: Integration, live: Mapping[str, Delivery], drafted: Mapping[str, Subject]
) -> list[Revisable]:
    """Return what could be sent again. `live` are deliveries by what of their order they are, `drafted` what they would
    be now."""
    posted = {
        about: one
        for about, one in live.items()
        if one.state is DeliveryState.POSTED and about in drafted
    }
    standing = history.standing(posted.values())
    found = []
    for about, delivery in posted.items():
        row = standing.get(delivery.id)
        different = tuple(changes(subject_of(delivery.kind, delivery.subject), drafted[about]))
        gone = is_said_gone(delivery) or is_gone_there(row)
        meanwhile = ""
        if row is not None and not gone and row.total != delivery.posting_total:
            meanwhile = say(
                "Somebody changed it there since: its total is %(total)s, we sent %(sent)s.",
                total=row.total, sent=delivery.posting_total,
            )  # fmt: skip
        can_update = delivery.kind in integration.capabilities.revises
        # What was changed there to what the order comes to was changed by hand, as the dialog had said.
        done = bool(meanwhile) and row is not None and row.total == getattr(drafted[about], "total", None)
        way = Remedy.UPDATE if can_update else Remedy.BY_HAND
        if gone and can_update:
            way = Remedy.AGAIN
        elif gone or not different or (done and not can_update):
            continue
        found.append(Revisable(
            about=about, title=delivery.title, delivery_id=delivery.id, way=way, changes=different, meanwhile=meanwhile,
        ))  # fmt: skip
    return found


def misstated(integration: Integration, live: Iterable[Delivery], order: Order) -> list[Revisable]:
    """Payments in the books that the order has otherwise by now, or not at all. They are put right there by hand; it is
    done as soon as the books say what the order says. A deposit that waits for its invoice is put right with that.
    """
    revises = Payment.kind in integration.capabilities.revises
    posted = [one for one in live if one.kind == Payment.kind and one.state is DeliveryState.POSTED]
    received, standing, found = {one.id: one for one in order.payments}, history.standing(posted), []
    for delivery in posted:
        payment, row = received.get(delivery.source.rpartition("/")[2]), standing.get(delivery.id)
        sent = subject_of(delivery.kind, delivery.subject)
        assert isinstance(sent, Payment)
        was, becomes = (sent.amount, sent.date), (payment.amount, payment.date) if payment is not None else None
        there = (row.total, row.date) if row is not None else was
        if is_gone_there(row) or becomes in {was, there}:
            continue
        told = zip((say("Amount"), LABELS["date"]), there, becomes or there, strict=True)
        follows = revises and row is not None and row.is_unapplied
        found.append(Revisable(
            about=delivery.source, title=delivery.title, delivery_id=delivery.id,
            way=Remedy.DROPPED if payment is None else Remedy.WITH_INVOICE if follows else Remedy.BY_HAND,
            changes=tuple(
                Difference(what=what, before=_text(one), after=_text(by)) for what, one, by in told if one != by
            ),
        ))  # fmt: skip
    return found


def abandoned(live: Iterable[Delivery], order: Order) -> list[Revisable]:
    """Purchase orders and bills in the books of vendors from whom the order buys nothing any more."""
    vendors = vendors_of(order)
    return [
        Revisable(about=answers.about(one), title=one.title, delivery_id=one.id, way=Remedy.UNSEEN)
        for one in live
        if one.kind in PURCHASES and one.state is DeliveryState.POSTED and not is_gone(one)
        and one.source.rpartition("/")[2] not in vendors
    ]  # fmt: skip


def revision(delivery: Delivery, subject: Subject) -> Subject:
    """Return the subject as a change of what the delivery has already brought into the books, if it has."""
    if not delivery.posting_id or isinstance(subject, NewVendor | NewItem):
        return subject
    return replace(subject, revises=Revision(
        id=delivery.posting_id, version=delivery.posting_version, lines=tuple(delivery.posting_lines),
        totals=_known_totals(delivery, subject),
        cleared=tuple(_cleared(subject_of(delivery.kind, last_posted(delivery)), subject)),
    ))  # fmt: skip


def _known_totals(delivery: Delivery, subject: Subject) -> tuple[Decimal, ...]:
    """Return what it comes to with the change, which may be there already; what it came to when it was posted, what the
    history says, and what a person was told that it comes to by now."""
    if not hasattr(subject, "total"):
        return ()
    known = [subject.total, delivery.posting_total]
    if (row := history.standing([delivery]).get(delivery.id)) is not None:
        known.append(row.total)
    known.append(answers.amount(answers.of(delivery, FixKind.OVERWRITES)))
    return tuple(total for total in known if total is not None)


def _cleared(before: Subject, after: Subject) -> Iterator[str]:
    for name in (field.name for field in fields(after)):
        if name != "revises" and getattr(before, name) and not getattr(after, name):
            yield name


def is_gone(delivery: Delivery) -> bool:
    """Return True if what it posted was deleted or voided in the books since, and may be entered anew."""
    return is_said_gone(delivery) or is_gone_there(history.standing([delivery]).get(delivery.id))


def is_said_gone(delivery: Delivery) -> bool:
    """Return True if a person said so of what it posted."""
    return bool(delivery.posting_id) and answers.of(delivery, FixKind.ANEW) == delivery.posting_id


def last_posted(delivery: Delivery) -> dict[str, Any]:
    """Return the subject that the books have of it, as the conversation that posted it was begun with."""
    row = session().scalar(
        select(ConversationRow)
        .where(ConversationRow.delivery_id == delivery.id, ConversationRow.state == ConversationState.DONE)
        .order_by(ConversationRow.id.desc())
        .limit(1)
    )
    return dict(row.argument["subject"]) if row is not None else delivery.subject


def is_gone_there(row: TransactionRow | None) -> bool:
    """Return True if a transaction was deleted or voided in the books."""
    return row is not None and (row.deleted or row.voided)


def changes(before: Subject, after: Subject) -> Iterator[Difference]:
    """In what two versions of a document or record differ, as a person would say it."""
    lines = Counter(map(_line, getattr(after, "lines", ())))
    lines.subtract(Counter(map(_line, getattr(before, "lines", ()))))
    for text, count in lines.items():
        for _ in range(abs(count)):
            yield Difference(what=say("Line"), before=text if count < 0 else "", after=text if count > 0 else "")
    for name, label in LABELS.items():
        if not hasattr(after, name):
            continue
        was, becomes = _text(getattr(before, name)), _text(getattr(after, name))
        if was != becomes and not _same(getattr(before, name), getattr(after, name)):
            yield Difference(what=label, before=was, after=becomes)


def _same(before: Any, after: Any) -> bool:
    """Return True if two pointers mean one entry, whatever it is called by now."""
    return isinstance(before, Ref) and isinstance(after, Ref) and bool(before.id) and before.id == after.id


def _line(line: Line) -> str:
    words = " ".join(part for part in (line.item.name, line.description) if part)
    return f"{_text(line.quantity)} × {words}, {line.amount}"


def _text(value: Any) -> str:  # noqa: PLR0911  # A line for each kind.
    match value:
        case None:
            return ""
        case Tax():
            return _text(value.amount)
        case Ref():
            return value.name
        case Address():
            return ", ".join(filter(None, (*value.lines, value.city, value.region, value.postal_code, value.country)))
        case Decimal():
            return f"{value:f}"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)
