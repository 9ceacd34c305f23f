"""The integration class of QuickBooks Desktop: its capabilities, and a method for each part of the plugin interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hub.plugin import (
    Batch,
    Books,
    Capabilities,
    Conversation,
    Document,
    Download,
    EndpointDetails,
    Listed,
    NewRecord,
    Page,
    PollingSession,
    Problem,
    PullIntegration,
    RecordKind,
    Ref,
    Request,
    Response,
    TransactionKind,
)
from quickbooks_desktop import calls, endpoint, history, lists, posting, qbxml, qwc, recovery, review
from quickbooks_desktop.options import MAPPINGS, OPTIONS

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class QuickBooksDesktop(PullIntegration):
    """Orders in a QuickBooks company file, up to 200 requests per message set. See `hub.plugin` for each method."""

    key = "quickbooks_desktop"
    label = "QuickBooks Desktop"
    capabilities = Capabilities(
        lists=(
            RecordKind.ACCOUNT,
            RecordKind.TERM,
            RecordKind.CLASS,
            RecordKind.TAX_CODE,
            RecordKind.CUSTOMER,
            RecordKind.VENDOR,
            RecordKind.ITEM,
        ),
        history=tuple(TransactionKind),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
        revises=frozenset({RecordKind.CUSTOMER}),
        bill_before_order=True,
        shared_names=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR}),
        requests_per_batch=200,
        bytes_per_batch=300_000,
        tax_by_code=True,
        item_paths=True,
    )
    options = OPTIONS
    handlers = posting.HANDLERS
    mappings = MAPPINGS

    def connection_file(self, details: EndpointDetails) -> Download:
        return qwc.file(details)

    def endpoint(self, session: PollingSession) -> WSGIApplication:
        return endpoint.endpoint(session)

    def decode(self, batch: Batch, answer: str) -> Sequence[Response]:
        return calls.decode_answer(batch, answer)

    def describe_books(self) -> Conversation[Books]:
        return lists.describe_books()

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        return history.fetch(kind, since) if isinstance(kind, TransactionKind) else lists.fetch(kind, since)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:  # noqa: ARG002  # `validate` has used them.
        return posting.create(record, options)

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:
        writes = any(request.writes for request in requests)
        payloads = [request.payload for request in requests]
        return qbxml.write(key, payloads, writes=writes, version=dialect, answered=answered)

    def recover(self, batch: Batch) -> Conversation[Sequence[Response | None]]:
        return recovery.recover(batch)

    def validate(
        self, subject: Document | NewRecord, options: Mapping[str, str], books: Books
    ) -> Sequence[Problem]:
        return tuple(review.find_problems(subject, options, books))
