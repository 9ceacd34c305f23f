"""What each kind of entry must satisfy, and what follows from it: a module for each corner of the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.online.rules import items, lists, payments, purchasing, sales
from sandbox.online.rules.draft import Draft
from sandbox.online.storage import Books, Entry

Step = Callable[[Books, Entry], None]


def nothing(_books: Books, _entry: Entry) -> None:
    """Nothing follows."""


@dataclass(frozen=True)
class Rules:
    """`check` completes an entry that was sent or refuses it; `apply` and `undo` are what it does to others; `release`
    lets go of what is linked to it, before it is voided."""

    check: Callable[[Draft], None]
    apply: Step = nothing
    undo: Step = nothing
    release: Step = nothing
    is_transaction: bool = False


RULES: dict[str, Rules] = {
    "Account": Rules(lists.check_account),
    "Customer": Rules(lists.check_customer),
    "Vendor": Rules(lists.check_vendor),
    "Employee": Rules(lists.check_employee),
    "Item": Rules(items.check),
    "Term": Rules(lists.check_term),
    "Class": Rules(lists.check_named),
    "Department": Rules(lists.check_named),
    "Invoice": Rules(sales.check_invoice, sales.apply_invoice, sales.undo_invoice, payments.release, True),
    "CreditMemo": Rules(sales.check_credit_memo, sales.apply_credit_memo, sales.undo_credit_memo, is_transaction=True),
    "Payment": Rules(payments.check, payments.apply, payments.undo, is_transaction=True),
    "Bill": Rules(purchasing.check_bill, purchasing.apply_bill, purchasing.undo_bill, is_transaction=True),
    "PurchaseOrder": Rules(purchasing.check_order, is_transaction=True),
}

READ_ONLY = frozenset({"CompanyInfo", "Preferences", "TaxCode", "TaxRate"})
"""Entries that the API reads and, preferences apart, does not write."""

KINDS = {kind.lower(): kind for kind in (*RULES, *READ_ONLY)}
"""As the path of a call names them."""
