"""A person has put right what stopped a delivery: it goes on, or is built anew from the order as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from hub import scope
from hub.books import description, mappings
from hub.database import now, session
from hub.dispatch.outcomes import UNREAD, queue_if_ready
from hub.errors import Incomplete, NotFound, NotPossible
from hub.extension import host
from hub.integrations import registry
from hub.integrations.options import options_of
from hub.models import BatchRow, ConversationRow, Delivery, Exchange, Installation
from hub.orders import deliveries
from hub.orders.cancel import open_conversation
from hub.orders.send import choices_of, deliveries_of_order
from hub.orders.void import build_void, is_superseded
from hub.planning import answers, validation
from hub.planning.documents import draft, item_key
from hub.planning.drafts import Draft
from hub.planning.validator import Validator, with_validation
from hub.plugin import FixKind, Integration, NewCustomer, NewItem, NewVendor, Problem, RecordKind, Role, say
from hub.queue import commit, rollback, wake
from hub.serialization import Subject, problems_json, subject_json, subject_of
from hub.states import BatchState, DeliveryState, StopReason

_D = DeliveryState


def retry_delivery(organization_id: str, delivery_id: int, given: Mapping[str, str] | None = None) -> Delivery:
    """Go on with a stopped delivery. Raises `NotPossible` if it has not stopped, `Incomplete` if it would stop again.

    What was refused is built anew from the order as it is now, with the answers `given` to its problems. What may have
    left goes on where it was: its batch is repeated under its key, unless a person says that it is not in the books.
    """
    return with_validation(lambda validator: _retry(organization_id, delivery_id, given or {}, validator))


def _retry(
    organization_id: str, delivery_id: int, given: Mapping[str, str], validator: Validator
) -> Delivery:
    delivery = scope.delivery(organization_id, delivery_id)
    installation = scope.lock(delivery.installation_id)
    if delivery.state is not _D.STOPPED:
        rollback()
        raise NotPossible(say("This has not stopped (any more)."))
    if given:
        _answer(delivery, given)
    if open_conversation(delivery) is None or given.get(FixKind.ANEW) == UNREAD:
        _rebuild(installation, delivery, validator)
    else:
        _unpark(delivery)
    installation.resume_at = None
    wake(installation.id)
    commit()
    return delivery


def _answer(delivery: Delivery, given: Mapping[str, str]) -> None:
    """Keep answers with the choices of a delivery, and of what else of its order is not in these books yet: a new date
    is for all of it."""
    of = answers.about(delivery) if delivery.order_id else ""
    kept = {answers.key(of, answer): value for answer, value in given.items() if answer in set(FixKind)}
    companions = deliveries_of_order(delivery.organization_id, delivery.order_id) if delivery.order_id else [delivery]
    for one in (one for one in companions if one.installation_id == delivery.installation_id):
        if one is delivery or one.state is not _D.POSTED:
            one.choices = {**one.choices, "answers": {**one.choices.get("answers", {}), **kept}}
        if one.state is _D.WAITING:
            one.subject = subject_json(answers.put(subject_of(one.kind, one.subject), answers.about(one), kept))


def _unpark(delivery: Delivery) -> None:
    """Let its conversation go on, and its parked batch with all that stopped in it."""
    parked = session().scalars(
        select(BatchRow)
        .join(Exchange)
        .join(ConversationRow)
        .where(ConversationRow.delivery_id == delivery.id, BatchRow.state == BatchState.PARKED)
        .options(BatchRow.laden())
    ).unique()
    companions = {delivery.id: delivery}
    for batch in parked.all():
        batch.move(BatchState.OPEN)
        batch.due_at = batch.tried_since = now()
        batch.tries = 0
        for exchange in batch.exchanges:
            found = exchange.conversation.delivery
            if found is not None and found.state is _D.STOPPED:
                companions[found.id] = found
    for companion in companions.values():
        companion.move(_D.QUEUED)
        companion.due_at, companion.problems, companion.reference = now(), [], ""


def _rebuild(installation: Installation, delivery: Delivery, validator: Validator) -> None:
    integration = registry.integration(installation.integration)
    subject: Subject
    if delivery.voids:
        subject = _void_again(installation, delivery)
    elif delivery.order_id is not None:
        subject = _document_again(installation, integration, delivery, validator)
    else:
        subject = answers.put(_record_again(installation, delivery), "", delivery.choices.get("answers", {}))
        books = description.known_books(installation)
        validate = validator.of(integration, options_of(installation, integration), books)
        problems = validate(subject)
        validator.check_complete()
        _refuse_problems(delivery, problems)
    deliveries.renew(delivery, subject)
    session().flush()
    queue_if_ready(delivery)


def _void_again(installation: Installation, delivery: Delivery) -> Subject:
    order = host().order(installation.organization_id, delivery.order_id or "")
    if order is not None and not is_superseded(delivery, order):
        rollback()
        raise NotPossible(say(
            "The order has this again, so it is not voided. Cancel it here; it stays in the books."
        ))
    return build_void(delivery)


def _document_again(
    installation: Installation, integration: Integration, delivery: Delivery, validator: Validator
) -> Subject:
    order = host().order(installation.organization_id, delivery.order_id or "")
    if order is None:
        rollback()
        raise NotFound(say("The order is not there any more."))
    outline = draft(installation, integration, order, choices_of(delivery.choices), validator=validator)
    validator.check_complete()
    _refuse_problems(delivery, outline.problems or _missing(delivery, outline))
    wanted = delivery.source, delivery.kind
    found = next((one for source, _, one in validation.parts(outline, order) if (source, one.kind) == wanted), None)
    if found is None:
        rollback()
        raise NotFound(say("The order does not have this any more."))
    return found


def _missing(delivery: Delivery, outline: Draft) -> list[Problem]:
    """New records that the document needs by now and does not wait for: what it meant is not in the books any more."""
    waits_for = {(needed.kind, needed.source.partition("/")[2]) for needed in delivery.needs}
    kinds = {kind for kind, _ in waits_for}
    missing = [item.name for item in outline.new_items if (RecordKind.ITEM, item_key(item.name)) not in waits_for]
    if outline.new_customer is not None and RecordKind.CUSTOMER not in kinds:
        missing.insert(0, outline.new_customer.name)
    return [
        Problem(
            code="record-missing", what=say("“%(name)s” is not in the books any more.", name=name), field="customer",
            cure=say("Open the order, press QB, and send it again; there it can be chosen or created."),
        )
        for name in missing
    ]  # fmt: skip


def _record_again(installation: Installation, delivery: Delivery) -> Subject:
    subject = subject_of(delivery.kind, delivery.subject)
    if isinstance(subject, NewItem):
        return replace(subject, income=mappings.mapped(installation.id).get(Role.INCOME, subject.income))
    company = host().company(installation.organization_id, delivery.source.partition("/")[2])
    if isinstance(subject, NewVendor) and company is not None:
        return replace(subject, name=company.name, email=company.email, phone=company.phone, address=company.billing)
    if isinstance(subject, NewCustomer) and company is not None:
        return replace(subject, name=company.name, email=company.email, phone=company.phone, billing=company.billing)
    return subject


def _refuse_problems(delivery: Delivery, problems: Sequence[Problem]) -> None:
    """Keep a delivery stopped, with what is now in its way."""
    if problems:
        delivery.problems, delivery.reason = problems_json(list(problems)), StopReason.UNMAPPED
        commit()
        raise Incomplete(*problems)
