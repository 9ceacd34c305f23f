"""A pretend ledger, and the integration that speaks to it: real conversations, without a network.

It is strict in what the hub's promises rest on: it carries out a key only once, and it answers the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import simplejson

from hub.plugin import (
    AccountKind,
    Ask,
    Attempt,
    Authorized,
    Batch,
    Books,
    Capabilities,
    Connection,
    Conversation,
    Document,
    Integration,
    Invoice,
    Listed,
    MappingField,
    NewCustomer,
    NewRecord,
    Page,
    Payment,
    Posting,
    Problem,
    PushIntegration,
    Record,
    RecordKind,
    Redirect,
    Ref,
    Rejected,
    Request,
    Response,
    Role,
    Unavailable,
)

Fault = Callable[[Batch], None]


@dataclass
class Ledger:
    """The books. `before` and `after` hold what goes wrong: raised before or after a trip is carried out."""

    customers: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    invoices: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    trips: list[Batch] = field(default_factory=list)
    before: list[Exception | None] = field(default_factory=list)
    after: list[Exception | None] = field(default_factory=list)
    refuses: Callable[[dict[str, Any]], str] = lambda _: ""
    whole: Callable[[Sequence[Request]], bool] = lambda _: False

    def carry_out(self, batch: Batch) -> list[dict[str, Any]]:
        self.trips.append(batch)
        if self.before and (error := self.before.pop(0)):
            raise error
        if self.whole(batch.requests):
            raise Rejected(Problem(what="The ledger cannot read this."))
        if batch.idempotency_key not in self.answers:
            requests = simplejson.loads(batch.body, use_decimal=True)
            self.answers[batch.idempotency_key] = [self.carry_out_one(request) for request in requests]
        if self.after and (error := self.after.pop(0)):
            raise error
        return self.answers[batch.idempotency_key]

    def carry_out_one(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request. A test may replace it to answer otherwise."""
        if complaint := self.refuses(payload):
            return {"refused": complaint}
        (verb, body), *_ = payload.items()
        if verb == "who":
            return {"id": "books-1", "name": "Test Books"}
        if verb == "list":
            return {"records": getattr(self, body, [])}
        shelf: list[dict[str, Any]] = getattr(self, verb)
        shelf.append({"id": f"{verb}-{len(shelf) + 1}", **body})
        return shelf[-1]

    def whole_ledger(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "customers": self.customers, "items": self.items, "invoices": self.invoices, "payments": self.payments
        }  # fmt: skip


class Pretend(PushIntegration):
    """Speaks to a `Ledger`."""

    key = "pretend"
    label = "Pretend Books"
    capabilities = Capabilities(
        documents=frozenset({Invoice.kind, Payment.kind}),
        lists=(RecordKind.ACCOUNT, RecordKind.CUSTOMER, RecordKind.ITEM),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.ITEM}),
        requests_per_batch=5,
    )
    mappings = (
        MappingField(
            key=Role.INCOME, label="Income account", accepts=(AccountKind.INCOME,),
            needed_for=frozenset({Invoice.kind}),
        ),
    )  # fmt: skip

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.renewals = 0
        self.renewing: Exception | None = None

    def authorize(self, attempt: Attempt) -> Redirect | Ask | Authorized:
        if attempt.answer is None:
            return Redirect(url=f"http://127.0.0.1:9/sign-in?state={attempt.state}")
        if attempt.answer.get("error"):
            raise Rejected(Problem(what="You pressed Cancel.", cure="Try again."))
        return Authorized(books_id=attempt.answer["books"], credentials={"token": "canary-token"})

    def describe_books(self) -> Conversation[Books]:
        reply = yield Request(name="who are you", payload={"who": True}, writes=False)
        return Books(id=reply.payload["id"], name=reply.payload["name"], currency="USD")

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        assert isinstance(kind, RecordKind)
        reply = yield Request(name=f"list {kind}", payload={"list": f"{kind}s"}, writes=False)
        records = [Record(kind=kind, id=one["id"], name=one["name"]) for one in reply.payload["records"]]
        if kind is RecordKind.ACCOUNT:
            records = [Record(kind=kind, id="4000", name="Sales", number="4000", account=AccountKind.INCOME)]
        return Page(records=tuple(records), cursor=f"{since}+", total=len(records))

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        shelf = "customers" if isinstance(record, NewCustomer) else "items"
        seen = yield Request(name="look", payload={"list": shelf}, writes=False)
        if found := [one for one in seen.payload["records"] if one["name"] == record.name]:
            return Ref(id=found[0]["id"], name=record.name)
        reply = yield Request(name=f"create {record.kind}", payload={shelf: {"name": record.name}}, writes=True)
        self.check_refusal(reply)
        return Ref(id=reply.payload["id"], name=record.name)

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        if isinstance(document, Invoice):
            body = {
                "number": document.number, "customer": document.customer.id, "total": document.total,
                "discount": document.discount, "items": [line.item.id for line in document.lines],
            }  # fmt: skip
            reply = yield Request(name="create invoice", payload={"invoices": body}, writes=True)
        else:
            assert isinstance(document, Payment)
            assert document.invoice is not None
            body = {"invoice": document.invoice.id, "customer": document.customer.id, "amount": document.amount}
            reply = yield Request(name="receive payment", payload={"payments": body}, writes=True)
        self.check_refusal(reply)
        total = reply.payload.get("total") or reply.payload["amount"]
        return Posting(id=reply.payload["id"], number=reply.payload.get("number", ""), total=Decimal(total))

    def check_refusal(self, reply: Response) -> None:
        """Raise what the ledger's refusal means. A test may replace it to refuse otherwise."""
        match reply.payload.get("refused"):
            case None:
                return
            case "later":
                raise Unavailable("The ledger is busy.", retry_after=0)
            case complaint:
                raise Rejected(Problem(what=complaint, cure="Put it right.", field="customer"))

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:
        return str(simplejson.dumps([request.payload for request in requests], use_decimal=True))

    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        assert connection.credentials["token"].startswith("canary-token")
        return [Response(payload=answer) for answer in self.ledger.carry_out(batch)]

    def refresh(self, connection: Connection) -> Authorized:
        if self.renewing:
            raise self.renewing
        self.renewals += 1
        return Authorized(books_id=connection.books_id, credentials={"token": f"canary-token-{self.renewals}"})

    def revoke(self, connection: Connection) -> None:
        self.ledger.answers.clear()


def integration_of(app: Any) -> Integration:
    """The pretend integration of an app."""
    found: Integration = app.extensions["hub"].integrations["pretend"]
    return found
