"""Payments received, and their effects on the balances of invoices and credit memos."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.online.refusals import business, cannot_link, deposited, missing, wrong_account
from sandbox.online.rules.draft import Draft
from sandbox.online.rules.lists import check_currency
from sandbox.online.rules.transactions import account_of, check_date, move
from sandbox.online.storage import Books, Entry, money

ZERO = Decimal("0.00")

_SIGNS = {"Invoice": 1, "CreditMemo": -1}
"""The kinds that a payment can be linked to: it pays invoices, and uses credit memos."""

_DEPOSIT = "Deposit"


def check(draft: Draft) -> None:
    entry = draft.entry
    if draft.ref("CustomerRef", "Customer") is None:
        raise missing("CustomerRef")
    if entry.get("TotalAmt") is None:
        raise missing("TotalAmt")
    entry["TotalAmt"] = money(entry["TotalAmt"])
    if entry["TotalAmt"] < 0:
        raise business("The amount must be 0 or greater.")
    if is_deposited(draft.before or {}):
        raise deposited()
    check_date(draft)
    check_currency(draft.books, entry)
    _check_accounts(draft)
    applied = _check_lines(draft)
    if applied < 0:
        raise business("More credit is used than there is to pay.")
    if applied > entry["TotalAmt"]:
        raise business("The amount applied is more than the payment.")
    entry["UnappliedAmt"] = entry["TotalAmt"] - applied
    entry.setdefault("ProcessPayment", False)


def apply(books: Books, entry: Entry) -> None:
    """Reduce the customer's balance and those of the linked transactions, and post the money to its account."""
    move(books, "Customer", entry["CustomerRef"], -entry["TotalAmt"])
    amount, receivable = entry["TotalAmt"], account_of(books, "AccountsReceivable")["Id"]
    books.post("Payment", entry["Id"], [(entry["DepositToAccountRef"]["value"], amount), (receivable, -amount)])
    for kind, linked, part in _linked(books, entry):
        _settle(kind, linked, -part)
        links = [link for link in linked.get("LinkedTxn", []) if link["TxnId"] != entry["Id"]]
        linked["LinkedTxn"] = [*links, {"TxnId": entry["Id"], "TxnType": "Payment"}]
        books.change(kind, linked)


def undo(books: Books, entry: Entry) -> None:
    """Revert the effects of a payment. Raises the refusal 6540 if it has been deposited."""
    if is_deposited(entry):
        raise deposited()
    move(books, "Customer", entry["CustomerRef"], entry["TotalAmt"])
    books.unpost("Payment", entry["Id"])
    for kind, linked, part in _linked(books, entry):
        _settle(kind, linked, part)
        linked["LinkedTxn"] = [link for link in linked.get("LinkedTxn", []) if link["TxnId"] != entry["Id"]]
        books.change(kind, linked)


def release(books: Books, invoice: Entry) -> None:
    """Unlink the payments of an invoice that is voided. Their money becomes the customer's credit."""
    for link in invoice.get("LinkedTxn") or []:
        payment = books.find("Payment", link["TxnId"])
        if payment is not None:
            undo(books, payment)
            payment["Line"] = [line for line in payment["Line"] if line["LinkedTxn"][0]["TxnId"] != invoice["Id"]]
            payment["UnappliedAmt"] = payment["TotalAmt"] - sum(
                (line["Amount"] * _SIGNS[line["LinkedTxn"][0]["TxnType"]] for line in payment["Line"]), ZERO
            )
            apply(books, books.change("Payment", payment))


def deposit(books: Books, entry: Entry) -> None:
    """Deposit a payment at the bank, as a bookkeeper does in QuickBooks. It cannot be changed after that."""
    books.change("Payment", {**entry, "LinkedTxn": [{"TxnId": books.new_id(), "TxnType": _DEPOSIT}]})


def is_deposited(entry: Entry) -> bool:
    return any(link["TxnType"] == _DEPOSIT for link in entry.get("LinkedTxn") or [])


def _check_accounts(draft: Draft) -> None:
    entry = draft.entry
    account = draft.ref("DepositToAccountRef", "Account")
    if account is None:
        account = account_of(draft.books, "UndepositedFunds")
        entry["DepositToAccountRef"] = {"value": account["Id"], "name": account["Name"]}
    if account["AccountType"] not in {"Bank", "Other Current Asset"}:
        raise wrong_account("DepositToAccountRef")
    receivable = draft.ref("ARAccountRef", "Account")
    if receivable is not None and receivable["AccountType"] != "Accounts Receivable":
        raise wrong_account("ARAccountRef")


def _check_lines(draft: Draft) -> Decimal:
    """Return the applied amount of a payment: the amounts for invoices less those of credit memos."""
    entry, applied = draft.entry, ZERO
    entry["Line"] = entry.get("Line") or []
    parts: dict[tuple[str, str], Decimal] = {}
    for line in entry["Line"]:
        if line.get("Amount") is None:
            raise missing("Amount")
        line["Amount"] = money(line["Amount"])
        if line["Amount"] < 0:
            raise business("An amount applied must be 0 or greater.")
        links = line.get("LinkedTxn") or []
        if len(links) != 1:
            raise missing("LinkedTxn")
        link = line["LinkedTxn"][0] = {name: value for name, value in links[0].items() if name in {"TxnId", "TxnType"}}
        kind, wanted = link.get("TxnType", ""), link.get("TxnId", "")
        parts[kind, wanted] = parts.get((kind, wanted), ZERO) + line["Amount"]
        _check_link(draft, kind, wanted, parts[kind, wanted])
        applied += line["Amount"] * _SIGNS[kind]
    return applied


def _check_link(draft: Draft, kind: str, wanted: str, amount: Decimal) -> None:
    if kind not in _SIGNS:
        raise cannot_link(f"a payment cannot be linked to {kind or 'nothing'}.")
    linked = draft.books.find(kind, wanted)
    if linked is None:
        raise cannot_link(f"{kind} {wanted} is not there.")
    payer = draft.entry["CustomerRef"]["value"]
    owner = draft.books.find("Customer", linked["CustomerRef"]["value"]) or {}
    if payer not in {owner.get("Id"), (owner.get("ParentRef") or {}).get("value")}:
        raise business("The customer of the payment must be the customer of the transaction that it is linked to.")
    if amount > linked["Balance"]:
        raise business(f"The amount is more than the balance of the {kind.lower()}, which is {linked['Balance']}.")


def _settle(kind: str, linked: Entry, amount: Decimal) -> None:
    linked["Balance"] = linked["Balance"] + amount
    if kind == "CreditMemo":
        linked["RemainingCredit"] = linked["Balance"]


def _linked(books: Books, entry: Entry) -> Iterator[tuple[str, Entry, Decimal]]:
    for line in entry["Line"]:
        for link in line["LinkedTxn"]:
            linked = books.find(link["TxnType"], link["TxnId"])
            if linked is not None:
                yield link["TxnType"], linked, line["Amount"]
