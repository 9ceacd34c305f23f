"""The product's own pages: the books as an accountant looks at them."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.online.storage import Entry, Store

blueprint = Blueprint("pages", __name__)

_SHOWN = ("Invoice", "Payment", "Customer", "Vendor", "Item", "Account", "Bill", "PurchaseOrder", "CreditMemo")


@blueprint.get("/")
def companies() -> ResponseReturnValue:
    with _store().reading() as session:
        return render_template("sandbox/companies.html", realms=session.realms())


@blueprint.get("/app/<realm>/<kind>")
def entries(realm: str, kind: str) -> ResponseReturnValue:
    """A list of the books."""
    if kind not in _SHOWN:
        abort(404)
    with _store().reading() as session:
        realms = session.realms()
        if realm not in realms:
            abort(404)
        found = session.books(realm).all(kind)
    return render_template(
        "sandbox/entries.html", realm=realm, name=realms[realm], kind=kind, kinds=_SHOWN, entries=found[::-1]
    )


@blueprint.get("/app/invoice")
def invoice() -> ResponseReturnValue:
    """An invoice as an accountant sees it."""
    return _transaction("Invoice", "sandbox/invoice.html")


@blueprint.get("/app/recvpayment")
def payment() -> ResponseReturnValue:
    """A payment as an accountant sees it."""
    return _transaction("Payment", "sandbox/payment.html")


def _transaction(kind: str, template: str) -> ResponseReturnValue:
    with _store().reading() as session:
        realms = session.realms()
        wanted = [request.args["realm"]] if request.args.get("realm") in realms else _likeliest(realms)
        for realm in wanted:
            books = session.books(realm)
            found = books.find(kind, request.args.get("txnId", ""))
            if found is not None:
                linked = [one for one in books.all("Payment") if _pays(one, found)] if kind == "Invoice" else []
                return render_template(template, entry=found, payments=linked, realm=realm, name=realms[realm])
    return abort(404)


def _likeliest(realms: Iterable[str]) -> list[str]:
    wanted = request.args.get("deeplinkcompanyid", "")
    return sorted(realms, key=lambda realm: realm != wanted)


def _pays(payment: Entry, invoice: Entry) -> bool:
    return any(link["TxnId"] == invoice["Id"] for line in payment["Line"] for link in line.get("LinkedTxn") or [])


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
