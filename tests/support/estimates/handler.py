"""How a plugin brings estimates into a pretend ledger."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.plugin import (
    Books,
    Conversation,
    Document,
    Handler,
    Invoice,
    Payment,
    Posting,
    Problem,
    PushIntegration,
    Rejected,
    Request,
)
from tests.support.estimates.declaration import Estimate
from tests.support.pretend import Ledger, Pretend


def post(estimate: Estimate, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    return (yield from _write("create estimate", estimate))


def update(estimate: Estimate, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    return (yield from _write("change estimate", estimate))


def void(estimate: Estimate, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    return (yield from _write("void estimate", estimate))


def _write(name: str, estimate: Estimate) -> Conversation[Posting]:
    revises = estimate.revises
    total = Decimal("0.00") if revises is not None and revises.voids else estimate.total
    body = {"revises": revises.id if revises else "", "number": estimate.number, "total": total}
    reply = yield Request(name=name, payload={"estimates": body}, writes=True)
    if complaint := reply.payload.get("refused"):
        raise Rejected(Problem(code="refused", what=complaint))
    row = reply.payload
    return Posting(id=row["revises"] or row["id"], number=row["number"], total=Decimal(row["total"]))


class EstimatingLedger(Ledger):
    """A ledger with a shelf for estimates: each write is a row of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.estimates: list[dict[str, Any]] = []


class Estimating(Pretend):
    """The pretend integration, for a ledger that takes estimates."""

    handlers = (
        Handler(kind=Invoice.kind, post=lambda document, options, books: iter(())),  # type: ignore[arg-type,return-value]  # `post` below.
        Handler(kind=Payment.kind, post=lambda document, options, books: iter(())),  # type: ignore[arg-type,return-value]  # As above.
        Handler(kind=Estimate.kind, post=post, update=update, void=void),
    )

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        if document.kind == Estimate.kind:
            return PushIntegration.post(self, document, options, books)
        return super().post(document, options, books)
