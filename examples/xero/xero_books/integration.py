"""The integration class of Xero: its capabilities, and a method for each part of the plugin interface."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from hub.plugin import (
    Ask,
    Attempt,
    Authorized,
    Batch,
    Bill,
    Books,
    Capabilities,
    Connection,
    Conversation,
    Document,
    Invoice,
    Limit,
    Listed,
    NewRecord,
    Page,
    Payment,
    Problem,
    PushIntegration,
    RecordKind,
    Redirect,
    Ref,
    Request,
    Response,
    TransactionKind,
)
from xero_books import history, lists, oauth, posting, recovery, review, transport
from xero_books.options import MAPPINGS, SETTINGS

OLD_PAGES = {
    Bill.kind: "/AccountsPayable/Edit.aspx?InvoiceID=",
    Payment.kind: "/Bank/ViewTransaction.aspx?bankTransactionID=",
}
"""Pages that need Xero's older way of choosing an organisation (deeplinks.ts of Xero's command line)."""


class Xero(PushIntegration):
    """Orders in Xero, up to 50 documents of a kind per call. See `hub.plugin` for each method."""

    key = "xero"
    label = "Xero"
    capabilities = Capabilities(
        lists=(RecordKind.ACCOUNT, RecordKind.TAX_CODE, RecordKind.ITEM, RecordKind.CUSTOMER, RecordKind.VENDOR),
        history=tuple(TransactionKind),
        creates=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM}),
        requests_per_batch=50,
        bytes_per_batch=3_000_000,  # Xero accepts 3.5 megabytes.
        limits=(  # Xero's page "OAuth 2.0 API limits". It allows 5 calls at a time; a leased installation makes one.
            Limit(most=60, seconds=60),
            Limit(most=5000, seconds=86400, setting="CALLS_A_DAY"),  # 1,000 with the Starter tier of an app.
            Limit(most=10_000, seconds=60, of_app=True),
        ),
        # Six minutes from the first call. Sending may take a minute, including the wait for the rate limit.
        idempotency_window=dt.timedelta(minutes=4),
        tax_by_code=True,
        reference="correlation",
    )
    settings = SETTINGS
    handlers = posting.HANDLERS
    mappings = MAPPINGS

    def authorize(self, attempt: Attempt) -> Redirect | Ask | Authorized:
        return oauth.authorize(attempt)

    def describe_books(self) -> Conversation[Books]:
        return lists.describe_books()

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        return history.fetch(kind, since) if isinstance(kind, TransactionKind) else lists.fetch(kind, since)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:  # noqa: ARG002  # There are no options, and all organisations are alike.
        return posting.create(record)

    def validate(
        self, subject: Document | NewRecord, options: Mapping[str, str], books: Books  # noqa: ARG002  # As above.
    ) -> Sequence[Problem]:
        return tuple(review.find_problems(subject, books))

    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:  # noqa: ARG002  # Xero has no dialects and needs no `answered`.
        return transport.encode(key, requests)

    def destination(self, request: Request) -> str:
        return transport.destination(request)

    def recover(self, batch: Batch) -> Conversation[Sequence[Response | None]]:
        return recovery.recover(batch)

    def document_url(
        self, kind: str, posting_id: str, books: Books, settings: Mapping[str, str]
    ) -> str | None:
        app = settings["APP_URL"].rstrip("/")
        if not books.handle:
            return None
        if kind == Invoice.kind:
            return f"{app}/app/{books.handle}/invoicing/view/{posting_id}"
        if kind not in OLD_PAGES:
            return None
        query = urlencode({"shortcode": books.handle, "redirecturl": f"{OLD_PAGES[kind]}{posting_id}"})
        return f"{app}/organisationlogin/default.aspx?{query}"

    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        return transport.send(batch, connection)

    def refresh(self, connection: Connection) -> Authorized:
        return oauth.refresh(connection)

    def revoke(self, connection: Connection) -> None:
        oauth.revoke(connection)
