"""The hub with the real plugin, against the sandbox over HTTP, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from hub.models import Installation
from hub.services.books import mapping
from hub.services.carrying import carrying
from hub.services.installing import installing
from hub.services.integrations import registry
from sandbox.online import REALM, Running, start
from tests.hub.conftest import ACME, ADA, Desk, app, database_url, desk, ledger  # noqa: F401 – Fixtures.


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "books") as running:
        yield running


@pytest.fixture
def online(app: Flask, books: Running) -> Installation:  # noqa: F811 – A fixture.
    """QuickBooks Online, installed and connected through the sandbox's consent, accounts chosen as suggested."""
    app.extensions["hub"].integrations, _ = registry.load()
    app.config.update({
        f"HUB_QUICKBOOKS_ONLINE_{name}": value
        for name, value in {
            "CLIENT_ID": "sandbox-client", "CLIENT_SECRET": "sandbox-secret",
            "AUTHORIZE_URL": f"{books.url}/connect/oauth2", "TOKEN_URL": f"{books.url}/oauth2/v1/tokens/bearer",
            "REVOKE_URL": f"{books.url}/v2/oauth2/tokens/revoke", "API_URL": books.url, "APP_URL": books.url,
            "TIMEOUT": "3",
        }.items()
    })  # fmt: skip
    installation = installing.install(ACME, ADA, "quickbooks_online")
    consent(installation, books)
    carrying.carry(installation.id)
    integration = registry.integration("quickbooks_online")
    chosen = mapping.choices(installation, integration)
    mapping.save(installation, integration, {one.field.key: one.chosen.id for one in chosen if one.chosen})
    from hub.queue import commit

    commit()
    return installation


def consent(installation: Installation, books: Running, realm: str = REALM) -> None:
    """What the admin does in the browser: sign in at the sandbox, choose the company, press Connect."""
    import requests

    back = "http://127.0.0.1:9/hub/authorized/quickbooks_online"
    address = installing.authorize(installation, ADA, back)
    answer = requests.post(address, data={"realm": realm, "decision": "connect"}, allow_redirects=False, timeout=5)
    from urllib.parse import parse_qsl, urlsplit

    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    claimed = installing.claim(ACME, ADA, "quickbooks_online", query["state"])
    installing.finish(claimed, ADA, back, query)
