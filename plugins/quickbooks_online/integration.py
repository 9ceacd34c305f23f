"""QuickBooks Online, as the hub knows it: what it can do, and where each of its parts lives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from hub.plugin import (
    Attempt,
    Authorized,
    Books,
    Capabilities,
    Change,
    Connection,
    Conversation,
    Counted,
    Document,
    DocumentKind,
    Envelope,
    Limit,
    Listed,
    NewRecord,
    Page,
    Postage,
    Posting,
    Problem,
    PushIntegration,
    RecordKind,
    Redirect,
    Ref,
    Request,
    Response,
    TransactionKind,
)
from quickbooks_online import carrier, history, lists, oauth, posting, recovery, review, webhooks
from quickbooks_online.options import MAPPINGS, OPTIONS, SETTINGS

PAGES = {
    DocumentKind.INVOICE: "invoice",
    DocumentKind.CREDIT_MEMO: "creditmemo",
    DocumentKind.PAYMENT: "recvpayment",
    DocumentKind.BILL: "bill",
    DocumentKind.PURCHASE_ORDER: "purchaseorder",
}


class QuickBooksOnline(PushIntegration):
    """Orders in QuickBooks Online, thirty requests a call. See `hub.plugin` for what each method is."""

    key = "quickbooks_online"
    label = "QuickBooks Online"
    capabilities = Capabilities(
        documents=frozenset(DocumentKind),
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
        revises=frozenset({*DocumentKind, RecordKind.CUSTOMER}),
        voids=frozenset({DocumentKind.INVOICE}),  # A credit memo can be deleted, which would leave no trace of it.
        one_name=frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR}),
        requests_per_envelope=30,  # Intuit's API page on batch.
        limits=(  # Intuit's API page on limits and throttles.
            Limit(most=500, seconds=60),
            Limit(most=10, seconds=1),
            Limit(most=40, seconds=60, counted=Counted.BATCHES),
        ),
        remembers=dt.timedelta(days=1),  # Intuit does not say how long; a day is what we dare.
        reads_a_month=500_000,  # Builder tier of the Intuit App Partner Program, for all companies of an app together.
        tax_by_code=True,
        reference="intuit_tid",
    )
    settings = SETTINGS
    options = OPTIONS
    mappings = MAPPINGS

    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        return oauth.authorize(attempt)

    def check(self) -> Conversation[Books]:
        return lists.check()

    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        return history.fetch(kind, since) if isinstance(kind, TransactionKind) else lists.fetch(kind, since)

    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        return posting.create(record, options, books)

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        return posting.post(document, options, books)

    def seal(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:  # noqa: ARG002  # QuickBooks has no dialects, and forgets by itself.
        return carrier.seal(key, requests)

    def postage(self, requests: Sequence[Request]) -> Postage:
        return carrier.postage(requests)

    def recover(self, envelope: Envelope) -> Conversation[Sequence[Response | None]]:
        return recovery.recover(envelope)

    def review(
        self, subject: Document | NewRecord, options: Mapping[str, str], books: Books
    ) -> Sequence[Problem]:
        return tuple(review.problems(subject, options, books))

    def address(
        self,
        kind: DocumentKind,
        posting_id: str,
        books: Books,  # noqa: ARG002  # The address names no company.
        settings: Mapping[str, str],
    ) -> str | None:
        """The page of a posting. QuickBooks opens it in the company that the person is signed in to."""
        page = PAGES.get(kind)
        return f"{settings['APP_URL'].rstrip('/')}/app/{page}?txnId={posting_id}" if page else None

    def perform(self, envelope: Envelope, connection: Connection) -> Sequence[Response]:
        return carrier.perform(envelope, connection)

    def renew(self, connection: Connection) -> Authorized:
        return oauth.renew(connection)

    def hear(self, body: bytes, headers: Mapping[str, str], settings: Mapping[str, str]) -> Sequence[Change]:
        return webhooks.hear(body, headers, settings)

    def revoke(self, connection: Connection) -> None:
        oauth.revoke(connection)
