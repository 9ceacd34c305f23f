"""The options that an admin chooses and the mappings that a bookkeeper fills; the hub renders their forms."""

from __future__ import annotations

from dataclasses import replace

from hub.plugin import (
    DEPOSITS,
    STANDARD_MAPPINGS,
    TAKEN_NAMES,
    AccountKind,
    Bill,
    CreditMemo,
    Field,
    FieldKind,
    Invoice,
    Payment,
    PurchaseOrder,
    Role,
    books_tax_option,
    say,
)

ITEM_KIND = Field(
    key="item_kind",
    label=say("New products are entered as"),
    kind=FieldKind.CHOICE,
    choices=(("ItemNonInventory", say("Non-inventory parts")), ("ItemService", say("Services"))),
    default="ItemNonInventory",
    help=say("QuickBooks counts no stock for either. Products that are in your books already stay as they are."),
)
DISCOUNT_ITEM = Field(
    key="discount_item",
    label=say("Name of the discount item"),
    default="Order discount",
    help=say(
        "QuickBooks takes a discount as an item. It is entered when it is first needed, and posts to the "
        "account for discounts on the Accounts tab.",
    ),
)
TAXABLE_CODE = Field(
    key="taxable_code",
    label=say("Tax code of taxable lines"),
    default="Tax",
    help=say("The three-letter code in your QuickBooks for what is taxed; “Tax” unless you renamed it."),
)
NONTAXABLE_CODE = Field(
    key="nontaxable_code",
    label=say("Tax code of other lines"),
    default="Non",
    help=say("The code for what is not taxed; “Non” unless you renamed it."),
)
BOOKS_TAX = books_tax_option("QuickBooks")

OPTIONS = (ITEM_KIND, DISCOUNT_ITEM, TAXABLE_CODE, NONTAXABLE_CODE, BOOKS_TAX, DEPOSITS, TAKEN_NAMES)

MAPPINGS = (
    replace(
        STANDARD_MAPPINGS[Role.RECEIVABLE],
        needed_for=frozenset({Invoice.kind, CreditMemo.kind, Payment.kind}),
        help=say("Where invoices are owed. A payment must go against the account of its invoice."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.INCOME],
        prefers=("Income",),
        avoids=("discount", "refund", "returns", "interest", "shipping", "freight"),
        needed_for=frozenset({Invoice.kind, CreditMemo.kind}),
    ),
    replace(
        STANDARD_MAPPINGS[Role.COST],
        prefers=("CostOfGoodsSold",),
        needed_for=frozenset({Bill.kind, PurchaseOrder.kind}),
    ),
    replace(
        STANDARD_MAPPINGS[Role.DISCOUNT],
        accepts=(AccountKind.INCOME, AccountKind.EXPENSE),
        named=("discount",),
        help=say("Where discounts are booked. Needed for orders that have one."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.DEPOSIT],
        help=say("Where received money goes. If it is empty, QuickBooks uses Undeposited Funds."),
    ),
    replace(
        STANDARD_MAPPINGS[Role.PAYABLE],
        help=say("Where what you owe your vendors is booked. If it is empty, QuickBooks uses its own."),
    ),
    STANDARD_MAPPINGS[Role.TERMS],
    STANDARD_MAPPINGS[Role.CLASS],
    replace(STANDARD_MAPPINGS[Role.SALES_TAX_ITEM], prefers=("SalesTax", "OtherCharge")),
)
