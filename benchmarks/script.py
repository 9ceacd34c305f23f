"""What a plain script with python-quickbooks does, one call after the other: the measure of the benchmark beside it.

It looks up whom and what it needs before it creates it, as it must to be run twice, and keeps what it found.
"""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.objects import Account, Bill, Customer, Invoice, Item, Payment, PurchaseOrder, Vendor
from quickbooks.objects.base import LinkedTxn
from quickbooks.objects.detailline import (
    ItemBasedExpenseLine,
    ItemBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.payment import PaymentLine

from hub.host import Order, OrderLine
from sandbox.online import CLIENT_ID, CLIENT_SECRET, REALM


class Script:
    """A connection, and the accounts that it uses throughout."""

    def __init__(self, url: str, refresh_token: str) -> None:
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # The sandbox is on this machine and speaks plain HTTP.
        auth_client = AuthClient(
            client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uri="http://localhost/callback",
            environment=f"{url}/.well-known/openid_sandbox_configuration",
        )  # fmt: skip
        self._qb = QuickBooks(
            auth_client=auth_client, refresh_token=refresh_token, company_id=REALM, minorversion=75
        )
        self._qb.api_url_v3 = f"{url}/v3"
        self._income = self._account("SalesOfProductIncome")
        self._cost = self._account("SuppliesMaterialsCogs")
        self._payable = self._account("AccountsPayable")

    def close(self) -> None:
        self._qb.session.close()

    def send(self, order: Order) -> None:
        """An order's invoice, payment, purchase order and bill."""
        (line,) = order.lines
        assert line.vendor is not None
        customer, vendor = self._party(Customer, order.company.name), self._party(Vendor, line.vendor.name)
        item = self._item(line)
        invoice = self._invoice(order, customer, item)
        self._payment(order, customer, invoice)
        self._bill(order, vendor, item, self._purchase_order(order, vendor, item))

    def _account(self, detail: str) -> Any:
        return Account.filter(AccountSubType=detail, qb=self._qb)[0].to_ref()

    def _party(self, kind: Any, name: str) -> Any:
        found = kind.filter(DisplayName=name, qb=self._qb)
        if found:
            return found[0].to_ref()
        new = kind()
        new.DisplayName = name
        new.save(qb=self._qb)
        return new.to_ref()

    def _item(self, line: OrderLine) -> Any:
        found = Item.filter(Name=line.name, qb=self._qb)
        if found:
            return found[0].to_ref()
        new = Item()
        new.Name, new.Type = line.name, "NonInventory"
        new.IncomeAccountRef, new.ExpenseAccountRef = self._income, self._cost
        new.save(qb=self._qb)
        return new.to_ref()

    def _invoice(self, order: Order, customer: Any, item: Any) -> Any:
        new, line = Invoice(), SalesItemLine()
        new.DocNumber, new.TxnDate, new.CustomerRef = order.number, order.date.isoformat(), customer
        line.Amount, line.SalesItemLineDetail = order.lines[0].amount, SalesItemLineDetail()
        line.SalesItemLineDetail.ItemRef = item
        line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = order.lines[0].quantity, order.lines[0].price
        new.Line.append(line)
        new.save(qb=self._qb)
        return new

    def _payment(self, order: Order, customer: Any, invoice: Any) -> None:
        (paid,) = order.payments
        new, line = Payment(), PaymentLine()
        new.CustomerRef, new.TxnDate, new.TotalAmt = customer, paid.date.isoformat(), paid.amount
        line.Amount = paid.amount
        line.LinkedTxn = [_link(invoice.Id, "Invoice", "")]
        new.Line.append(line)
        new.save(qb=self._qb)

    def _purchase_order(self, order: Order, vendor: Any, item: Any) -> Any:
        new = PurchaseOrder()
        new.DocNumber, new.TxnDate = order.number, order.date.isoformat()
        new.VendorRef, new.APAccountRef = vendor, self._payable
        new.Line.append(_bought(order.lines[0], item))
        return new.save(qb=self._qb)

    def _bill(self, order: Order, vendor: Any, item: Any, ordered: Any) -> None:
        new, line = Bill(), _bought(order.lines[0], item)
        line.LinkedTxn = [_link(ordered.Id, "PurchaseOrder", ordered.Line[0].Id)]
        new.DocNumber, new.TxnDate = order.number, order.date.isoformat()
        new.VendorRef, new.APAccountRef = vendor, self._payable
        new.Line.append(line)
        new.save(qb=self._qb)


def _link(linked: str, kind: str, line: str) -> Any:
    link = LinkedTxn()
    link.TxnId, link.TxnType, link.TxnLineId = linked, kind, line
    return link


def _bought(bought: OrderLine, item: Any) -> Any:
    line = ItemBasedExpenseLine()
    line.Amount = bought.quantity * (bought.cost or Decimal(0))
    line.ItemBasedExpenseLineDetail = ItemBasedExpenseLineDetail()
    line.ItemBasedExpenseLineDetail.ItemRef = item
    line.ItemBasedExpenseLineDetail.Qty, line.ItemBasedExpenseLineDetail.UnitPrice = bought.quantity, bought.cost
    return line
