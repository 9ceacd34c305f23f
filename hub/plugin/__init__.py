"""The public interface for plugins: all that a plugin may import.

An integration supports one accounting product. It is stateless: the hub stores everything and passes it in. A plugin
consists of *conversations*: generators that yield a `Request`, receive its `Response` and return a result::

    def post(self, document, options):
        reply = yield Request(name="create invoice", payload=invoice(document), writes=True)
        if problems := problems_in(reply):
            raise Rejected(*problems)
        return Posting(id=reply.payload["Invoice"]["Id"], ...)

The hub stores every request before it is sent and every response when it arrives, puts the requests of many
conversations into one batch, and continues after a crash by replaying the stored responses into a fresh generator.
Four rules follow:

* A conversation is deterministic between two yields: no clock, no randomness, no database, no network.
* Whatever the ledger said is a `Response`, refusals included. Only a failure to communicate is an exception.
* A conversation that ends in `Rejected` begins again when a person retries it, so the write that matters is its last:
  whatever it wrote before must be harmless when it is written once more.
* A new version of a plugin continues the conversations of the old one. Their stored responses are found by the names
  of the requests, so the name of a request that writes stays the same from version to version; its payload may change.

The modules of this package import the standard library only; a plugin imports from the package itself.
"""

from __future__ import annotations

from hub.plugin.authorization import Ask, Attempt, Authorized, Connection, Download, EndpointDetails, Redirect
from hub.plugin.batches import Batch, Conversation, Payload, Request, RequestCost, Response, drop_empty
from hub.plugin.books import (
    AccountKind,
    Books,
    ClassTracking,
    Record,
    RecordKind,
    Ref,
    TaxSystem,
    name_key,
)
from hub.plugin.capabilities import (
    ASK,
    AT_ONCE,
    DEPOSITS,
    STANDARD_MAPPINGS,
    SUFFIX,
    TAKEN_NAMES,
    WITH_INVOICE,
    Capabilities,
    CostUnit,
    Field,
    FieldKind,
    Limit,
    MappingField,
    Role,
    Setting,
    books_tax_option,
    record_kind_of,
)
from hub.plugin.documents import (
    BILL,
    CENT,
    CREDIT_MEMO,
    INVOICE,
    PAYMENT,
    PURCHASE_ORDER,
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
    Payment,
    Per,
    Posting,
    Prerequisite,
    Prerequisites,
    PurchaseOrder,
    PurchaseOrderRef,
    Revision,
    Sale,
    Subject,
    Tax,
    describe,
    document_kinds,
    in_cents,
    kind_of,
    kinds_per,
    plain_decimal,
    register,
    title_of,
)
from hub.plugin.handlers import Handler
from hub.plugin.integration import (
    API_VERSION,
    Integration,
    PullIntegration,
    PushIntegration,
)
from hub.plugin.marks import find_mark, make_mark, write_mark
from hub.plugin.names import create_or_find, create_under_free_name
from hub.plugin.nouns import noun
from hub.plugin.polling import Login, LoginResult, NoBatch, PollingSession
from hub.plugin.problems import (
    AnswerUnreadable,
    AuthorizationExpired,
    Fix,
    FixKind,
    IntegrationError,
    OutcomeUnknown,
    Problem,
    Rejected,
    Unavailable,
    UnexpectedAnswer,
    parse_retry_after,
    suffixed,
)
from hub.plugin.refusals import Refusal
from hub.plugin.sentences import Sentence, say, say_count
from hub.plugin.sign_in_problems import SignInProblems
from hub.plugin.standard_problems import FoundDocument, StandardProblems, explain_taken_number
from hub.plugin.texts import fixes_without, without_fields
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
    "BILL",
    "CENT",
    "CREDIT_MEMO",
    "DEPOSITS",
    "INVOICE",
    "PAYMENT",
    "PURCHASE_ORDER",
    "STANDARD_MAPPINGS",
    "SUFFIX",
    "TAKEN_NAMES",
    "WITH_INVOICE",
    "AccountKind",
    "Address",
    "AnswerUnreadable",
    "Ask",
    "Attempt",
    "AuthorizationExpired",
    "Authorized",
    "Batch",
    "Bill",
    "Books",
    "Capabilities",
    "Change",
    "ClassTracking",
    "Connection",
    "Conversation",
    "CostUnit",
    "CreditMemo",
    "Document",
    "DocumentKind",
    "DoesNotAddUp",
    "Download",
    "EndpointDetails",
    "Field",
    "FieldKind",
    "Fix",
    "FixKind",
    "FoundDocument",
    "Handler",
    "Integration",
    "IntegrationError",
    "Invoice",
    "Limit",
    "Line",
    "Listed",
    "Login",
    "LoginResult",
    "MappingField",
    "NewCustomer",
    "NewItem",
    "NewRecord",
    "NewVendor",
    "NoBatch",
    "OutcomeUnknown",
    "Page",
    "Payload",
    "Payment",
    "Per",
    "PollingSession",
    "Posting",
    "Prerequisite",
    "Prerequisites",
    "Problem",
    "PullIntegration",
    "PurchaseOrder",
    "PurchaseOrderRef",
    "PushIntegration",
    "Record",
    "RecordKind",
    "Redirect",
    "Ref",
    "Refusal",
    "Rejected",
    "Request",
    "RequestCost",
    "Response",
    "Revision",
    "Role",
    "Sale",
    "Sentence",
    "Setting",
    "SignInProblems",
    "StandardProblems",
    "Subject",
    "Tax",
    "TaxSystem",
    "Transaction",
    "TransactionKind",
    "Unavailable",
    "UnexpectedAnswer",
    "books_tax_option",
    "create_or_find",
    "create_under_free_name",
    "describe",
    "document_kinds",
    "drop_empty",
    "explain_taken_number",
    "find_mark",
    "fixes_without",
    "in_cents",
    "kind_of",
    "kinds_per",
    "make_mark",
    "name_key",
    "noun",
    "parse_retry_after",
    "plain_decimal",
    "record_kind_of",
    "register",
    "say",
    "say_count",
    "suffixed",
    "title_of",
    "without_fields",
    "write_mark",
]
