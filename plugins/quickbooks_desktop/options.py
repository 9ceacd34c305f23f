"""The options that an admin chooses and the mappings that a bookkeeper fills; the hub renders their forms."""

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
    Payment,
    PurchaseOrder,
    RecordKind,
    Role,
    say,
)

OPTIONS = (
    Field(
        key="item_kind",
        label=say("New products are entered as"),
        kind=FieldKind.CHOICE,
        choices=(("ItemNonInventory", say("Non-inventory parts")), ("ItemService", say("Services"))),
        default="ItemNonInventory",
        help=say("QuickBooks counts no stock for either. Products that are in your books already stay as they are."),
    ),
    Field(
        key="discount_item",
        label=say("Name of the discount item"),
        default="Order discount",
        help=say(
            "QuickBooks takes a discount as an item. It is entered when it is first needed, and posts to the "
            "account for discounts on the Accounts tab.",
        ),
    ),
    Field(
        key="taxable_code",
        label=say("Tax code of taxable lines"),
        default="Tax",
        help=say("The three-letter code in your QuickBooks for what is taxed; “Tax” unless you renamed it."),
    ),
    Field(
        key="nontaxable_code",
        label=say("Tax code of other lines"),
        default="Non",
        help=say("The code for what is not taxed; “Non” unless you renamed it."),
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
        needed_for=frozenset({Invoice.kind, CreditMemo.kind, Payment.kind}),
        help=say("Where invoices are owed. A payment must go against the account of its invoice."),
    ),
    MappingField(
        key=Role.INCOME,
        label=say("Income"),
        accepts=(AccountKind.INCOME,),
        prefers=("Income",),
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
        prefers=("CostOfGoodsSold",),
        needed_for=frozenset({Bill.kind, PurchaseOrder.kind}),
        help=say("Where purchases of new products are booked. Without it, new products can be sold but not bought."),
    ),
    MappingField(
        key=Role.DISCOUNT,
        label=say("Discounts"),
        accepts=(AccountKind.INCOME, AccountKind.EXPENSE),
        named=("discount",),
        help=say("Where discounts are booked. Needed for orders that have one."),
    ),
    MappingField(
        key=Role.DEPOSIT,
        label=say("Deposit payments to"),
        accepts=(AccountKind.BANK, AccountKind.OTHER_CURRENT_ASSET),
        help=say("Where received money goes. If it is empty, QuickBooks uses Undeposited Funds."),
    ),
    MappingField(
        key=Role.PAYABLE,
        label=say("Accounts payable"),
        accepts=(AccountKind.ACCOUNTS_PAYABLE,),
        help=say("Where what you owe your vendors is booked. If it is empty, QuickBooks uses its own."),
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
        key=Role.SALES_TAX_ITEM,
        label=say("Sales-tax item"),
        kind=RecordKind.ITEM,
        prefers=("SalesTax", "OtherCharge"),
        help=say(
            "The item that stands for sales tax where the tax of an order is sent as a line of its own. It "
            "should post to the account of the sales tax that you owe.",
        ),
    ),
)

_DEFAULTS = {option.key: option.default for option in OPTIONS}


def chosen(options: Mapping[str, str], key: str) -> str:
    """Return the value of an option, or its default if it is not set or is empty; `books_tax` may be empty (off)."""
    value = options.get(key, _DEFAULTS[key])
    return value or (_DEFAULTS[key] if key != "books_tax" else "")
