"""Replay recorded exchanges into a fresh generator, and find out what the conversation does next.

A conversation is never kept in memory between two trips, so any process can continue it at any time. The plugin may
have been updated in between. Replay therefore compares the name of each request and whether it writes, and not its
payload. Where the sequence differs, a conversation that has asked no write begins anew. One that has asked a write
continues: recorded responses are matched by name, new reads are asked, and the recorded write is never asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from hub.database import session
from hub.extension import step_time
from hub.integrations import timeouts, validation
from hub.integrations.crashes import log_crash
from hub.models import BatchRow, ConversationRow, Purpose
from hub.models.books import listed_kind
from hub.plugin import (
    Books,
    Conversation,
    Integration,
    IntegrationError,
    Page,
    Posting,
    Ref,
    Rejected,
    Request,
    Response,
)
from hub.serialization import books_of, subject_of

Result: TypeAlias = Books | Page | Ref | Posting | Sequence[Response | Rejected | None]

_RESULTS: dict[Purpose, Any] = {
    Purpose.CHECK: Books,
    Purpose.FETCH: Page,
    Purpose.CREATE: Ref,
    Purpose.POST: Posting,
    Purpose.RECOVER: Sequence[Response | Rejected | None],
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
    """The plugin has a bug. `reference` is in the log beside the traceback.

    If it `hung`, others are processed before it is asked again. If it `diverged`, a new version of the plugin does not
    ask the write that the ledger has answered already.
    """

    reference: str
    hung: bool = False
    diverged: bool = False


@dataclass(frozen=True, slots=True)
class BeginsAnew:
    """It asks another sequence of requests than was recorded, and has asked no write yet."""


Step: TypeAlias = Asks | Ends | Fails | Crashes | BeginsAnew

MOST_RESTARTS = 3
"""An update of the plugin makes a conversation begin anew once. One that asks something else each time has a bug."""

MOST_EXTRA_READS = 50
"""After an answered write, so many reads that were not recorded are asked. More are a bug."""


class Diverged(Exception):
    """The plugin asks another sequence of requests than was recorded."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An exchange of the conversation so far. `response` is None while it is not answered."""

    name: str
    payload: Any
    writes: bool
    response: Any


def proceed_conversation(row: ConversationRow, integration: Integration) -> Step:
    """Replay the recorded exchanges into a fresh generator and give what it does next."""
    try:
        try:
            return timeouts.call_within(integration.key, row.purpose.value, step_time(), _replaying(row, integration))
        except IntegrationError as error:
            return Fails(validation.check_error(error))
        except Diverged as error:
            if any(one.writes for one in row.exchanges):
                return Crashes(log_crash(error), diverged=True)
            if row.argument.get("restarts", 0) >= MOST_RESTARTS:
                raise
            return BeginsAnew()
    except (Exception, SystemExit) as error:  # A plugin may do anything; only its own delivery is to stop.
        return Crashes(log_crash(error), hung=isinstance(error, timeouts.Hung))


def begin_conversation(row: ConversationRow, integration: Integration) -> Conversation[Any]:
    """Return the generator of a conversation, from the argument that it was begun with."""
    return conversation_starter(row, integration)()


def conversation_starter(row: ConversationRow, integration: Integration) -> Callable[[], Conversation[Any]]:
    """Return what begins a conversation without asking the session for anything, so that it can be done elsewhere."""
    argument = row.argument
    match row.purpose:
        case Purpose.CHECK:
            return integration.describe_books
        case Purpose.FETCH:
            return partial(integration.fetch, listed_kind(argument["kind"]), argument["since"])
        case Purpose.CREATE:
            return partial(integration.create, _subject(argument), *_ways(argument))
        case Purpose.POST:
            return partial(integration.post, _subject(argument), *_ways(argument))
        case Purpose.RECOVER:
            return partial(integration.recover, session().get_one(BatchRow, argument["batch"]).as_batch())


def _subject(argument: dict[str, Any]) -> Any:
    """Return what a delivery is about, of the class that its conversation takes."""
    return subject_of(argument["kind"], argument["subject"])


def _ways(argument: dict[str, Any]) -> tuple[dict[str, str], Books]:
    """Return the options and the books, as they were when the conversation began."""
    return argument["options"], books_of(argument["books"])


def _replaying(row: ConversationRow, integration: Integration) -> Callable[[], Asks | Ends]:
    """Return what replays a conversation without using the session: a plugin may be left in the middle."""
    recorded = [Recorded(str(one.name), one.payload, one.writes, one.response) for one in row.exchanges]
    return partial(_replay, conversation_starter(row, integration), recorded, row.purpose)


def _replay(anew: Callable[[], Conversation[Any]], recorded: Sequence[Recorded], purpose: Purpose) -> Asks | Ends:
    """Replay what was recorded, and return what comes next. Raises what the conversation raises.

    Raises `Diverged` where a conversation that has asked no write differs from what was recorded, and where one that
    has asked a write ends, is refused or writes something else before it came to that write: beginning it anew would
    write a second time.
    """
    rest, has_written = list(recorded), any(one.writes for one in recorded)
    generator = anew()
    try:
        request = next(generator)
        while (found := _match(request, rest, has_written=has_written)) is not None and found.response is not None:
            rest.remove(found)
            request = generator.send(Response(payload=found.response))
    except StopIteration as stop:
        if any(one.writes for one in rest) or (rest and not has_written):
            raise Diverged("It ends before what it has asked already.") from None
        validation.check_type(stop.value, _RESULTS[purpose], f"What {purpose} ended in")
        return Ends(stop.value)
    except IntegrationError as error:
        if any(one.writes for one in rest):
            raise Diverged("It is refused before what it has written already.") from error
        raise
    finally:
        generator.close()
    request = validation.check_request(request)  # What cannot be stored is found now, while the plugin can be named.
    if found is None and rest:
        _check_extra(request, rest, recorded)
    return Asks(request)


def _match(request: Request, rest: Sequence[Recorded], *, has_written: bool) -> Recorded | None:
    """Return the recorded exchange that answers a request.

    That is the next one, if it has the same name and writes as much. Otherwise, and only after a write, it is any one
    left: a write of that name, or a read or write that asks exactly the same.
    """
    if not rest or _is_same(request, rest[0]):
        return rest[0] if rest else None
    if not has_written:
        raise Diverged(f"“{request.name}” was not asked the first time.")
    written = (one for one in rest if one.writes and _is_same(request, one))
    return next(written, None) or next((one for one in rest if _asks_the_same(request, one)), None)


def _is_same(request: Request, recorded: Recorded) -> bool:
    return str(request.name) == recorded.name and request.writes == recorded.writes


def _asks_the_same(request: Request, recorded: Recorded) -> bool:
    same_payload = validation.canonical_json(request.payload) == validation.canonical_json(recorded.payload)
    return same_payload and request.writes == recorded.writes


def _check_extra(request: Request, rest: Sequence[Recorded], recorded: Sequence[Recorded]) -> None:
    """Raise `Diverged` for a request that was not recorded and must not be asked."""
    if request.writes and any(one.writes for one in rest):
        raise Diverged(f"“{request.name}” would be written beside what was written already.")
    if len(recorded) > MOST_EXTRA_READS:
        raise Diverged(f"“{request.name}” is asked without end.")
