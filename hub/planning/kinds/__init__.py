"""Builders of documents from an order, one module per kind. The kinds are declared in `hub.plugin.documents`."""

from __future__ import annotations

from hub.planning.kinds import bill, credit_memo, invoice, payment, purchase_order
from hub.planning.kinds.builders import Builder, Built, add_builder, builder_of, document_builders

for _builder in (
    invoice.InvoiceBuilder(), credit_memo.CreditMemoBuilder(), payment.PaymentBuilder(), bill.BillBuilder(),
    purchase_order.PurchaseOrderBuilder(),
):  # fmt: skip
    add_builder(_builder)

__all__ = ["Builder", "Built", "add_builder", "builder_of", "document_builders"]
