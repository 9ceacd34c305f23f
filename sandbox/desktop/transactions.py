"""Invoices, credit memos and payments: their totals, and their effects on one another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.desktop import lists
from sandbox.desktop.changing import NEW_LINE, by_id, cannot, merged, named_lines, subject
from sandbox.desktop.reading import Fields, Refused
from sandbox.desktop.store import Row, Store

_CENT, _NOTHING = Decimal("0.01"), Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def add_invoice(store: Store, fields: Fields) -> Row:
    """Add an invoice. Its number is stored as it is, also if another invoice has the same number."""
    head, lines = split(fields, "InvoiceLineAdd")
    return enter(store, "Invoice", _invoice(_sold(store, head, lines), {}), "CustomerRef")


def add_credit_memo(store: Store, fields: Fields) -> Row:
    """Add a credit memo. Its fields are those of an invoice."""
    head, lines = split(fields, "CreditMemoLineAdd")
    return enter(store, "CreditMemo", _credit_memo(_sold(store, head, lines), {}), "CustomerRef")


def change_invoice(store: Store, fields: Fields) -> Row:
    """Change an invoice. Lines that are not named are deleted."""
    return _change(store, "Invoice", fields, _invoice)


def change_credit_memo(store: Store, fields: Fields) -> Row:
    """Change a credit memo, as an invoice is changed."""
    return _change(store, "CreditMemo", fields, _credit_memo)


def _change(store: Store, kind: str, fields: Fields, figures: Callable[[Fields, Fields], Fields]) -> Row:
    row = subject(store, fields, kind)
    change, lines = split(fields, f"{kind}LineMod")
    kept = by_id(row.fields[f"{kind}LineRet"])
    named_lines(kept, lines)
    head = merged({name: value for name, value in row.fields.items() if name not in _FIGURES}, change)
    written = [{"TxnLineID": line["TxnLineID"], **merged(kept.get(line["TxnLineID"], {}), line)} for line in lines]
    row.fields = figures(_sold(store, head, written or list(kept.values())), row.fields)
    row.party, row.name = row.fields["CustomerRef"]["ListID"], row.fields.get("RefNumber", "")
    lists.touch(store, row)
    return row


def _invoice(sold: Fields, before: Fields) -> Fields:
    applied = before.get("AppliedAmount", _NOTHING)
    balance = sold["Subtotal"] + sold["SalesTaxTotal"] + applied
    if balance < 0:
        raise cannot("Invoice", "The amount of an invoice cannot be less than what has been paid on it.")
    figures = {"AppliedAmount": applied, "BalanceRemaining": balance, "IsPaid": "true" if balance == 0 else "false"}
    lines = sold.pop("Lines")
    return sold | figures | {"InvoiceLineRet": lines}


def _credit_memo(sold: Fields, before: Fields) -> Fields:
    total = sold.pop("Subtotal") + sold["SalesTaxTotal"]
    used = before.get("TotalAmount", _NOTHING) - before.get("CreditRemaining", _NOTHING)
    lines = sold.pop("Lines")
    return sold | {"TotalAmount": total, "CreditRemaining": total - used, "CreditMemoLineRet": lines}


_FIGURES = {"Subtotal", "SalesTaxPercentage", "SalesTaxTotal", "AppliedAmount", "BalanceRemaining", "IsPaid",
            "InvoiceLineRet", "TotalAmount", "CreditRemaining", "CreditMemoLineRet"}  # fmt: skip


def _sold(store: Store, head: Fields, lines: list[Fields]) -> Fields:
    """Return the fields that an invoice and a credit memo share, with subtotal and tax. Raises `Refused`."""
    if not lines:
        raise Refused(3150, 'There is a missing element: "InvoiceLineAdd".')
    head = lists.resolved(store, head, "Invoice")
    head.setdefault("ARAccountRef", only(store, "AccountsReceivable"))
    head.setdefault("TxnDate", dt.date.today().isoformat())  # noqa: DTZ011  # The machine's local date.
    not_closed(store, head["TxnDate"])
    written = [_sale_line(store, line) for line in lists.resolved(store, {"lines": lines}, "Invoice")["lines"]]
    subtotal = sum((line.get("Amount", _NOTHING) for line in written), _NOTHING)
    rate, tax = _tax(store, head, written)
    if subtotal + tax < 0:
        raise Refused(3180, "There was an error when saving a Invoice.  QuickBooks error message: Transaction amount "
                      "must be positive.")  # fmt: skip
    return {**head, "Subtotal": subtotal, "SalesTaxPercentage": rate, "SalesTaxTotal": tax, "Lines": written}


def _sale_line(store: Store, line: Fields) -> Fields:
    written = {name: value for name, value in line.items() if name != "TxnLineID"}
    kept = line.get("TxnLineID", NEW_LINE)
    written = {"TxnLineID": line_id(store) if kept == NEW_LINE else kept, **written}
    if "ItemRef" not in line:
        return written
    item = lists.referred(store, "ItemRef", line["ItemRef"], "Invoice")
    amount = line.get("Amount")
    if item.kind in {"ItemGroup", "ItemSalesTaxGroup"}:
        raise Refused(3140, f'There is an invalid reference to QuickBooks Item "{item.name}" in the Invoice line. '
                      "QuickBooks error message: An item group cannot be used on a line.")  # fmt: skip
    if item.kind == "ItemDiscount":
        if "Quantity" in line:
            raise Refused(3210, 'The "quantity" field has an invalid value. A discount has no quantity.')
        if amount is None or amount > 0:
            raise Refused(3210, 'The "amount" field of a discount has an invalid value.')
    elif amount is None:
        amount = cents(line.get("Quantity", Decimal(1)) * line.get("Rate", _NOTHING))
    written["Amount"] = amount
    written.setdefault("SalesTaxCodeRef", item.fields.get("SalesTaxCodeRef") or _code(store, "Tax"))
    return written


def _tax(store: Store, head: Fields, lines: list[Fields]) -> tuple[Decimal, Decimal]:
    """Return the rate and the tax. A taxable discount reduces the taxable amount in proportion to all lines above it.
    """
    customer = lists.referred(store, "CustomerRef", head["CustomerRef"], "Invoice")
    ref = head.get("ItemSalesTaxRef") or customer.fields.get("ItemSalesTaxRef")
    if ref is None:
        standard = store.fact("sales tax item")
        item = store.get(standard, ["ItemSalesTax"]) if standard else None
    else:
        item = lists.referred(store, "ItemSalesTaxRef", ref, "Invoice")
    if item is None:
        return _NOTHING, _NOTHING
    head["ItemSalesTaxRef"] = {"ListID": item.id, "FullName": item.fields["FullName"]}
    above = taxable = _NOTHING
    for line in lines:
        amount = line.get("Amount", _NOTHING)
        taxed = line.get("SalesTaxCodeRef", {}).get("FullName") == "Tax"
        is_discount = "ItemRef" in line and store.get(line["ItemRef"]["ListID"], ["ItemDiscount"]) is not None
        if is_discount:
            taxable += amount * taxable / above if taxed and above else _NOTHING
        elif taxed:
            taxable += amount
        above += amount
    rate = Decimal(item.fields["_rate"] if "_rate" in item.fields else item.fields["TaxRate"])
    return rate, cents(taxable * rate / 100)


def receive_payment(store: Store, fields: Fields) -> Row:
    """Add a payment of invoices. Raises `Refused` for an invoice that is paid already (3120), or for more than is due.
    """
    head, applied = split(fields, "AppliedToTxnAdd")
    by_itself = head.pop("IsAutoApply", None)
    if by_itself is None and not applied:
        raise Refused(3150, 'There is a missing element: "AppliedToTxnAdd".')
    if by_itself in {"true", "1"}:
        raise Refused(1030, "This company file does not apply payments by itself.")
    head = lists.resolved(store, head, "ReceivePayment")
    return enter(store, "ReceivePayment", _receive(store, head, applied), "CustomerRef")


def change_payment(store: Store, fields: Fields) -> Row:
    """Change a payment. If the change names invoices, they replace those that it was applied to."""
    row = subject(store, fields, "ReceivePayment")
    change, applied = split(fields, "AppliedToTxnMod")
    for one in row.fields.get("AppliedToTxnRet", ()) if applied else ():
        reopen(store, one)
    kept = [] if applied else row.fields.get("AppliedToTxnRet", [])
    known = {name: value for name, value in row.fields.items() if name != "AppliedToTxnRet"}
    row.fields = _receive(store, lists.resolved(store, merged(known, change), "ReceivePayment"), applied)
    row.fields["AppliedToTxnRet"] = [*kept, *row.fields["AppliedToTxnRet"]]
    row.fields["UnusedPayment"] -= sum((one["Amount"] for one in kept), _NOTHING)
    lists.touch(store, row)
    return row


def reopen(store: Store, applied: Fields) -> None:
    """Open the invoice again that a payment was applied to."""
    invoice = store.get(applied["TxnID"], ["Invoice"])
    if invoice is None:
        return
    invoice.fields["AppliedAmount"] += applied["Amount"]
    invoice.fields["BalanceRemaining"] += applied["Amount"]
    invoice.fields["IsPaid"] = "false"
    lists.touch(store, invoice)


def _receive(store: Store, head: Fields, applied: list[Fields]) -> Fields:
    head.setdefault("ARAccountRef", only(store, "AccountsReceivable"))
    head.setdefault("TxnDate", dt.date.today().isoformat())  # noqa: DTZ011
    not_closed(store, head["TxnDate"])
    total = head.get("TotalAmount", _NOTHING)
    if sum((one.get("PaymentAmount", _NOTHING) for one in applied), _NOTHING) > total:
        raise Refused(3210, "The payments that are applied come to more than the payment.")
    if len({one["TxnID"] for one in applied}) < len(applied):
        raise Refused(3210, "An invoice stands there twice.")
    head["UnusedPayment"] = total
    head["AppliedToTxnRet"] = [_apply(store, head, one) for one in applied]
    return head


def _apply(store: Store, payment: Fields, one: Fields) -> Fields:
    invoice = store.get(one["TxnID"], ["Invoice"])
    amount = one.get("PaymentAmount", _NOTHING)
    if (
        invoice is None
        or invoice.fields["IsPaid"] == "true"
        or invoice.party != payment["CustomerRef"]["ListID"]
        or invoice.fields["ARAccountRef"]["ListID"] != payment["ARAccountRef"]["ListID"]
    ):
        raise Refused(3120, f'Object "{one["TxnID"]}" specified in the request cannot be found.')
    if amount <= 0 or amount > invoice.fields["BalanceRemaining"]:
        raise Refused(3210, 'The "payment amount" field has an invalid value. QuickBooks error message: You cannot pay '
                      "more than the amount due.")  # fmt: skip
    payment["UnusedPayment"] -= amount
    invoice.fields["AppliedAmount"] -= amount
    invoice.fields["BalanceRemaining"] -= amount
    invoice.fields["IsPaid"] = "true" if invoice.fields["BalanceRemaining"] == 0 else "false"
    lists.touch(store, invoice)
    return {
        "TxnID": invoice.id, "TxnType": "Invoice", "RefNumber": invoice.fields.get("RefNumber", ""),
        "BalanceRemaining": invoice.fields["BalanceRemaining"], "Amount": amount,
    }  # fmt: skip


def split(fields: Fields, lines: str) -> tuple[Fields, list[Fields]]:
    return {name: value for name, value in fields.items() if name != lines}, fields.get(lines, [])


def enter(store: Store, kind: str, fields: Fields, party: str) -> Row:
    number = store.following()
    head: dict[str, Any] = {
        "TxnID": f"{number:X}-{int(dt.datetime.now().timestamp())}",  # noqa: DTZ005
        "TimeCreated": lists.moment(), "TimeModified": lists.moment(), "EditSequence": lists.edit_sequence(store),
        "TxnNumber": str(number),
    }  # fmt: skip
    row = Row(id=head["TxnID"], kind=kind, shelf="", name=fields.get("RefNumber", ""), fields=head | fields,
              party=fields[party]["ListID"], modified=head["TimeModified"])  # fmt: skip
    store.put(row)
    return row


def line_id(store: Store) -> str:
    return f"{store.following():X}-{int(dt.datetime.now().timestamp())}"  # noqa: DTZ005


def not_closed(store: Store, date: str) -> None:
    if (closed := store.fact("closing date")) and date <= closed:
        raise Refused(3171, "An attempt was made to modify a transaction on or before the closing date.")


def only(store: Store, account_type: str) -> Fields:
    found = [row for row in store.find(["Account"]) if row.fields["AccountType"] == account_type]
    if not found:
        raise Refused(3270, "Missing posting account.")
    return {"ListID": found[0].id, "FullName": found[0].fields["FullName"]}


def _code(store: Store, name: str) -> Fields:
    row = store.named("tax code", name)
    return {"ListID": row.id, "FullName": row.fields["FullName"]} if row else {}
