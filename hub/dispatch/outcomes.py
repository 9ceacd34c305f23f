"""The end of a conversation, applied to the delivery, list or installation that it was about.

All of it happens in the transaction that stores the last response, under the lock of the installation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased, selectinload

from hub import events
from hub.backoff import backoff
from hub.books import description, history, links
from hub.books.history import Posted
from hub.books.links import Created
from hub.books.refresh import follow_lists, postpone_list, refresh_history, store_page
from hub.database import now, session
from hub.dispatch import recovery
from hub.dispatch.replay import BeginsAnew, Crashes, Ends, Fails, Result
from hub.extension import patience_time
from hub.host import Delivered
from hub.integrations import registry
from hub.integrations.crashes import log_crash
from hub.models import ConversationRow, Delivery, Installation, Purpose
from hub.models.delivery import needs
from hub.plugin import (
    AuthorizationExpired,
    Books,
    Document,
    Fix,
    FixKind,
    IntegrationError,
    NewCustomer,
    NewItem,
    NewVendor,
    Posting,
    Prerequisite,
    Prerequisites,
    Problem,
    Ref,
    Rejected,
    Sale,
    Unavailable,
    document_kinds,
    kind_of,
    name_key,
    say,
)
from hub.queue import tell_host
from hub.serialization import books_of, problems_json, subject_json, subject_of
from hub.states import ConversationState, DeliveryState, InstallationState, StopReason

Entered: TypeAlias = Posted | Created

_CODES = {Unavailable: "unavailable", AuthorizationExpired: "authorization-expired", Rejected: "refused"}
"""The code of the problem that an error becomes when it brings none."""


def settle_conversation(row: ConversationRow, step: Ends | Fails | Crashes | BeginsAnew) -> Entered | None:
    """Close a conversation and let follow what follows. A crashed one stays open, to be continued on retry.

    Return what is in the books with it, for `remember_entered`: our copies of the books take many at once.
    """
    if row.state is not ConversationState.OPEN:
        return None
    if isinstance(step, Crashes) and row.delivery is not None:
        problem = _unread_problem(row.delivery) if step.diverged else crash_problem()
        stop_delivery(row.delivery, StopReason.CRASHED, problem, reference=step.reference)
        return None
    if isinstance(step, BeginsAnew):
        _begin_anew(row)
        return None
    if isinstance(step, Ends) and row.purpose is Purpose.RECOVER:
        step = _store_recovery(row, step)
    if isinstance(step, Ends):
        row.move(ConversationState.DONE)
        return _succeed(row, step.result)
    row.move(ConversationState.FAILED)
    _fail(row, step)
    return None


def _begin_anew(row: ConversationRow) -> None:
    """Give the same task to a new conversation. The old one, which only read, stays in the audit trail."""
    row.move(ConversationState.FAILED)
    row.outcome = say("The integration was updated meanwhile, so this began anew.")
    session().add(ConversationRow(
        installation_id=row.installation_id, purpose=row.purpose, delivery=row.delivery, exchanges=[],
        argument={**row.argument, "restarts": row.argument.get("restarts", 0) + 1},
    ))  # fmt: skip


def remember_entered(installation_id: int, entered: Sequence[Entered]) -> None:
    """Have our copies of the books know what is there by now. What was paid on what is voided is the customer's credit;
    how much, the books say."""
    links.store_created(installation_id, [one for one in entered if isinstance(one, Created)])
    if history.record_postings(installation_id, [one for one in entered if isinstance(one, Posted)]):
        refresh_history(installation_id)


def _store_recovery(row: ConversationRow, step: Ends) -> Ends | Crashes:
    """Encode what is asked again. A plugin may do anything when it encodes, or answer for too few."""
    try:
        with session().begin_nested():
            unknown = recovery.store_outcomes(row, step.result)  # type: ignore[arg-type]  # It was checked: a sequence.
    except SQLAlchemyError:
        raise
    except Exception as error:
        session().expire_all()
        return Crashes(log_crash(error))
    for exchange, refusal in unknown:
        delivery = exchange.conversation.delivery
        if delivery is None:  # It was a read, and begins anew.
            settle_conversation(exchange.conversation, Fails(refusal))
        else:
            stop_delivery(delivery, StopReason.REJECTED, *_problems(Fails(refusal)))
    return step


def stop_delivery(delivery: Delivery, reason: StopReason, *problems: Problem, reference: str = "") -> None:
    """Stop a delivery until a person has put it right."""
    if delivery.state is DeliveryState.STOPPED:
        return
    delivery.move(DeliveryState.STOPPED, reason=reason)
    delivery.problems, delivery.reference = problems_json(problems), reference
    delivery.tried_since = None


def crash_problem() -> Problem:
    return Problem(
        code="crashed", what=say("Something went wrong on our side."),
        why=say("This is a mistake in the program, not in what you entered."),
        cure=say("Try again; if it stops again, give the reference to your support."),
    )


UNREAD = "unread"
"""The value of the fix that sends again what was written, and whose answer a new version of the plugin cannot read."""


def _unread_problem(delivery: Delivery) -> Problem:
    product = registry.label_of(delivery.installation.integration)
    return Problem(
        code="answer-unread", what=say("%(what)s was sent to %(product)s.", what=say(delivery.title), product=product),
        why=say("The integration was updated before the answer was read, and cannot read it any more."),
        cure=say("Check %(product)s. Send it again only if it is not there.", product=product),
        fixes=(Fix(label=say("It is not there: send it again"), kind=FixKind.ANEW, value=UNREAD),),
    )  # fmt: skip


def queue_ready_deliveries(installation_id: int) -> None:
    """Queue what waited and has all that it needs in the books. Two queries, however much has been posted."""
    missing = aliased(Delivery)
    waiting = session().scalars(
        select(Delivery)
        .where(
            Delivery.installation_id == installation_id,
            Delivery.state == DeliveryState.WAITING,
            ~exists().where(
                needs.c.delivery_id == Delivery.id,
                needs.c.needed_id == missing.id,
                missing.state != DeliveryState.POSTED,
            ),
        )
        .options(selectinload(Delivery.needs))
    )
    for delivery in waiting.all():
        queue_if_ready(delivery)


def queue_if_ready(delivery: Delivery) -> None:
    """Put the refs of what it waited for into a waiting delivery and queue it, if all of that is posted."""
    if all(needed.state is DeliveryState.POSTED for needed in delivery.needs):
        if delivery.kind in document_kinds():
            document = subject_of(delivery.kind, delivery.subject)
            bound = kind_of(delivery.kind).bind(document, Prerequisites(map(_prerequisite, delivery.needs)))
            delivery.subject = subject_json(bound)
        delivery.move(DeliveryState.QUEUED)
        delivery.due_at = now()


def _prerequisite(delivery: Delivery) -> Prerequisite:
    return Prerequisite(
        kind=delivery.kind, ref=Ref(id=delivery.posting_id, name=delivery.posting_number),
        lines=tuple(delivery.posting_lines), name=delivery.source.partition("/")[2],
    )  # fmt: skip


def _succeed(row: ConversationRow, result: Result) -> Entered | None:
    match row.purpose:
        case Purpose.CHECK:
            assert isinstance(result, Books)
            description.store_description(row.installation, result)
            follow_lists(row.installation, registry.find_integration(row.installation.integration))
            row.outcome = say("Connected to %(books)s.", books=result.name)
        case Purpose.FETCH:
            store_page(row, result)  # type: ignore[arg-type]  # `proceed` has checked that it is a page.
        case Purpose.CREATE:
            assert isinstance(result, Ref)
            assert row.delivery is not None
            _posted(row.delivery, id=result.id, number=result.name)
            row.delivery.problems = problems_json(_renamed(row.delivery, result))
            return Created(row.delivery, result)
        case Purpose.POST:
            assert isinstance(result, Posting)
            assert row.delivery is not None
            return _post(row.delivery, result, books_of(row.argument["books"]))
        case Purpose.RECOVER:
            pass  # It is taken already.
    return None


def _renamed(delivery: Delivery, entered: Ref) -> list[Problem]:
    """Tell if the books have it under another name than ours, which was too long for them or had a sign in it."""
    name = str(delivery.subject.get("name", ""))
    if name_key(entered.name) == name_key(name):
        return []
    return [Problem(
        code="renamed", what=say("It stands in the books as “%(name)s”.", name=entered.name),
        why=say("“%(name)s” does not fit there as a name.", name=name),
        cure=say("Nothing needs to be done; the next order finds it."),
    )]  # fmt: skip


def _post(delivery: Delivery, posting: Posting, books: Books) -> Entered:
    document = subject_of(delivery.kind, delivery.subject)
    assert not isinstance(document, NewCustomer | NewVendor | NewItem)
    voided = delivery.voids
    sent_number = delivery.posting_number if voided else str(getattr(document, "number", ""))
    _posted(delivery, id=posting.id, number=posting.number or sent_number)
    delivery.posting_total, delivery.posting_version = posting.total, posting.version
    if not voided:
        delivery.posting_lines = list(posting.lines)
        delivery.problems = problems_json(tuple(_differences(document, posting, books)))
    if delivery.order_id is not None:
        tell_host(Delivered(
            organization_id=delivery.organization_id, order_id=delivery.order_id, document=delivery.kind,
            integration=delivery.installation.integration, number=delivery.posting_number, voided=voided,
        ))  # fmt: skip
    return Posted(document, posting)


def _differences(document: Document, posting: Posting, books: Books) -> Iterator[Problem]:
    """Return what the books' echo says otherwise than what was sent."""
    sent_number = str(getattr(document, "number", ""))
    is_ours = kind_of(document.kind).has_our_number and document.kind not in books.assigns_numbers_to
    if is_ours and posting.number != sent_number:
        yield Problem(
            code="number-differs", what=say(
                "The books gave it the number %(number)s; we sent %(sent)s.",
                number=posting.number or say("(none)"), sent=sent_number,
            ),
            why=say("The company numbers its documents itself."), field="number",
        )  # fmt: skip
    sent_tax = document.tax.amount if isinstance(document, Sale) else None
    if posting.tax is not None and sent_tax is not None and posting.tax != sent_tax:
        yield Problem(
            code="tax-differs", what=say(
                "The books say %(tax)s of sales tax; the order says %(ordered)s.",
                tax=posting.tax, ordered=sent_tax,
            ),
            why=say("The books calculate the sales tax themselves, by the rate that they know."),
            cure=say("Compare the two and correct the one that is wrong, or send the tax as an item."), field="tax",
        )  # fmt: skip
    sent_total = Decimal(getattr(document, "total", 0))
    if posting.total != sent_total:
        yield Problem(
            code="total-differs",
            what=say("The books say %(total)s; we sent %(sent)s.", total=posting.total, sent=sent_total),
            why=say("Most often the books calculate the sales tax differently."),
            cure=say("Compare the two and correct the one that is wrong."), field="total",
        )  # fmt: skip
    yield from posting.differences


