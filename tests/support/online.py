"""QuickBooks Online in the sandbox, as a bookkeeper sees it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from flask import Flask
from sqlalchemy import select, update

from hub.books import mappings
from hub.database import now, session
from hub.dispatch import pump
from hub.installations.install import (
    check_connection,
    claim_attempt,
    finish_authorization,
    install_integration,
    start_authorization,
)
from hub.integrations import registry
from hub.models import Delivery, Installation, Listing
from hub.planning.choices import Choices
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.online import REALM, Running
from tests.support.host import ADA_AT_ACME


def configure(app: Flask, books: Running) -> None:
    """Load the installed plugins and point QuickBooks Online to the sandbox."""
    app.extensions["hub"].integrations, _ = registry.load_integrations()
    app.config.update({
        f"HUB_QUICKBOOKS_ONLINE_{name}": value
        for name, value in {
            "CLIENT_ID": "sandbox-client", "CLIENT_SECRET": "sandbox-secret",
            "AUTHORIZE_URL": f"{books.url}/connect/oauth2", "TOKEN_URL": f"{books.url}/oauth2/v1/tokens/bearer",
            "REVOKE_URL": f"{books.url}/v2/oauth2/tokens/revoke", "API_URL": books.url, "APP_URL": books.url,
            "TIMEOUT": "3",
        }.items()
    })  # fmt: skip


def connect(books: Running) -> Installation:
    """Install, consent, load the lists, and choose the suggested accounts."""
    installation = install_integration(ADA_AT_ACME, "quickbooks_online")
    consent(installation, books)
    pump.deliver(installation.id)
    integration = registry.find_integration("quickbooks_online")
    chosen = mappings.list_choices(installation, integration)
    mappings.save_mappings(installation, integration, {one.field.key: one.chosen.id for one in chosen if one.chosen})
    commit()
    return installation


def consent(installation: Installation, books: Running, realm: str = REALM) -> None:
    """Sign in at the sandbox, choose the company and click Connect, as the admin does in the browser."""
    back = "http://127.0.0.1:9/hub/authorized/quickbooks_online"
    address = start_authorization(ADA_AT_ACME, installation.id, back)
    answer = requests.post(address, data={"realm": realm, "decision": "connect"}, allow_redirects=False, timeout=5)
    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    claimed = claim_attempt(ADA_AT_ACME, "quickbooks_online", query["state"])
    finish_authorization(ADA_AT_ACME, claimed, back, query)


def whole_ledger(books: Running) -> dict[str, list[tuple[object, ...]]]:
    """What matters to the accountant, of everything that is in the books beyond what they began with."""
    found = books.books()
    return {
        "customers": [
            (one["DisplayName"], one["Balance"]) for one in found["Customer"] if one["DisplayName"] == "ABC Company"
        ],
        "items": [(one["Name"],) for one in found["Item"] if one["Name"] == "A7102"],
        "invoices": [
            (one["DocNumber"], one["CustomerRef"]["name"], one["TotalAmt"], one["Balance"]) for one in found["Invoice"]
        ],
        "payments": [(one["TotalAmt"], one["UnappliedAmt"], one["CustomerRef"]["name"]) for one in found["Payment"]],
        "others": [(one["Id"],) for kind in ("Bill", "PurchaseOrder", "CreditMemo") for one in found[kind]],
    }  # fmt: skip


EXPECTED = {
    "customers": [("ABC Company", Decimal("118.50"))],
    "items": [("A7102",)],
    "invoices": [("1042", "ABC Company", Decimal("218.50"), Decimal("118.50"))],
    "payments": [(Decimal("100.00"), Decimal("0.00"), "ABC Company")],
    "others": [],
}


def posted() -> bool:
    session().expire_all()
    return {one.state for one in session().scalars(select(Delivery))} == {DeliveryState.POSTED}


UPDATE = Choices(updates=("invoice", "customer"))


def by_hand(books: Running, kind: str, fields: dict[str, Any], **query: str) -> None:
    """Somebody in QuickBooks does something."""
    token = books.grant()["access_token"]
    answer = requests.post(
        f"{books.url}/v3/company/{REALM}/{kind.lower()}", json=fields, params=query, timeout=5,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


def look_again(installation: Installation) -> None:
    session().execute(update(Listing).values(due_at=now()))
    commit()
    pump.deliver(installation.id)
    session().expire_all()


def look(installation: Installation) -> None:
    """The daily look at how the books work."""
    check_connection(ADA_AT_ACME, installation.id)
    pump.deliver(installation.id)
    session().expire_all()


def entered(books: Running) -> list[tuple[object, ...]]:
    return [(one["DocNumber"], one["TotalAmt"], one["RemainingCredit"]) for one in books.books()["CreditMemo"]]
