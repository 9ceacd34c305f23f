"""Web pages that show the books to people, like those of QuickBooks Online."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.online.storage import Books, Entry, Store, money

blueprint = Blueprint("pages", __name__)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a list: its heading, and a function that reads its value from an entry."""

    head: str
    read: Callable[[Entry], object]
    figure: bool = False


def _of(head: str, *path: str, figure: bool = False) -> Column:
    def read(entry: Entry) -> object:
        value: object = entry
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    return Column(head=head, read=read, figure=figure)


_DATE, _CUSTOMER, _VENDOR = (
    _of("Date", "TxnDate"),
    _of("Customer", "CustomerRef", "name"),
    _of("Vendor", "VendorRef", "name"),
)
_NUMBER, _DUE = _of("No.", "DocNumber"), _of("Due", "DueDate")
_TOTAL, _BALANCE = _of("Total", "TotalAmt", figure=True), _of("Balance", "Balance", figure=True)
_EMAIL = _of("E-mail", "PrimaryEmailAddr", "Address")

LISTS: dict[str, tuple[str, tuple[Column, ...]]] = {
    "Invoice": ("Invoices", (_NUMBER, _DATE, _CUSTOMER, _DUE, _TOTAL, _BALANCE)),
    "Payment": (
        "Payments",
        (
            _of("Reference", "PaymentRefNum"),
            _DATE,
            _CUSTOMER,
            _of("Deposited to", "DepositToAccountRef", "name"),
            _of("Amount", "TotalAmt", figure=True),
            _of("Not applied", "UnappliedAmt", figure=True),
        ),
    ),
    "CreditMemo": ("Credit memos", (_NUMBER, _DATE, _CUSTOMER, _TOTAL, _of("Left", "RemainingCredit", figure=True))),
    "Customer": ("Customers", (_of("Name", "FullyQualifiedName"), _EMAIL, _BALANCE)),
    "PurchaseOrder": ("Purchase orders", (_NUMBER, _DATE, _VENDOR, _of("Status", "POStatus"), _TOTAL)),
    "Bill": ("Bills", (_NUMBER, _DATE, _VENDOR, _DUE, _TOTAL, _BALANCE)),
    "Vendor": ("Vendors", (_of("Name", "DisplayName"), _EMAIL, _BALANCE)),
    "Item": (
        "Products",
        (
            _of("Name", "Name"),
            _of("Description", "Description"),
            _of("Kind", "Type"),
            _of("Price", "UnitPrice", figure=True),
            _of("Cost", "PurchaseCost", figure=True),
        ),
    ),
    "Account": (
        "Chart of accounts",
        (
            _of("No.", "AcctNum"),
            _of("Name", "Name"),
            _of("Kind", "AccountType"),
            _of("Balance", "Balance", figure=True),
        ),
    ),
}
"""The title of each kind's page, and its columns."""

REVIVED = {"Customer", "Vendor", "Item", "Account"}
"""The lists whose entries can be made inactive, and active again."""

_PAGES = {"Invoice": "pages.invoice", "Payment": "pages.payment"}


@blueprint.app_template_filter("figure")
def figure(value: object) -> str:
    """Return an amount as text: "1,234.50", with a typographic minus sign if negative, empty if there is none."""
    if value is None or value == "":
        return ""
    amount = Decimal(str(value))
    shown = f"{abs(money(amount)) if amount == money(amount) else abs(amount.normalize()):,}"
    return f"−{shown}" if amount < 0 else shown


@blueprint.get("/")
@blueprint.get("/app")
def companies() -> ResponseReturnValue:
    """Show the companies, with the open invoices and bills of each."""
    with _store().reading() as session:
        found = [
            (realm, name, _open(session.books(realm), "Invoice"), _open(session.books(realm), "Bill"))
            for realm, name in session.realms().items()
        ]
    return render_template("sandbox/companies.html", found=found)


