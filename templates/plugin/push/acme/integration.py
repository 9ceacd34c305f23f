"""Acme, as the hub knows it: what it can do, and where each of its parts lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from acme import conversations, transport
from hub.plugin import (
    STANDARD_MAPPINGS, Attempt, Authorized, Batch, Books, Capabilities, Connection, Conversation, Invoice, Listed,
    NewRecord, Page, PushIntegration, RecordKind, Redirect, Ref, Request, Response, Role, Setting, TransactionKind,
)  # fmt: skip


class Acme(PushIntegration):
    """Orders in Acme, up to twenty requests a call. See `hub.plugin` for what each method is."""

    key = "acme"
    label = "Acme"
    capabilities = Capabilities(
        lists=(RecordKind.ACCOUNT, RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM),
        history=(TransactionKind.INVOICE, TransactionKind.PAYMENT),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
        requests_per_batch=20,
    )
    settings = (
        Setting(name="API_URL", default="https://api.acme.test", help="Where Acme is."),
        Setting(name="CLIENT_ID", help="The name of your app at Acme."),
        Setting(name="CLIENT_SECRET", help="Its secret."),
    )
    handlers = conversations.HANDLERS
    mappings = (
        replace(STANDARD_MAPPINGS[Role.INCOME], needed_for=frozenset({Invoice.kind})),
    )

    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        return transport.authorize(attempt)

    def describe_books(self) -> Conversation[Books]:
        return conversations.describe_books()

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        return conversations.fetch(kind, since)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        return conversations.create(record)

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:
        return transport.encode(requests)

    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        return transport.send(batch, connection)

    def refresh(self, connection: Connection) -> Authorized:
        return transport.refresh(connection)

    def revoke(self, connection: Connection) -> None:
        transport.revoke(connection)
