"""Driving conversations: replaying what was said, and taking what comes next.

A conversation is never kept in memory between two trips. Whoever continues it begins a fresh generator, hands it the
recorded responses, and so arrives at its next request or at its end; that is why any process can do it, at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from rq.timeouts import BaseTimeoutException

from hub.database import session
from hub.extension import step_time
from hub.integrations import timeouts, validation
from hub.integrations.crashes import reference
from hub.models import BatchRow, ConversationRow, Purpose
from hub.models.books import listed
from hub.plugin import (
    Books,
    Conversation,
    Integration,
    IntegrationError,
    Page,
    Posting,
    Ref,
    Request,
    Response,
)
from hub.serialization import books_of, subject_of

Result: TypeAlias = Books | Page | Ref | Posting | Sequence[Response | None]

_RESULTS: dict[Purpose, Any] = {
    Purpose.CHECK: Books,
    Purpose.FETCH: Page,
    Purpose.CREATE: Ref,
    Purpose.POST: Posting,
    Purpose.RECOVER: Sequence[Response | None],
}


@dataclass(frozen=True, slots=True)
class Asks:
    """It wants to know something."""

    request: Request


@dataclass(frozen=True, slots=True)
class Ends:
    """It has come to its end, with a result."""

    result: Result


@dataclass(frozen=True, slots=True)
class Fails:
    """It ended as the plugin interface foresees: rejected, or to be begun anew later."""

    error: IntegrationError


@dataclass(frozen=True, slots=True)
class Crashes:
    """The plugin has a bug. `reference` stands in the log beside the traceback. If it `hung`, it took its time, and
    others should have their turn before it is asked again."""

    reference: str
    hung: bool = False


Step: TypeAlias = Asks | Ends | Fails | Crashes


class Wandered(Exception):
    """A conversation asked something else on replay than it did the first time: it is not deterministic."""


def proceed(row: ConversationRow, integration: Integration) -> Step:
    """Replay the recorded exchanges into a fresh generator and give what it does next."""
    try:
        try:
            return timeouts.within(integration.key, row.purpose.value, step_time(), _replaying(row, integration))
        except IntegrationError as error:
            return Fails(validation.error(error))
    except BaseTimeoutException:
        raise  # The job's own time is up; that says nothing about the plugin.
    except (Exception, SystemExit) as error:  # A plugin may do anything; only its own delivery is to stop.
        return Crashes(reference(error), hung=isinstance(error, timeouts.Hung))


def begin(row: ConversationRow, integration: Integration) -> Conversation[Any]:
    """The generator of a conversation, from the argument that it was begun with."""
    return beginning(row, integration)()


def beginning(row: ConversationRow, integration: Integration) -> Callable[[], Conversation[Any]]:
    """What begins a conversation without asking the session for anything, so that it can be done elsewhere."""
    argument = row.argument
    match row.purpose:
        case Purpose.CHECK:
            return integration.describe_books
        case Purpose.FETCH:
            return partial(integration.fetch, listed(argument["kind"]), argument["since"])
        case Purpose.CREATE:
            return partial(integration.create, _subject(argument), *_ways(argument))
        case Purpose.POST:
            return partial(integration.post, _subject(argument), *_ways(argument))
        case Purpose.RECOVER:
            return partial(integration.recover, session().get_one(BatchRow, argument["batch"]).sealed())


def _subject(argument: dict[str, Any]) -> Any:
    """What a delivery is about, of the class that its conversation takes."""
    return subject_of(argument["kind"], argument["subject"])


def _ways(argument: dict[str, Any]) -> tuple[dict[str, str], Books]:
    """The options and the books, as they were when the conversation began."""
    return argument["options"], books_of(argument["books"])


def _replaying(row: ConversationRow, integration: Integration) -> Callable[[], Asks | Ends]:
    """What replays a conversation without asking the session for anything: a plugin may be left in the middle."""
    said = [(one.payload, one.writes, one.response) for one in row.exchanges]
    return partial(_replay, beginning(row, integration), said, row.purpose)


def _replay(
    anew: Callable[[], Conversation[Any]], said: Sequence[tuple[Any, bool, Any]], purpose: Purpose
) -> Asks | Ends:
    generator = anew()
    try:
        request = next(generator)
        for payload, writes, response in said:
            if response is None:
                break
            _compare(request, payload, writes)
            request = generator.send(Response(payload=response))
    except StopIteration as stop:
        validation.demand(stop.value, _RESULTS[purpose], f"What {purpose} ended in")
        return Ends(stop.value)
    finally:
        generator.close()
    return Asks(validation.request(request))  # What cannot be stored is found now, while the plugin can be named.


def _compare(request: Request, payload: Any, writes: bool) -> None:
    if validation.text(request.payload) != validation.text(payload) or request.writes != writes:
        raise Wandered(f"“{request.name}” is not what was asked the first time")

