"""Integrations that look right and are not, and the families of the kit that must say so.

Run by `test_kit.py` beside a generated integration "acme", which is where they differ from.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import requests
from acme import Acme
from pretend import PretendAcme
from shortcuts import Shortcut

from hub.plugin import (
    Attempt,
    Authorized,
    Books,
    Connection,
    Conversation,
    Document,
    Envelope,
    Field,
    FieldKind,
    Listed,
    Page,
    Posting,
    Problem,
    Redirect,
    Rejected,
    Response,
    Unavailable,
)
from hub.testing.families.authorizing import Authorizes
from hub.testing.families.base import Family
from hub.testing.families.conversing import Converses
from hub.testing.families.declaring import Declares, Imports
from hub.testing.families.fetching import Fetches
from hub.testing.families.once import PostsOnce
from hub.testing.families.posting import Posts, Refuses, Waits


class OfAcme(Family):
    mutant: type[Acme]

    @pytest.fixture
    def integration(self) -> Acme:
        return self.mutant()

    @pytest.fixture
    def ledger(self) -> Iterator[PretendAcme]:
        with PretendAcme() as ledger:
            yield ledger


class NewKeyEachTime(Acme):
    def perform(self, envelope: Envelope, connection: Connection) -> Sequence[Response]:
        return super().perform(replace(envelope, key=secrets.token_hex(12)), connection)


class ALostAnswerIsARefusal(Acme):
    def perform(self, envelope: Envelope, connection: Connection) -> Sequence[Response]:
        try:
            return super().perform(envelope, connection)
        except Unavailable:
            raise Rejected(Problem(what="Acme did not answer.")) from None


class WritesTwice(Acme):
    """It writes before the write that matters, and begins anew."""

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        yield from super().post(document, options, books)
        return (yield from super().post(document, options, books))


class RollsDice(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        marked = replace(document, number=f"{document.number}{random.randint(0, 99)}")
        return (yield from super().post(marked, options, books))


class AsksInTheOrderOfASet(Acme):
    """Which is another in each process."""

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        conversation = super().post(document, options, books)
        request = next(conversation)
        reply = yield replace(request, payload={**request.payload, "tags": list({"red", "green", "blue"})})
        try:
            conversation.send(reply)
        except StopIteration as end:
            return end.value
        raise AssertionError


class AsksTheDay(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        return (yield from super().post(replace(document, date=dt.date.today()), options, books))


class Floats(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        conversation = super().post(document, options, books)
        request = next(conversation)
        reply = yield replace(request, payload={**request.payload, "total": float(document.total)})
        try:
            conversation.send(reply)
        except StopIteration as end:
            return end.value
        raise AssertionError


class TellsItsToken(Acme):
    def perform(self, envelope: Envelope, connection: Connection) -> Sequence[Response]:
        found = super().perform(envelope, connection)
        return [Response(payload={**one.payload, "as": connection.credentials["access"]}) for one in found]


class WritesInSecret(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        conversation = super().post(document, options, books)
        reply = yield replace(next(conversation), writes=False)
        try:
            conversation.send(reply)
        except StopIteration as end:
            return end.value
        raise AssertionError


class AsksTheNetwork(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        try:
            requests.get("http://127.0.0.1:9/", timeout=1)
        except requests.RequestException:
            pass
        return (yield from super().post(document, options, books))


class ForgetsTheDiscount(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        conversation = super().post(document, options, books)
        request = next(conversation)
        fields = {**request.payload["fields"], "discount": "0"}
        reply = yield replace(request, payload={**request.payload, "fields": fields})
        try:
            conversation.send(reply)
        except StopIteration as end:
            return end.value
        raise AssertionError


class EchoesWhatWasSent(ForgetsTheDiscount):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        posting = yield from super().post(document, options, books)
        return replace(posting, total=document.total)


class DeclinedIsConsent(Acme):
    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        try:
            return super().authorize(attempt)
        except Rejected:
            return Authorized(books_id="1", credentials={"access": "none", "refresh": "none"})


class AllBooksAreOne(Acme):
    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        found = super().authorize(attempt)
        return replace(found, books_id="1") if isinstance(found, Authorized) else found


class KeepsTheAuthorization(Acme):
    def revoke(self, connection: Connection) -> None:
        return None


class Contradicts(Acme):
    options = (Field(key="kind", label="Kind", kind=FieldKind.CHOICE, choices=(("a", "A"),), default="b"),)


class ARefusalIsACrash(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        try:
            return (yield from super().post(document, options, books))
        except Rejected as error:
            raise ValueError(str(error)) from error


class BusyIsARefusal(ALostAnswerIsARefusal):
    pass


class AccountsWithoutKind(Acme):
    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        page = yield from super().fetch(kind, since)
        return replace(page, records=tuple(replace(one, account=None) for one in page.records))


class ReadsOnlyOnce(Acme):
    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        page = yield from super().fetch(kind, since)
        return page if page.more else replace(page, cursor="1000000")


class PaysNothing(Acme):
    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        page = yield from super().fetch(kind, since)
        return replace(page, transactions=tuple(replace(one, balance=one.total) for one in page.transactions))


CAUGHT: tuple[tuple[type[Family], type[Acme], str], ...] = (
    (Declares, Contradicts, "test_its_options_and_mappings_can_be_rendered"),
    (Imports, Shortcut, "test_it_imports_nothing_of_the_hub_but_its_face_to_plugins"),
    (Authorizes, DeclinedIsConsent, "test_an_admin_who_declines_is_told_what_to_do"),
    (Authorizes, AllBooksAreOne, "test_other_books_are_not_taken_for_the_first_ones"),
    (Authorizes, KeepsTheAuthorization, "test_an_authorization_that_was_given_back_opens_nothing"),
    (Converses, RollsDice, "test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same"),
    (Converses, AsksTheDay, "test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same"),
    (Converses, AsksInTheOrderOfASet, "test_a_conversation_that_is_replayed_by_other_processes_asks_the_same"),
    (Converses, AsksTheNetwork, "test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same"),
    (Converses, Floats, "test_what_it_asks_and_hears_is_json_without_floats"),
    (Converses, TellsItsToken, "test_no_credential_is_in_anything_that_is_kept_or_logged"),
    (Converses, WritesInSecret, "test_what_does_not_write_changes_nothing"),
    (Posts, WritesTwice, "test_a_plain_order_needs_nothing_but_to_be_sent"),
    (Posts, ForgetsTheDiscount, "test_it_arrives_as_it_was_sent"),
    (Posts, EchoesWhatWasSent, "test_it_arrives_as_it_was_sent"),
    (PostsOnce, NewKeyEachTime, "test_the_line_is_cut_at_every_trip"),
    (PostsOnce, NewKeyEachTime, "test_we_die_with_every_answer_in_our_hands"),
    (PostsOnce, ALostAnswerIsARefusal, "test_the_line_is_cut_at_every_trip_of_several_orders"),
    (Refuses, ARefusalIsACrash, "test_a_document_for_somebody_who_is_not_there_stops_alone"),
    (Waits, BusyIsARefusal, "test_a_ledger_that_is_busy_is_asked_again"),
    (Fetches, AccountsWithoutKind, "test_accounts_say_what_they_are_for"),
    (Fetches, ReadsOnlyOnce, "test_what_is_new_is_found_when_a_list_is_read_again"),
    (Fetches, PaysNothing, "test_history_says_what_a_customer_owes"),
)
"""Which test of which family catches which of them."""


def _only(family: type[Family], mutant: type[Acme], test: str) -> type[Any]:
    others = dict.fromkeys(name for name in dir(family) if name.startswith("test_") and name != test)
    return type(f"Test{mutant.__name__}{test.title().replace('_', '')}", (OfAcme, family), {**others, "mutant": mutant})


globals().update({one.__name__: one for one in itertools.starmap(_only, CAUGHT)})
