"""An integration that hangs where a test tells it to; else it is a good one, whose books are a folder of files."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.plugin import (
    AccountKind,
    Attempt,
    Authorized,
    Batch,
    Books,
    Capabilities,
    Connection,
    Conversation,
    Document,
    Invoice,
    Listed,
    MappingField,
    NewRecord,
    Page,
    Posting,
    Problem,
    PushIntegration,
    Record,
    RecordKind,
    Redirect,
    Ref,
    Request,
    Response,
    Role,
)

FOLDER = Path(__file__).parent / "books"


def hangs(where: str) -> None:
    """Hang for good, if a test says so; and let it know."""
    order = FOLDER / "hangs"
    told = order.read_text().split() if order.exists() else []
    if where not in told:
        return
    (FOLDER / f"hangs at {where}").touch()
    match told[-1]:
        case "sleeping":
            time.sleep(10**6)
        case "listening":
            ours, theirs = socket.socketpair()
            with ours, theirs:
                ours.recv(1)
        case "looping":
            while True:
                pass


class Bog(PushIntegration):
    key = "bog"
    label = "Bog Books"
    capabilities = Capabilities(
        documents=frozenset({Invoice.kind}),
        lists=(RecordKind.ACCOUNT, RecordKind.CUSTOMER, RecordKind.ITEM),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.ITEM}),
        requests_per_batch=10,
    )
    mappings = (MappingField(key=Role.INCOME, label="Income account", needed_for=frozenset({Invoice.kind})),)

    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        hangs("authorize")
        if attempt.answer is None:
            return Redirect(url=f"{attempt.return_url}?state={attempt.state}&books=1")
        return Authorized(books_id="1", credentials={"token": "t"})

    def describe_books(self) -> Conversation[Books]:
        yield Request(name="who are you", payload={"ask": "who"}, writes=False)
        return Books(id="1", name="Bog", currency="USD")

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        yield Request(name=f"list {kind}", payload={"ask": str(kind)}, writes=False)
        accounts = (Record(kind=RecordKind.ACCOUNT, id="4000", name="Sales", account=AccountKind.INCOME),)
        return Page(records=accounts if kind is RecordKind.ACCOUNT else (), cursor=f"{since}+")

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        reply = yield Request(name="enter", payload={str(record.kind): record.name}, writes=True)
        return Ref(id=reply.payload["id"], name=record.name)

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        assert isinstance(document, Invoice)
        reply = yield Request(name="create invoice", payload={"invoice": document.number}, writes=True)
        hangs("post")
        return Posting(id=reply.payload["id"], number=document.number, total=document.total)

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:
        return json.dumps([request.payload for request in requests])

    def validate(self, subject: object, options: Mapping[str, str], books: Books) -> Sequence[Problem]:
        hangs("validate")
        return ()

    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        if any(request.writes for request in batch.requests):
            hangs("asking")
        answers = [self._enter(batch.idempotency_key, place, one) for place, one in enumerate(json.loads(batch.body))]
        if any("invoice" in request.payload for request in batch.requests):
            hangs("answered")
        return [Response(payload=answer) for answer in answers]

    def _enter(self, key: str, place: int, asked: dict[str, Any]) -> dict[str, Any]:
        if "ask" not in asked:
            (FOLDER / f"{key}-{place}.json").write_text(json.dumps(asked))
        return {"id": f"{key}-{place}"}

    def refresh(self, connection: Connection) -> Authorized:
        return Authorized(books_id="1", credentials=connection.credentials)

    def revoke(self, connection: Connection) -> None:
        return None
