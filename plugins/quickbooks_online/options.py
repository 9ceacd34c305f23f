"""The operator's settings, the admin's options and the bookkeeper's mappings; the hub renders their forms."""

from __future__ import annotations

from dataclasses import replace

from hub.plugin import (
    DEPOSITS,
    STANDARD_MAPPINGS,
    TAKEN_NAMES,
    Bill,
    CreditMemo,
    Field,
    FieldKind,
    Invoice,
    PurchaseOrder,
    Role,
    Setting,
    books_tax_option,
    say,
)

SETTINGS = (
    Setting(name="CLIENT_ID", help="The Client ID of your app, from “Keys & credentials” at developer.intuit.com."),
    Setting(name="CLIENT_SECRET", help="The Client Secret beside it."),
    Setting(
        name="AUTHORIZE_URL",
        default="https://appcenter.intuit.com/connect/oauth2",
        help="Where an admin signs in. The same for Intuit's own sandbox: the keys decide.",
    ),
    Setting(
        name="TOKEN_URL",
        default="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        help="Where authorizations are exchanged and renewed.",
    ),
    Setting(
        name="REVOKE_URL",
        default="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        help="Where an authorization is given back.",
    ),
    Setting(
        name="API_URL",
        default="https://quickbooks.api.intuit.com",
        help="Where the books are. With development keys: https://sandbox-quickbooks.api.intuit.com",
    ),
    Setting(
        name="APP_URL",
        default="https://app.qbo.intuit.com",
        help="Where people use QuickBooks Online, for links to what was sent.",
    ),
    Setting(
        name="VERIFIER_TOKEN",
        default="",
        help="The verifier token of your app's webhooks, without which nothing is taken that they tell. "
        "While you change it, both, with a comma between them.",
    ),
    Setting(
        name="TIMEOUT",
        default="50",
        help="How many seconds to wait for an answer, at most 50, so that a batch ends within a minute.",
    ),
)

MEMO = "memo"
"""The choice of `PO_NUMBER` that prints the number in the message; the other choices are ids of custom fields."""

ITEM_KIND = Field(
    key="item_kind",
    label=say("New products are entered as"),
    kind=FieldKind.CHOICE,
    choices=(("NonInventory", say("Non-inventory items")), ("Service", say("Services"))),
    default="NonInventory",
    help=say("QuickBooks counts no stock for either. Products that are in your books already stay as they are."),
)
PO_NUMBER = Field(
    key="po_number",
    label=say("The customer's P.O. number goes"),
    kind=FieldKind.CHOICE,
    choices=(
        (MEMO, say("into the message on the invoice")),
        ("1", say("into the first custom field of sales forms")),
        ("2", say("into the second custom field of sales forms")),
        ("3", say("into the third custom field of sales forms")),
    ),
    default=MEMO,
    help=say("A custom field must be switched on in QuickBooks first: Settings, Custom fields."),
)
BOOKS_TAX = books_tax_option("QuickBooks")

OPTIONS = (ITEM_KIND, PO_NUMBER, BOOKS_TAX, DEPOSITS, TAKEN_NAMES)

MAPPINGS = (
    replace(
        STANDARD_MAPPINGS[Role.RECEIVABLE],
        prefers=("AccountsReceivable",),
        help=say(
            "Where payments are booked against what customers owe. QuickBooks Online itself chooses the account "
            "of an invoice, so this may stay empty if you have only one.",
        ),
    ),
    replace(
        STANDARD_MAPPINGS[Role.INCOME],
        prefers=("SalesOfProductIncome", "ServiceFeeIncome"),
        needed_for=frozenset({Invoice.kind, CreditMemo.kind}),
    ),
    replace(STANDARD_MAPPINGS[Role.COST], prefers=("SuppliesMaterialsCogs",)),
    replace(
        STANDARD_MAPPINGS[Role.DISCOUNT],
        prefers=("DiscountsRefundsGiven",),
        help=say("Where discounts are booked. If it is empty, QuickBooks uses the account of its own sales settings."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.DEPOSIT],
        prefers=("UndepositedFunds",),
        help=say("Where received money goes. If it is empty, QuickBooks uses Undeposited Funds."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.PAYABLE],
        prefers=("AccountsPayable",),
        needed_for=frozenset({PurchaseOrder.kind, Bill.kind}),
    ),
    *(STANDARD_MAPPINGS[role] for role in (Role.TERMS, Role.CLASS, Role.LOCATION, Role.SALES_TAX_ITEM)),
)
