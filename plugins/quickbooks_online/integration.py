"""The integration class of QuickBooks Online: its capabilities, and a method for each part of the plugin interface."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from hub.plugin import (
    Attempt,
    Authorized,
    Batch,
    Bill,
    Books,
    Capabilities,
    Change,
    Connection,
    Conversation,
    CostUnit,
    CreditMemo,
    Document,
    Invoice,
    Limit,
    Listed,
    NewRecord,
    Page,
    Payment,
    Problem,
    PurchaseOrder,
    PushIntegration,
    RecordKind,
    Redirect,
    Ref,
    Rejected,
    Request,
    RequestCost,
    Response,
    TransactionKind,
)
from quickbooks_online import history, lists, oauth, posting, recovery, review, transport, webhooks
from quickbooks_online.options import MAPPINGS, OPTIONS, SETTINGS

PAGES = {
    Invoice.kind: "invoice",
    CreditMemo.kind: "creditmemo",
    Payment.kind: "recvpayment",
    Bill.kind: "bill",
    PurchaseOrder.kind: "purchaseorder",
}


class QuickBooksOnline(PushIntegration):
    """Orders in QuickBooks Online, up to 30 requests per call. See `hub.plugin` for each method."""

    key = "quickbooks_online"
    label = "QuickBooks Online"
    capabilities = Capabilities(
        lists=(
            RecordKind.ACCOUNT,
            RecordKind.TERM,
            RecordKind.CLASS,
            RecordKind.LOCATION,
            RecordKind.TAX_CODE,
            RecordKind.CUSTOMER,
            RecordKind.VENDOR,
            RecordKind.ITEM,
        ),
        history=tuple(TransactionKind),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
        revises=frozenset({RecordKind.CUSTOMER}),
        shared_names=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR}),
        requests_per_batch=30,  # Intuit's API page on batch.
        limits=(  # Intuit's API page on limits and throttles.
            Limit(most=500, seconds=60),
            Limit(most=10, seconds=1),
            Limit(most=40, seconds=60, counted=CostUnit.BATCHES),
        ),
        idempotency_window=dt.timedelta(days=1),  # Intuit does not say how long; we assume a day.
        reads_a_month=500_000,  # Builder tier of the Intuit App Partner Program, for all companies of an app together.
        tax_by_code=True,
        reference="intuit_tid",
    )
    settings = SETTINGS
    options = OPTIONS
    handlers = posting.HANDLERS
    mappings = MAPPINGS

    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        return oauth.authorize(attempt)

    def describe_books(self) -> Conversation[Books]:
        return lists.describe_books()

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        return history.fetch(kind, since) if isinstance(kind, TransactionKind) else lists.fetch(kind, since)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        return posting.create(record, options, books)

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:  # noqa: ARG002  # QuickBooks has no dialects and needs no `answered`.
        return transport.encode(key, requests)

    def cost(self, requests: Sequence[Request]) -> RequestCost:
        return transport.cost(requests)

    def recover(self, batch: Batch) -> Conversation[Sequence[Response | Rejected | None]]:
        return recovery.recover(batch)

    def validate(
        self, subject: Document | NewRecord, options: Mapping[str, str], books: Books
    ) -> Sequence[Problem]:
        return tuple(review.find_problems(subject, options, books))

    def document_url(
        self,
        kind: str,
        posting_id: str,
        books: Books,  # noqa: ARG002  # The URL has no company in it.
        settings: Mapping[str, str],
    ) -> str | None:
        """Return the URL of a posting's page. QuickBooks opens it in the company that the person is signed in to."""
        page = PAGES.get(kind)
        return f"{settings['APP_URL'].rstrip('/')}/app/{page}?txnId={posting_id}" if page else None

    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        return transport.send(batch, connection)

    def refresh(self, connection: Connection) -> Authorized:
        return oauth.refresh(connection)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], settings: Mapping[str, str]) -> Sequence[Change]:
        return webhooks.parse_webhook(body, headers, settings)

    def revoke(self, connection: Connection) -> None:
        oauth.revoke(connection)
