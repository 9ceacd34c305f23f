"""Acme, as the hub knows it: what it can do, and where each of its parts lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from acme import conversations, endpoint
from hub.plugin import (
    STANDARD_MAPPINGS, Batch, Books, Capabilities, Conversation, Download, EndpointDetails, Invoice, Listed, NewRecord,
    Page, PollingSession, PullIntegration, RecordKind, Ref, Request, Response, Role, TransactionKind,
)  # fmt: skip

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class Acme(PullIntegration):
    """Orders in Acme, which calls us. See `hub.plugin` for what each method is."""

    key = "acme"
    label = "Acme"
    capabilities = Capabilities(
        lists=(RecordKind.ACCOUNT, RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM),
        history=(TransactionKind.INVOICE, TransactionKind.PAYMENT),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
        requests_per_batch=20,
    )
    handlers = conversations.HANDLERS
    mappings = (
        replace(STANDARD_MAPPINGS[Role.INCOME], needed_for=frozenset({Invoice.kind})),
    )

    def connection_file(self, details: EndpointDetails) -> Download:
        return endpoint.connection_file(details)

    def endpoint(self, session: PollingSession) -> WSGIApplication:
        return endpoint.endpoint(session)

    def decode(self, batch: Batch, answer: str) -> Sequence[Response]:
        return endpoint.read(batch, answer)

    def describe_books(self) -> Conversation[Books]:
        return conversations.describe_books()

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        return conversations.fetch(kind, since)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        return conversations.create(record)

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:
        return endpoint.encode(key, requests)
