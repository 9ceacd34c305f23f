"""Purchase orders, the bills that receive them, and checks that pay bills.

Links block changes: a line that a bill has received stays on its purchase order, with its item and its vendor, as long
as the bill has it; the amount of a bill cannot be less than what was paid on it. Intuit documents neither; the sandbox
may be stricter than a real company file, so that our code does not rely on changes that QuickBooks might refuse.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sandbox.desktop import lists
from sandbox.desktop.changing import by_id, cannot, merged, named_lines, subject
from sandbox.desktop.reading import Fields, Refused
from sandbox.desktop.store import Row, Store
from sandbox.desktop.transactions import cents, enter, line_id, not_closed, only, split

_NOTHING = Decimal("0.00")
LINK = "_link"
"""The field for the purchase order line that a bill line receives. It is for the sandbox only, and never returned."""


def add_purchase_order(store: Store, fields: Fields) -> Row:
    """Add a purchase order. It posts nothing; a bill can receive its lines."""
    head, lines = split(fields, "PurchaseOrderLineAdd")
    head = lists.resolved(store, head, "PurchaseOrder")
    if "VendorRef" not in head:
        raise Refused(3150, 'There is a missing element: "VendorRef".')
    head.setdefault("TxnDate", dt.date.today().isoformat())  # noqa: DTZ011  # The machine's local date.
    written = [_ordered_line(store, {}, line) for line in lines]
    return enter(store, "PurchaseOrder", _order(head, written), "VendorRef")


def change_purchase_order(store: Store, fields: Fields) -> Row:
    """Change a purchase order. Lines that are not named are deleted, unless a bill has received them."""
    row = subject(store, fields, "PurchaseOrder")
    change, lines = split(fields, "PurchaseOrderLineMod")
    kept = by_id(row.fields["PurchaseOrderLineRet"])
    named_lines(kept, lines)
    head, _ = split(row.fields, "PurchaseOrderLineRet")
    head = lists.resolved(store, merged(head, change), "PurchaseOrder")
    received = {one for one, line in kept.items() if line["ReceivedQuantity"] > 0}
    if received and head["VendorRef"] != row.fields["VendorRef"]:
        raise cannot("PurchaseOrder", "You cannot change the vendor: items have been received against it.")
    if lines and received - {line["TxnLineID"] for line in lines}:
        raise cannot("PurchaseOrder", "You cannot delete an item that has been received.")
    written = [_ordered_line(store, kept.get(line["TxnLineID"], {}), line) for line in lines]
    row.fields = _order(head, written or list(kept.values()))
    row.party, row.name = row.fields["VendorRef"]["ListID"], row.fields.get("RefNumber", "")
    lists.touch(store, row)
    return row


def _ordered_line(store: Store, before: Fields, line: Fields) -> Fields:
    after = lists.resolved(store, merged(before, line, clearable=("CustomerRef",)), "PurchaseOrder")
    received = before.get("ReceivedQuantity", _NOTHING)
    if received and after.get("ItemRef") != before.get("ItemRef"):
        raise cannot("PurchaseOrder", "You cannot change an item that has been received.")
    head = {"TxnLineID": before.get("TxnLineID") or line_id(store)}
    tail = {"ReceivedQuantity": received, "IsManuallyClosed": after.get("IsManuallyClosed", "false")}
    return {**head, **_bought(after, line, "Rate"), **tail}


def _order(head: Fields, lines: list[Fields]) -> Fields:
    total = sum((line["Amount"] for line in lines), _NOTHING)
    return head | {"TotalAmount": total, "IsFullyReceived": _is_received(lines), "PurchaseOrderLineRet": lines}


def _is_received(lines: list[Fields]) -> str:
    return "true" if lines and all(
        line["IsManuallyClosed"] in {"true", "1"} or line["ReceivedQuantity"] >= line.get("Quantity", Decimal(1))
        for line in lines
    ) else "false"  # fmt: skip


def add_bill(store: Store, fields: Fields) -> Row:
    """Add a bill. A line that is linked to a purchase order line gets its item from it, and receives it."""
    head, items = split(fields, "ItemLineAdd")
    head, expenses = split(head, "ExpenseLineAdd")
    head = lists.resolved(store, head, "Bill")
    head.setdefault("APAccountRef", only(store, "AccountsPayable"))
    head.setdefault("TxnDate", dt.date.today().isoformat())  # noqa: DTZ011
    not_closed(store, head["TxnDate"])
    bought = [_linked_line(store, head["VendorRef"]["ListID"], line) for line in items]
    spent = [_spent_line(store, {}, line) for line in expenses]
    if not bought and not spent:
        raise Refused(3150, 'There is a missing element: "ItemLineAdd".')
    return enter(store, "Bill", _bill(store, head, spent, bought, paid=_NOTHING), "VendorRef")


def change_bill(store: Store, fields: Fields) -> Row:
    """Change a bill. Lines that are not named are deleted, and the purchase order lines that they received are open
    again.

    A change cannot link lines: that is only possible when a bill is added.
    """
    row = subject(store, fields, "Bill")
    not_closed(store, row.fields["TxnDate"])
    change, items = split(fields, "ItemLineMod")
    change, expenses = split(change, "ExpenseLineMod")
    clears = {name for name in ("ClearItemLines", "ClearExpenseLines") if change.pop(name, "") in {"true", "1"}}
    bought, spent = by_id(row.fields["ItemLineRet"]), by_id(row.fields["ExpenseLineRet"])
    named_lines(bought, items)
    named_lines(spent, expenses)
    head = lists.resolved(store, merged(_head_of(row.fields), change), "Bill")
    not_closed(store, head["TxnDate"])
    paid = row.fields["AmountDue"] - row.fields["OpenAmount"]
    _still_fits(row, head, paid)
    if items or "ClearItemLines" in clears:
        for one in bought.keys() - {line["TxnLineID"] for line in items}:
            release(store, bought[one])
        bought = by_id([_bill_line(store, bought.get(line["TxnLineID"], {}), line) for line in items])
    if expenses or "ClearExpenseLines" in clears:
        spent = by_id([_spent_line(store, spent.get(line["TxnLineID"], {}), line) for line in expenses])
    if not bought and not spent:
        raise Refused(3150, 'There is a missing element: "ItemLineMod".')
    row.fields = _bill(store, head, list(spent.values()), list(bought.values()), paid=paid)
    row.party, row.name = row.fields["VendorRef"]["ListID"], row.fields.get("RefNumber", "")
    lists.touch(store, row)
    return row


def _head_of(bill: Fields) -> Fields:
    computed = {"AmountDue", "IsPaid", "LinkedTxn", "ExpenseLineRet", "ItemLineRet", "OpenAmount"}
    return {name: value for name, value in bill.items() if name not in computed}


def _still_fits(row: Row, head: Fields, paid: Decimal) -> None:
    """Raise `Refused` for a new vendor of a bill that is linked or paid, or for a new account of one that is paid."""
    linked = any(LINK in line for line in row.fields["ItemLineRet"])
    if (linked or paid) and head["VendorRef"] != row.fields["VendorRef"]:
        raise cannot("Bill", "You cannot change the vendor of a bill that is linked to other transactions.")
    if paid and head["APAccountRef"] != row.fields["APAccountRef"]:
        raise cannot("Bill", "You cannot change the account of a bill that has been paid.")


def _bill(store: Store, head: Fields, spent: list[Fields], bought: list[Fields], *, paid: Decimal) -> Fields:
    due = sum((line["Amount"] for line in (*bought, *spent)), _NOTHING)
    if due < paid:
        raise cannot("Bill", "The amount of a bill cannot be less than what has been paid on it.")
    orders = {line[LINK]["TxnID"]: None for line in bought if LINK in line}
    linked = [{"TxnID": one, "TxnType": "PurchaseOrder", "RefNumber": _ordered(store, one).fields.get("RefNumber", "")}
              for one in orders]  # fmt: skip
    figures = {"AmountDue": due, "IsPaid": "true" if paid and paid == due else "false", "LinkedTxn": linked}
    return head | figures | {"ExpenseLineRet": spent, "ItemLineRet": bought, "OpenAmount": due - paid}


def _linked_line(store: Store, vendor: str, line: Fields) -> Fields:
    link = line.pop("LinkToTxn", None)
    if link is None:
        return _bill_line(store, {}, line)
    if "ItemRef" in line:
        raise Refused(3210, "A line that is linked to a purchase order takes its item from there.")
    order = store.get(link["TxnID"], ["PurchaseOrder"])
    ordered = by_id(order.fields["PurchaseOrderLineRet"]).get(link["TxnLineID"]) if order else None
    if order is None or ordered is None or order.party != vendor:
        raise Refused(3120, f'Object "{link["TxnID"]}" specified in the request cannot be found.')
    if ordered["ReceivedQuantity"] > 0 or ordered["IsManuallyClosed"] in {"true", "1"}:
        raise Refused(570, f'Unable to link to transaction "{link["TxnID"]}" because it has already been closed.')
    return _bill_line(store, {LINK: link, "ItemRef": ordered["ItemRef"]}, {"Quantity": Decimal(1), **line})


def _bill_line(store: Store, before: Fields, line: Fields) -> Fields:
    after = merged(before, line, clearable=("CustomerRef",))
    link = after.pop(LINK, None)
    after = lists.resolved(store, after, "Bill")
    if link is not None:
        if after.get("ItemRef") != before["ItemRef"]:
            raise cannot("Bill", "You cannot change the item of a line that is linked to a purchase order.")
        _receive(store, link, after.get("Quantity", Decimal(1)))
    head = {"TxnLineID": before.get("TxnLineID") or line_id(store)}
    return {**head, **_bought(after, line, "Cost"), **({LINK: link} if link else {})}


def _spent_line(store: Store, before: Fields, line: Fields) -> Fields:
    after = lists.resolved(store, merged(before, line, clearable=("CustomerRef",)), "Bill")
    return {"TxnLineID": before.get("TxnLineID") or line_id(store), **after, "Amount": after.get("Amount", _NOTHING)}


def release(store: Store, line: Fields) -> None:
    """Open the purchase order line again that a line of a bill has received."""
    if LINK in line and store.get(line[LINK]["TxnID"], ["PurchaseOrder"]) is not None:
        _receive(store, line[LINK], _NOTHING)


def _receive(store: Store, link: Fields, quantity: Decimal) -> None:
    order = _ordered(store, link["TxnID"])
    by_id(order.fields["PurchaseOrderLineRet"])[link["TxnLineID"]]["ReceivedQuantity"] = quantity
    order.fields["IsFullyReceived"] = _is_received(order.fields["PurchaseOrderLineRet"])
    lists.touch(store, order)


def _ordered(store: Store, order_id: str) -> Row:
    order = store.get(order_id, ["PurchaseOrder"])
    if order is None:
        raise Refused(3120, f'Object "{order_id}" specified in the request cannot be found.')
    return order


def _bought(after: Fields, given: Fields, price: str) -> Fields:
    """Return a line with its amount: the given one, or quantity times price."""
    amount = after.get("Amount")
    if amount is None or ("Amount" not in given and {"Quantity", price} & set(given)):
        amount = cents(after.get("Quantity", Decimal(1)) * after.get(price, _NOTHING))
    return {**after, "Amount": amount}


def pay_bills(store: Store, fields: Fields) -> Row:
    """Add a check that pays bills of one vendor."""
    head, applied = split(fields, "AppliedToTxnAdd")
    head = lists.resolved(store, head, "BillPaymentCheck")
    head.setdefault("TxnDate", dt.date.today().isoformat())  # noqa: DTZ011
    not_closed(store, head["TxnDate"])
    for one in applied:
        bill = store.get(one["TxnID"], ["Bill"])
        amount = one.get("PaymentAmount", _NOTHING)
        if bill is None or bill.party != head["PayeeEntityRef"]["ListID"] or amount <= 0:
            raise Refused(3120, f'Object "{one["TxnID"]}" specified in the request cannot be found.')
        if amount > bill.fields["OpenAmount"]:
            raise Refused(3210, "QuickBooks error message: You cannot pay more than the amount due.")
        bill.fields["OpenAmount"] -= amount
        bill.fields["IsPaid"] = "true" if bill.fields["OpenAmount"] == 0 else "false"
        lists.touch(store, bill)
    amount = sum((one.get("PaymentAmount", _NOTHING) for one in applied), _NOTHING)
    return enter(store, "BillPaymentCheck", head | {"Amount": amount, "AppliedToTxnRet": applied}, "PayeeEntityRef")

