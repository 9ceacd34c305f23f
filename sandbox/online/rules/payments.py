"""Payments received, and the invoices whose balance they move."""

from __future__ import annotations

from decimal import Decimal

from sandbox.online.refusals import Refusal, business, missing, wrong_account
from sandbox.online.rules.lists import check_length
from sandbox.online.rules.transactions import check_date, post
from sandbox.online.storage import Books, Entry, money


def check(books: Books, entry: Entry) -> None:
    if books.referred(entry, "CustomerRef", "Customer") is None:
        raise missing("CustomerRef")
    if entry.get("TotalAmt") in {None, ""}:
        raise missing("TotalAmt")
    entry["TotalAmt"] = money(entry["TotalAmt"])
    if entry["TotalAmt"] < 0:
        raise business("The amount must be 0 or greater.")
    check_date(books, entry)
    check_length(entry, "PaymentRefNum", 21)
    check_length(entry, "PrivateNote", 4000)
    _check_accounts(books, entry)
    applied = Decimal("0.00")
    for line in entry.get("Line") or []:
        line["Amount"] = money(line.get("Amount") or 0)
        for link in line.get("LinkedTxn") or []:
            if link.get("TxnType") == "Invoice":
                _check_link(books, entry, line, link)
        applied += line["Amount"]
    if applied > entry["TotalAmt"]:
        raise business("The amount applied is more than the payment.")
    entry["Line"] = entry.get("Line") or []
    entry["UnappliedAmt"] = entry["TotalAmt"] - applied


def apply(books: Books, entry: Entry) -> None:
    post(books, "Customer", entry["CustomerRef"], -entry["TotalAmt"])
    for invoice, amount in _invoices(books, entry):
        invoice["Balance"] = money(invoice["Balance"]) - amount
        links = [link for link in invoice.get("LinkedTxn", []) if link["TxnId"] != entry["Id"]]
        invoice["LinkedTxn"] = [*links, {"TxnId": entry["Id"], "TxnType": "Payment"}]
        books.change("Invoice", invoice)


def undo(books: Books, entry: Entry) -> None:
    post(books, "Customer", entry["CustomerRef"], entry["TotalAmt"])
    for invoice, amount in _invoices(books, entry):
        invoice["Balance"] = money(invoice["Balance"]) + amount
        invoice["LinkedTxn"] = [link for link in invoice.get("LinkedTxn", []) if link["TxnId"] != entry["Id"]]
        books.change("Invoice", invoice)


def _check_accounts(books: Books, entry: Entry) -> None:
    if entry.get("_deposited"):
        raise Refusal(6540, "Deposited Transaction cannot be changed", "This transaction has been deposited.")
    deposit = books.referred(entry, "DepositToAccountRef", "Account")
    if deposit is not None and deposit["AccountType"] not in {"Bank", "Other Current Asset"}:
        raise wrong_account("DepositToAccountRef")
    if deposit is None:
        default = next(one for one in books.all("Account") if one["AccountSubType"] == "UndepositedFunds")
        entry["DepositToAccountRef"] = {"value": default["Id"], "name": default["Name"]}
    receivable = books.referred(entry, "ARAccountRef", "Account")
    if receivable is not None and receivable["AccountType"] != "Accounts Receivable":
        raise wrong_account("ARAccountRef")


def _check_link(books: Books, entry: Entry, line: Entry, link: Entry) -> None:
    link["TxnId"] = str(link.get("TxnId"))
    invoice = books.find("Invoice", link["TxnId"])
    if invoice is None:
        raise Refusal(
            620, "Transaction can't be linked", f"The transaction {link['TxnId']} cannot be linked: not found."
        )
    if invoice["CustomerRef"]["value"] != entry["CustomerRef"]["value"]:
        raise business("The customer of the payment must be the customer of the invoice.")
    if line["Amount"] > money(invoice["Balance"]):
        raise business("The amount is more than the balance of the invoice.")


def _invoices(books: Books, entry: Entry) -> list[tuple[Entry, Decimal]]:
    found = []
    for line in entry["Line"]:
        for link in line.get("LinkedTxn") or []:
            invoice = books.find("Invoice", link["TxnId"]) if link.get("TxnType") == "Invoice" else None
            if invoice is not None:
                found.append((invoice, money(line["Amount"])))
    return found
