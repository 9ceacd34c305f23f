"""Documents, one module per kind, and the new records that they need.

A document whose number is already used in the books is sent, if a person says so, with `repeats_number`, which posts it
anyway; or with `same_as`, which posts nothing and returns the posting of the existing document.
"""

from __future__ import annotations

from typing import TypeAlias

from hub.plugin.documents.bill import BILL, Bill
from hub.plugin.documents.credit_memo import CREDIT_MEMO, CreditMemo
from hub.plugin.documents.invoice import INVOICE, Invoice
from hub.plugin.documents.kinds import (
    DocumentKind,
    Per,
    describe,
    document_kinds,
    kind_of,
    kinds_per,
    register,
    title_of,
)
from hub.plugin.documents.parts import CENT, Address, DoesNotAddUp, Line, Revision, Tax, in_cents, plain_decimal
from hub.plugin.documents.payment import PAYMENT, Payment
from hub.plugin.documents.posting import Posting
from hub.plugin.documents.prerequisites import Prerequisite, Prerequisites
from hub.plugin.documents.purchase_order import PURCHASE_ORDER, PurchaseOrder, PurchaseOrderRef
from hub.plugin.documents.records import NewCustomer, NewItem, NewRecord, NewVendor
from hub.plugin.documents.sale import Sale

# In the order in which a rep meets them.
register(INVOICE)
register(CREDIT_MEMO)
register(PAYMENT)
register(BILL)
register(PURCHASE_ORDER)

Document: TypeAlias = Invoice | CreditMemo | Payment | PurchaseOrder | Bill

Subject: TypeAlias = Document | NewRecord
"""The document or record that a delivery brings into the books."""

__all__ = [
    "BILL", "CENT", "CREDIT_MEMO", "INVOICE", "PAYMENT", "PURCHASE_ORDER", "Address", "Bill", "CreditMemo", "Document",
    "DocumentKind", "DoesNotAddUp", "Invoice", "Line", "NewCustomer", "NewItem", "NewRecord", "NewVendor", "Payment",
    "Per", "Posting", "Prerequisite", "Prerequisites", "PurchaseOrder", "PurchaseOrderRef", "Revision", "Sale",
    "Subject", "Tax", "describe", "document_kinds", "in_cents", "kind_of", "kinds_per", "plain_decimal", "register",
    "title_of",
]  # fmt: skip
