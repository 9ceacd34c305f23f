"""The face that the hub shows to integrations: everything that a plugin may import, and nothing that it may not.

An integration speaks for one accounting product. It is stateless: the hub keeps what there is to keep and hands it in.
What a plugin writes are *conversations*: generators that yield a `Request`, receive its `Response` and return::

    def post(self, document, options):
        reply = yield Request(name="create invoice", payload=invoice(document), writes=True)
        if problems := problems_in(reply):
            raise Rejected(*problems)
        return Posting(id=reply.payload["Invoice"]["Id"], ...)

The hub writes every request down before it is asked and every response when it comes, packs the requests of many
conversations into one envelope, and continues after a crash by replaying the recorded responses into a fresh generator.
Three rules follow:

* A conversation is deterministic between two yields: no clock, no randomness, no database, no network.
* Whatever the ledger said is a `Response`, refusals included. Only a failure to converse is an exception.
* A conversation that ends in `Rejected` is begun anew when a person retries it, so the write that matters is its last:
  whatever it wrote before must be harmless when it is written once more.

The modules of this package import the standard library only; a plugin imports from the package itself.
"""

from __future__ import annotations

from hub.plugin.authorizing import (
    Ask,
    Attempt,
    Authorized,
    Connection,
    Doorway,
    Download,
    Redirect,
)
from hub.plugin.books import (
    AccountKind,
    Books,
    Record,
    RecordKind,
    Ref,
    Taxing,
    Tracking,
)
from hub.plugin.calling import called
from hub.plugin.declaring import (
    ASK,
    AT_ONCE,
    DEPOSITS,
    SUFFIX,
    TAKEN_NAMES,
    WITH_INVOICE,
    Capabilities,
    Counted,
    Field,
    FieldKind,
    Limit,
    MappingField,
    Role,
    Setting,
)
from hub.plugin.desk import (
    Admission,
    Desk,
    Idle,
    Welcome,
)
from hub.plugin.documents import (
    CENT,
    Address,
    Bill,
    CreditMemo,
    Document,
    DocumentKind,
    DoesNotAddUp,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Ordered,
    Payment,
    Posting,
    PurchaseOrder,
    Revision,
    Sale,
    Tax,
    in_cents,
)
from hub.plugin.failing import (
    Answer,
    AuthorizationExpired,
    InDoubt,
    IntegrationError,
    Offer,
    Problem,
    Rejected,
    Unavailable,
    suffixed,
)
from hub.plugin.integration import (
    API_VERSION,
    Integration,
    PullIntegration,
    PushIntegration,
)
from hub.plugin.line import (
    Conversation,
    Envelope,
    Payload,
    Postage,
    Request,
    Response,
)
from hub.plugin.nouns import (
    noun,
    titled,
)
from hub.plugin.saying import (
    Sentence,
    say,
    say_count,
)
from hub.plugin.transactions import (
    Change,
    Listed,
    Page,
    Transaction,
    TransactionKind,
)

__all__ = [
    "API_VERSION",
    "ASK",
    "AT_ONCE",
    "CENT",
    "DEPOSITS",
    "SUFFIX",
    "TAKEN_NAMES",
    "WITH_INVOICE",
    "AccountKind",
    "Address",
    "Admission",
    "Answer",
    "Ask",
    "Attempt",
    "AuthorizationExpired",
    "Authorized",
    "Bill",
    "Books",
    "Capabilities",
    "Change",
    "Connection",
    "Conversation",
    "Counted",
    "CreditMemo",
    "Desk",
    "Document",
    "DocumentKind",
    "DoesNotAddUp",
    "Doorway",
    "Download",
    "Envelope",
    "Field",
    "FieldKind",
    "Idle",
    "InDoubt",
    "Integration",
    "IntegrationError",
    "Invoice",
    "Limit",
    "Line",
    "Listed",
    "MappingField",
    "NewCustomer",
    "NewItem",
    "NewRecord",
    "NewVendor",
    "Offer",
    "Ordered",
    "Page",
    "Payload",
    "Payment",
    "Postage",
    "Posting",
    "Problem",
    "PullIntegration",
    "PurchaseOrder",
    "PushIntegration",
    "Record",
    "RecordKind",
    "Redirect",
    "Ref",
    "Rejected",
    "Request",
    "Response",
    "Revision",
    "Role",
    "Sale",
    "Sentence",
    "Setting",
    "Tax",
    "Taxing",
    "Tracking",
    "Transaction",
    "TransactionKind",
    "Unavailable",
    "Welcome",
    "called",
    "in_cents",
    "noun",
    "say",
    "say_count",
    "suffixed",
    "titled",
]
