"""The settings of an operator and the mappings of a bookkeeper."""

from __future__ import annotations

from dataclasses import replace

from hub.plugin import STANDARD_MAPPINGS, AccountKind, Bill, Invoice, Payment, PurchaseOrder, Role, Setting, say

SCOPES = "offline_access accounting.settings accounting.contacts accounting.invoices accounting.payments"
"""Xero's granular scopes of March 2026. Writing items needs `accounting.settings`, contrary to Xero's page."""

SETTINGS = (
    Setting(
        name="CLIENT_ID",
        help="The client id of your app at developer.xero.com, of the kind “Auth Code with PKCE”, which has no secret.",
    ),
    Setting(
        name="AUTHORIZE_URL",
        default="https://login.xero.com/identity/connect/authorize",
        help="Where an admin signs in.",
    ),
    Setting(
        name="TOKEN_URL",
        default="https://identity.xero.com/connect/token",
        help="Where authorizations are exchanged and renewed.",
    ),
    Setting(name="API_URL", default="https://api.xero.com", help="Where the books are."),
    Setting(name="APP_URL", default="https://go.xero.com", help="Where people use Xero, for links to what was sent."),
    Setting(
        name="SCOPES",
        default=SCOPES,
        help="What an admin is asked to allow. An app from before March 2026 may have the older, broader scopes.",
    ),
    Setting(name="TIMEOUT", default="40", help="How many seconds to wait for an answer, at most 40."),
)

MAPPINGS = (
    replace(
        STANDARD_MAPPINGS[Role.INCOME],
        label=say("Sales"),
        prefers=("SALES", "REVENUE"),
        needed_for=frozenset({Invoice.kind}),
        help=say("The account of the lines of an invoice."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.COST],
        prefers=("DIRECTCOSTS",),
        needed_for=frozenset({Bill.kind, PurchaseOrder.kind}),
        help=say("The account of the lines of bills and purchase orders."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.DEPOSIT],
        label=say("Payments go to"),
        accepts=(AccountKind.BANK,),
        prefers=("BANK",),
        needed_for=frozenset({Payment.kind}),
        help=say("A bank account, or another one whose payments are enabled in Xero's chart of accounts."),
    ),
    STANDARD_MAPPINGS[Role.SALES_TAX_ITEM],
)
