"""The rules of a conversation: the same again on replay, JSON, no credentials, no network, and no surprises."""

from __future__ import annotations

import datetime as dt
import logging
import random
import socket
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from hub.database import now, session
from hub.dispatch.replay import Crashes, begin_conversation, conversation_starter, proceed_conversation
from hub.models import BatchRow, ConversationRow, Exchange, Purpose
from hub.plugin import IntegrationError, Request, Response
from hub.testing import replaying
from hub.testing.families.arriving import arrives, send
from hub.testing.families.base import Family
from hub.testing.office import Office
from hub.testing.orders import SCENARIOS


class Converses(Family):
    """Tests that conversations replay the same in another process, on another day."""

    def test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrives(office, *_orders(office))
        before = {row.id: proceed_conversation(row, office.integration) for row in _conversations()}
        office.wire.before = lambda: pytest.fail("A conversation was carried to the ledger while it was replayed.")
        monkeypatch.setattr(socket.socket, "connect", _no_network)
        random.seed(4728)
        with time_machine.travel(now() + dt.timedelta(days=400, hours=5)):
            after = {row.id: proceed_conversation(row, office.integration) for row in _conversations()}
            asked = {
                row.id: replaying.asks_otherwise(conversation_starter(row, office.integration), _said(row))
                for row in _conversations()
            }
        for row in _conversations():
            assert not asked[row.id], f"{_title(row)} asks otherwise than the first time."
            assert not isinstance(after[row.id], Crashes), f"{_title(row)} is not the same again: see the log."
            assert after[row.id] == before[row.id], f"{_title(row)} ends otherwise than the first time."

    def test_a_conversation_that_is_replayed_by_other_processes_asks_the_same(self, office: Office) -> None:
        arrives(office, *_orders(office))
        fresh = type(office.integration)()
        told = [
            replaying.RecordedConversation(_title(row), conversation_starter(row, fresh), _said(row))
            for row in _conversations() if row.purpose is not Purpose.RECOVER
        ]  # fmt: skip
        wandered = replaying.elsewhere(told)
        assert not wandered, (
            f"{', '.join(wandered)}: in a process that orders sets otherwise it is not the same again. Sort them."
        )

    def test_what_it_asks_and_hears_is_json_without_floats(self, office: Office) -> None:
        arrives(office, *_orders(office))
        for row in _conversations():
            generator_asks = _asked_again(office, row)
            for request in generator_asks:
                assert isinstance(request.payload, dict), f"The payload of “{request.name}” is no JSON object."
                wrong = list(_not_json(request.payload, "payload"))
                assert not wrong, f"“{request.name}”: {'; '.join(wrong)}"

    def test_every_question_says_what_it_does_in_words(self, office: Office) -> None:
        arrives(office, *_orders(office))
        for exchange in session().scalars(select(Exchange)):
            assert exchange.name.strip(), "A request has no name."
            assert len(exchange.name) < 200, f"“{exchange.name}” heads a line of a page."  # noqa: PLR2004

    def test_what_does_not_write_changes_nothing(self, office: Office) -> None:
        seen: list[tuple[str, int]] = []

        def look() -> None:
            batch = office.wire.seen[-1] if office.wire.seen else None
            names = ", ".join(one.name for one in batch.requests if not one.writes) if batch else ""
            writes = any(one.writes for one in batch.requests) if batch else True
            seen.append(("" if writes else names, len(list(office.ledger.documents()))))

        office.wire.before = look
        arrives(office, *_orders(office))
        look()
        for (names, count), (_, later) in pairwise(seen):
            assert not names or count == later, f"“{names}” is said not to write, and there are more documents."

    def test_no_credential_is_in_anything_that_is_kept_or_logged(
        self, lobby: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        lobby.connect()
        canaries = lobby.secrets()
        arrives(lobby, *_orders(lobby))
        lobby.ledger.turn_away()
        send(lobby, lobby.book().order())
        lobby.run()
        kept, logged = lobby.all_rows(), caplog.text
        assert not [one for one in canaries if one in kept], "A credential stands in the hub's rows."
        assert not [one for one in canaries if one in logged], "A credential stands in the log."

    def test_encoding_is_pure(self, office: Office) -> None:
        arrives(office, *_orders(office))
        for row in session().scalars(select(BatchRow)):
            batch = row.as_batch()
            before = office.integration.encode(batch.idempotency_key, batch.requests)
            with time_machine.travel(now() + dt.timedelta(days=400)):
                assert office.integration.encode(batch.idempotency_key, batch.requests) == before


def _orders(office: Office) -> list[Any]:
    book = office.book()
    return [SCENARIOS["paid in parts"](book), SCENARIOS["discount"](book)]


def _conversations() -> list[ConversationRow]:
    return list(session().scalars(select(ConversationRow).order_by(ConversationRow.id)))


def _said(row: ConversationRow) -> list[tuple[Any, bool, Any]]:
    return [(one.payload, one.writes, one.response) for one in row.exchanges]


def _title(row: ConversationRow) -> str:
    named = row.delivery.title if row.delivery is not None else row.argument.get("kind", "")
    return f"The conversation “{row.purpose} {named}”".replace(" ”", "”")


def _asked_again(office: Office, row: ConversationRow) -> Iterator[Request]:
    """Return the requests as the generator yields them, before they are stored."""
    generator = begin_conversation(row, office.integration)
    try:
        request = next(generator)
        yield request
        for exchange in row.exchanges:
            request = generator.send(Response(payload=exchange.response or {}))
            yield request
    except (StopIteration, IntegrationError):
        return
    finally:
        generator.close()


def _not_json(value: object, path: str) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str):
                    yield f"{path} has the key {key!r}, which is no text"
                yield from _not_json(inner, f"{path}.{key}")
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _not_json(inner, f"{path}[{place}]")
        case None | bool() | int() | str() | Decimal():
            return
        case float():
            yield f"{path} is a float, which loses cents; use Decimal"
        case _:
            yield f"{path} is a {type(value).__name__}"


def _no_network(one: socket.socket, *_: object) -> None:
    one.close()
    raise AssertionError("A conversation speaks to the network; only `send` may.")