def _posted(delivery: Delivery, *, id: str, number: str) -> None:  # noqa: A002 – It is the posting's id.
    if delivery.state is DeliveryState.QUEUED:
        delivery.move(DeliveryState.SENDING)
    delivery.move(DeliveryState.POSTED)
    delivery.problems, delivery.reference = [], ""
    delivery.posting_id, delivery.posting_number = id, number[:100]


def _fail(row: ConversationRow, step: Fails | Crashes) -> None:
    problems = _problems(step)
    row.outcome = problems[0].what
    if row.purpose is Purpose.FETCH:
        postpone_list(row, problems[0].what)
    elif row.purpose is Purpose.CHECK:
        description.postpone_check(row.installation)
    elif row.purpose is Purpose.RECOVER:
        _give_up_recovery(row, step, problems)
    elif row.delivery is not None and isinstance(step, Fails):
        if isinstance(step.error, Unavailable):
            _later(row.delivery, step.error)
        elif isinstance(step.error, AuthorizationExpired):
            _pause_for(row.installation, row.delivery, InstallationState.EXPIRED, problems[0])
        elif isinstance(step.error, Rejected) and step.error.pauses:
            _pause_for(row.installation, row.delivery, InstallationState.PAUSED, problems[0])
        else:
            _tell_refusal(row.delivery, problems[0])
            stop_delivery(row.delivery, StopReason.REJECTED, *problems)
            description.hasten_check(row.installation)


