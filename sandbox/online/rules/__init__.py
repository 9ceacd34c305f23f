"""The rules of each kind of entry, and its effects on other entries: one module for each area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.online.rules import items, lists, payments, purchasing, sales
from sandbox.online.rules.draft import Draft
from sandbox.online.storage import Books, Entry

Step = Callable[[Books, Entry], None]


def nothing(_books: Books, _entry: Entry) -> None:
    """Do nothing: the entry has no effects on others."""


@dataclass(frozen=True)
class Rules:
    """The rules of a kind. `check` completes an entry that was sent, or refuses it; `apply` and `undo` make and revert
    its effects on other entries; `release` removes the links to it before it is voided."""

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
"""Kinds that the API reads but does not write, except Preferences."""

KINDS = {kind.lower(): kind for kind in (*RULES, *READ_ONLY)}
"""The kinds by their name in the path of a call, in lower case."""
