"""A pretend ledger that takes, changes and voids every kind of document, and its integration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask import Flask

from hub.database import session
from hub.models import Installation, RecordRow
from hub.plugin import (
    Batch,
    Books,
    Capabilities,
    Conversation,
    CreditMemo,
    Document,
    Handler,
    Invoice,
    NewRecord,
    Payment,
    Posting,
    Problem,
    PushIntegration,
    RecordKind,
    Ref,
    Rejected,
    Request,
    Unavailable,
    document_kinds,
    kind_of,
    name_key,
)
from tests.support.pretend import Ledger, Pretend

ACCOUNTS = ("1000", "1001", "5000", "5001")


class WideLedger(Ledger):
    """A ledger with a shelf for all documents: each write is a row of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[dict[str, Any]] = []
        self.vendors: list[dict[str, Any]] = []
        self.loses: tuple[str, Callable[[dict[str, Any]], bool]] = "", lambda _: False

    def kinds(self) -> list[str]:
        """Return what was written, in order: "post invoice", "void invoice"."""
        return [f"{one['verb']} {one['kind']}" for one in self.documents]

    def refuse(self, shelf: str, **fields: object) -> None:
        """Refuse what has these fields from now on."""
        self.refuses = lambda payload: (
            "No." if shelf in payload and all(payload[shelf].get(name) == one for name, one in fields.items()) else ""
        )

    def accept(self) -> None:
        """Refuse and lose nothing any more."""
        self.refuses = lambda _: ""
        self.loses = "", lambda _: False

    def lose(self, when: str, shelf: str, **fields: object) -> None:
        """Break the line "before" or "after" a trip is carried out that has something with these fields."""
        self.loses = when, lambda payload: (
            shelf in payload and all(payload[shelf].get(name) == one for name, one in fields.items())
        )

    def carry_out(self, batch: Batch) -> list[dict[str, Any]]:
        when, is_lost = self.loses
        lost = when if any(is_lost(request.payload) for request in batch.requests) else ""
        if lost == "before":
            raise Unavailable("The line was cut.")
        answers = super().carry_out(batch)
        if lost == "after":
            raise Unavailable("The line was cut.")
        return answers


def _write(verb: str, document: Any) -> Conversation[Posting]:
    revises = document.revises
    body = {
        "verb": verb, "kind": document.kind, "revises": revises.id if revises else "", "number": document.number,
        "total": Decimal("0.00") if verb == "void" else document.total,
        "party": getattr(document, kind_of(document.kind).party).id,
    }  # fmt: skip
    if isinstance(document, Payment):
        body["invoice"] = document.invoice and document.invoice.id
        body["deposit"] = document.deposit_to and document.deposit_to.id
    else:
        body["accounts"] = [line.account and line.account.id for line in document.lines]
    reply = yield Request(name=f"{verb} {document.kind}", payload={"documents": body}, writes=True)
    if complaint := reply.payload.get("refused"):
        raise Rejected(Problem(code="refused", what=complaint))
    row = reply.payload
    return Posting(id=row["revises"] or row["id"], number=row["number"], total=Decimal(row["total"]), lines=("1", "2"))


def _post(document: Any, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    if (same := getattr(document, "same_as", None)) is None:
        return (yield from _write("post", document))
    seen = yield Request(name="look", payload={"list": "documents"}, writes=False)
    found = next((one for one in seen.payload["records"] if one["id"] == same.id), None)
    if found is None:
        raise Rejected(Problem(code="link-missing", what="What it was to be linked to is not there any more."))
    return Posting(id=found["id"], number=found["number"], total=Decimal(found["total"]))


def _update(document: Any, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    return (yield from _write("update", document))


def _void(document: Any, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    return (yield from _write("void", document))


class Wide(Pretend):
    """The pretend integration, for a ledger that takes everything."""

    handlers = tuple(
        Handler(kind=kind, post=_post, update=_update, void=_void if kind in {Invoice.kind, CreditMemo.kind} else None)
        for kind in document_kinds()
    )
    capabilities = Capabilities(
        lists=(RecordKind.ACCOUNT, RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM), requests_per_batch=5,
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
        revises=frozenset({RecordKind.CUSTOMER}),
    )  # fmt: skip

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        return PushIntegration.post(self, document, options, books)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        revises = getattr(record, "revises", None)
        shelf = f"{record.kind}s"
        if revises is None:
            seen = yield Request(name="look", payload={"list": shelf}, writes=False)
            if found := [one for one in seen.payload["records"] if one["name"] == record.name]:
                return Ref(id=found[0]["id"], name=record.name)
        body = {
            "name": record.name, "email": getattr(record, "email", ""), "revises": revises.id if revises else ""
        }  # fmt: skip
        reply = yield Request(name=f"create {record.kind}", payload={shelf: body}, writes=True)
        self.check_refusal(reply)
        return Ref(id=revises.id if revises else reply.payload["id"], name=record.name)


def install_wide(app: Flask, installation: Installation, ledger: WideLedger) -> Installation:
    """Make an installation one of a product that takes, changes and voids everything."""
    app.extensions["hub"].integrations = {"pretend": Wide(ledger)}
    prepare(installation)
    return installation


def prepare(installation: Installation) -> None:
    """Allow all documents, and add the accounts."""
    installation.documents = list(document_kinds())
    add_entries(installation, RecordKind.ACCOUNT, *ACCOUNTS)


def add_entries(installation: Installation, kind: RecordKind, *ids: str) -> None:
    """Add entries to our copy of a list, as if they had been read."""
    for one in ids:
        name = f"{kind} {one}"
        session().add(RecordRow(
            installation_id=installation.id, kind=kind, record_id=one, name=name, name_key=name_key(name), active=True
        ))  # fmt: skip
    session().commit()