def _tell_refusal(delivery: Delivery, problem: Problem) -> None:
    events.later(
        session(), events.REFUSED, organization=delivery.organization_id, installation=delivery.installation_id,
        integration=delivery.installation.integration, order=delivery.order_id, document=delivery.kind,
        delivery=delivery.id, code=problem.code,
    )  # fmt: skip


def _pause_for(installation: Installation, delivery: Delivery, state: InstallationState, problem: Problem) -> None:
    """The books take nothing from us at present, whatever it is: an admin must see to that, and then all goes on."""
    if installation.state is InstallationState.CONNECTED:
        installation.move(state)
    what, cure = say(problem.what), say(problem.cure)
    installation.trouble = say("%(what)s %(cure)s", what=what, cure=cure) if cure else what
    installation.trouble_since = installation.trouble_since or now()
    delivery.move(DeliveryState.QUEUED)
    delivery.due_at = now()


def _give_up_recovery(row: ConversationRow, step: Fails | Crashes, problems: tuple[Problem, ...]) -> None:
    parked = recovery.give_up_recovery(row, step)
    for exchange in parked.exchanges if parked else ():
        if exchange.conversation.delivery is None:
            settle_conversation(exchange.conversation, step)
        elif isinstance(step, Crashes):
            stop_delivery(exchange.conversation.delivery, StopReason.CRASHED, crash_problem(), reference=step.reference)
        else:
            reason = StopReason.EXHAUSTED if isinstance(step.error, Unavailable) else StopReason.REJECTED
            stop_delivery(exchange.conversation.delivery, reason, *problems)


def _problems(step: Fails | Crashes) -> tuple[Problem, ...]:
    if isinstance(step, Crashes):
        what = say("Something went wrong on our side (reference %(reference)s).", reference=step.reference)
        return (Problem(code="crashed", what=what),)
    error: IntegrationError = step.error
    if isinstance(error, Rejected) and error.problems:
        return error.problems
    code = next((code for family, code in _CODES.items() if isinstance(error, family)), "refused")
    return (Problem(code=code, what=str(error) or say("The books refuse it without saying why.")),)


def _later(delivery: Delivery, error: Unavailable) -> None:
    """The conversation could not go on and wrote nothing that matters: it is begun anew later."""
    delivery.tried_since = delivery.tried_since or now()
    if now() - delivery.tried_since > patience_time():
        stop_delivery(delivery, StopReason.EXHAUSTED, Problem(
            code="unavailable", what=str(error), why=say("It was tried for a long time."),
            cure=say("Try again when the books answer again."),
        ))  # fmt: skip
        return
    delivery.move(DeliveryState.QUEUED)
    delivery.tries += 1
    delivery.due_at = now() + backoff(delivery.tries, error.retry_after)