@blueprint.get("/app/<realm>/<kind>")
def entries(realm: str, kind: str) -> ResponseReturnValue:
    """Show a list: transactions with the newest first, other lists in their own order."""
    if kind not in LISTS:
        abort(404)
    with _store().reading() as session:
        name = session.realms().get(realm) or abort(404)
        rows = _rows(session.books(realm), kind)
    title, columns = LISTS[kind]
    return render_template(
        "sandbox/entries.html",
        realm=realm, name=name, kind=kind, lists=LISTS, title=title, columns=columns, rows=rows, page=_PAGES.get(kind),
        revived=kind in REVIVED,
    )  # fmt: skip


@blueprint.post("/app/<realm>/<kind>/<entry_id>/active")
def make_active(realm: str, kind: str, entry_id: str) -> ResponseReturnValue:
    """Make an entry of a list active again."""
    with _store().writing() as session:
        found = session.books(realm).find(kind, entry_id) if kind in REVIVED else None
        if found is None:
            abort(404)
        session.books(realm).change(kind, {**found, "Active": True})
    return redirect(url_for("pages.entries", realm=realm, kind=kind), 303)


@blueprint.get("/app/invoice")
def invoice() -> ResponseReturnValue:
    """Show an invoice: `?txnId=`, and `?realm=` if two companies have an invoice of that id."""
    return _transaction("Invoice", "sandbox/invoice.html")


@blueprint.get("/app/recvpayment")
def payment() -> ResponseReturnValue:
    """Show a payment: parameters as for an invoice."""
    return _transaction("Payment", "sandbox/payment.html")


def _rows(books: Books, kind: str) -> list[Entry]:
    found = books.all(kind)
    if kind == "Account":
        balances = books.balances()
        return [{**row, "Balance": _natural(row, balances)} for row in found]
    return found[::-1] if found and "TxnDate" in found[0] else found


def _natural(account: Entry, balances: dict[str, Decimal]) -> Decimal:
    """Return the balance of an account with its usual sign: credits are positive for liabilities, equity and income."""
    balance = balances.get(account["Id"], money(0))
    return balance if account["Classification"] in {"Asset", "Expense"} else -balance


def _open(books: Books, kind: str) -> tuple[int, Decimal]:
    open_ones = [row["Balance"] for row in books.all(kind) if row["Balance"]]
    return len(open_ones), sum(open_ones, money(0))


def _transaction(kind: str, template: str) -> ResponseReturnValue:
    with _store().reading() as session:
        realms = session.realms()
        wanted = [request.args["realm"]] if request.args.get("realm") in realms else _likeliest(realms)
        for realm in wanted:
            books = session.books(realm)
            entry = books.find(kind, request.args.get("txnId", ""))
            if entry is not None:
                return render_template(
                    template, entry=entry, linked=_linked(books, kind, entry), realm=realm, name=realms[realm],
                    company=books.all("CompanyInfo")[0], kind=kind, lists=LISTS,
                )  # fmt: skip
    return abort(404)


def _likeliest(realms: Iterable[str]) -> list[str]:
    wanted = request.args.get("deeplinkcompanyid", "")
    return sorted(realms, key=lambda realm: realm != wanted)


def _linked(books: Books, kind: str, entry: Entry) -> list[tuple[str, Entry, Decimal]]:
    """Return the linked transactions with their amounts: the payments of an invoice, or the transactions that a payment
    pays."""
    if kind == "Payment":
        links = [
            (line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"], line["Amount"]) for line in entry["Line"]
        ]
        return [(other, found, amount) for other, wanted, amount in links if (found := books.find(other, wanted))]
    payments = (books.find("Payment", link["TxnId"]) for link in entry["LinkedTxn"])
    return [
        ("Payment", one, line["Amount"])
        for one in payments
        if one is not None
        for line in one["Line"]
        if line["LinkedTxn"][0] == {"TxnId": entry["Id"], "TxnType": kind}
    ]


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
