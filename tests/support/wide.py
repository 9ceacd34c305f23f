"""A pretend ledger that takes, changes and voids every kind of document, and its integration."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.database import session
from hub.models import Installation, RecordRow
from hub.plugin import (
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
    document_kinds,
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

    def kinds(self) -> list[str]:
        """Return what was written, in order: "post invoice", "void invoice"."""
        return [f"{one['verb']} {one['kind']}" for one in self.documents]

    def refuse(self, shelf: str, **fields: object) -> None:
        """Refuse what has these fields from now on."""
        self.refuses = lambda payload: (
            "No." if shelf in payload and all(payload[shelf].get(name) == one for name, one in fields.items()) else ""
        )

    def accept(self) -> None:
        """Refuse nothing any more."""
        self.refuses = lambda _: ""


def _write(verb: str, document: Any) -> Conversation[Posting]:
    revises = document.revises
    body = {
        "verb": verb, "kind": document.kind, "revises": revises.id if revises else "", "number": document.number,
        "total": Decimal("0.00") if verb == "void" else document.total,
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
    return (yield from _write("post", document))


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
        body = {
            "name": record.name, "email": getattr(record, "email", ""), "revises": revises.id if revises else ""
        }  # fmt: skip
        reply = yield Request(name=f"create {record.kind}", payload={f"{record.kind}s": body}, writes=True)
        self.check_refusal(reply)
        return Ref(id=revises.id if revises else reply.payload["id"], name=record.name)


def add_entries(installation: Installation, kind: RecordKind, *ids: str) -> None:
    """Add entries to our copy of a list, as if they had been read."""
    for one in ids:
        name = f"{kind} {one}"
        session().add(RecordRow(
            installation_id=installation.id, kind=kind, record_id=one, name=name, name_key=name_key(name), active=True
        ))  # fmt: skip
    session().commit()
