"""Faulty integrations, each with one fault. `test_kit.py` says which test of the kit must find it.

The module is copied beside a generated integration "acme", from which they are derived.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

import requests
from acme import Acme

from hub.plugin import (
    AccountKind,
    Attempt,
    Authorized,
    Books,
    Connection,
    Conversation,
    Document,
    Batch,
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


class NewKeyEachTime(Acme):
    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        return super().send(replace(batch, idempotency_key=secrets.token_hex(12)), connection)


class ALostAnswerIsARefusal(Acme):
    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        try:
            return super().send(batch, connection)
        except Unavailable:
            raise Rejected(Problem(what="Acme did not answer.")) from None


class WritesTwice(Acme):
    """It writes before the write that matters, and begins anew."""

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        yield from super().post(document, options, books)
        return (yield from super().post(document, options, books))


class RollsDice(Acme):
    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        marked = replace(document, number=f"{document.number}{random.randint(0, 10**6)}")
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
    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        found = super().send(batch, connection)
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
    """Only what the mappings ask for has a kind, so that it can be connected."""

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        page = yield from super().fetch(kind, since)
        return replace(page, records=tuple(
            one if one.account is AccountKind.INCOME else replace(one, account=None) for one in page.records
        ))


class ReadsOnlyOnce(Acme):
    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        page = yield from super().fetch(kind, since)
        return page if page.more else replace(page, cursor="1000000")


class PaysNothing(Acme):
    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        page = yield from super().fetch(kind, since)
        return replace(page, transactions=tuple(replace(one, balance=one.total) for one in page.transactions))
