"""The operator's settings, the admin's options and the bookkeeper's mappings; the hub renders their forms."""

from __future__ import annotations

from collections.abc import Mapping

from hub.plugin import (
    DEPOSITS,
    TAKEN_NAMES,
    AccountKind,
    Bill,
    CreditMemo,
    Field,
    FieldKind,
    Invoice,
    MappingField,
    PurchaseOrder,
    RecordKind,
    Role,
    Setting,
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
"""The choice of `po_number` that prints the number in the message; the other choices are ids of custom fields."""

OPTIONS = (
    Field(
        key="item_kind",
        label=say("New products are entered as"),
        kind=FieldKind.CHOICE,
        choices=(("NonInventory", say("Non-inventory items")), ("Service", say("Services"))),
        default="NonInventory",
        help=say("QuickBooks counts no stock for either. Products that are in your books already stay as they are."),
    ),
    Field(
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
    ),
    Field(
        key="books_tax",
        label=say("Let QuickBooks add sales tax to orders that come without it"),
        kind=FieldKind.SWITCH,
        help=say(
            "Off: an order without sales tax is invoiced without sales tax. On: its taxable lines are marked "
            "taxable, QuickBooks works the tax out, and the invoice may be higher than the order.",
        ),
    ),
    DEPOSITS,
    TAKEN_NAMES,
)

MAPPINGS = (
    MappingField(
        key=Role.RECEIVABLE,
        label=say("Accounts receivable"),
        accepts=(AccountKind.ACCOUNTS_RECEIVABLE,),
        prefers=("AccountsReceivable",),
        help=say(
            "Where payments are booked against what customers owe. QuickBooks Online itself chooses the account "
            "of an invoice, so this may stay empty if you have only one.",
        ),
    ),
    MappingField(
        key=Role.INCOME,
        label=say("Income"),
        accepts=(AccountKind.INCOME,),
        prefers=("SalesOfProductIncome", "ServiceFeeIncome"),
        needed_for=frozenset({Invoice.kind, CreditMemo.kind}),
        help=say(
            "Where sales of new products are booked. A product that is in your books already keeps its own "
            "account.",
        ),
    ),
    MappingField(
        key=Role.COST,
        label=say("Cost of goods sold"),
        accepts=(AccountKind.COST_OF_GOODS_SOLD, AccountKind.EXPENSE),
        prefers=("SuppliesMaterialsCogs",),
        help=say("Where purchases of new products are booked. Without it, new products can be sold but not bought."),
    ),
    MappingField(
        key=Role.DISCOUNT,
        label=say("Discounts"),
        accepts=(AccountKind.INCOME,),
        prefers=("DiscountsRefundsGiven",),
        help=say(
            "Where discounts are booked. If it is empty, QuickBooks uses the account of its own sales settings.",
        ),
    ),
    MappingField(
        key=Role.DEPOSIT,
        label=say("Deposit payments to"),
        accepts=(AccountKind.BANK, AccountKind.OTHER_CURRENT_ASSET),
        prefers=("UndepositedFunds",),
        help=say("Where received money goes. If it is empty, QuickBooks uses Undeposited Funds."),
    ),
    MappingField(
        key=Role.PAYABLE,
        label=say("Accounts payable"),
        accepts=(AccountKind.ACCOUNTS_PAYABLE,),
        prefers=("AccountsPayable",),
        needed_for=frozenset({PurchaseOrder.kind, Bill.kind}),
        help=say("Where what you owe your vendors is booked."),
    ),
    MappingField(
        key=Role.TERMS,
        label=say("Terms"),
        kind=RecordKind.TERM,
        help=say("Of invoices whose order names none that QuickBooks has."),
    ),
    MappingField(
        key=Role.CLASS,
        label=say("Class"),
        kind=RecordKind.CLASS,
        help=say("Of documents whose order names none that QuickBooks has."),
    ),
    MappingField(
        key=Role.LOCATION,
        label=say("Location"),
        kind=RecordKind.LOCATION,
        help=say("Of documents whose order names none that QuickBooks has."),
    ),
    MappingField(
        key=Role.SALES_TAX_ITEM,
        label=say("Sales-tax item"),
        kind=RecordKind.ITEM,
        help=say(
            "The product that stands for sales tax where the tax of an order is sent as a line of its own. It "
            "should post to the account of the sales tax that you owe.",
        ),
    ),
)

_DEFAULTS = {option.key: option.default for option in OPTIONS}


def chosen(options: Mapping[str, str], key: str) -> str:
    """Return the value of an option, or its default if it is not set."""
    return options.get(key, _DEFAULTS[key])
