"""The hub with this plugin in it, a host of a few lines, and the sandbox Xero at the other end, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from flask import Flask

from hub.models import Installation
from hub.queue import commit
from hub.services.books import mapping
from hub.services.carrying import carrying
from hub.services.installing import installing
from hub.services.integrations import registry
from tests.hub.conftest import ACME, ADA, Desk, app, database_url, desk, ledger  # noqa: F401 – Fixtures.
from xero_sandbox import TENANT, Running, start

BACK = "http://localhost:8000/hub/authorized/xero"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "xero") as running:
        yield running


@pytest.fixture
def configured(app: Flask, books: Running) -> Flask:  # noqa: F811 – A fixture.
    """An app whose operator has set Xero up."""
    app.extensions["hub"].integrations, _ = registry.load()
    app.config.update({f"HUB_XERO_{name}": value for name, value in books.settings().items()})
    app.config["HUB_XERO_TIMEOUT"] = "5"
    return app


@pytest.fixture
def xero(configured: Flask, books: Running) -> Installation:
    """Installed, consented to, lists loaded, accounts chosen as suggested."""
    installation = installing.install(ACME, ADA, "xero")
    consent(installation, TENANT)
    carrying.carry(installation.id)
    integration = registry.integration("xero")
    wanted = {one.field.key: one.chosen.id for one in mapping.choices(installation, integration) if one.chosen}
    mapping.save(installation, integration, wanted | {"income_account": "200", "deposit_account": "090"})
    commit()
    return installation


def consent(installation: Installation, *tenants: str, decision: str = "allow") -> installing.Question | None:
    """What an admin does in the browser: sign in, tick organisations, press a button; and be sent back."""
    address = installing.authorize(installation, ADA, BACK)
    form = {"tenant": list(tenants), "decision": decision}
    left = requests.post(address, data=form, allow_redirects=False, timeout=10)
    brought = dict(parse_qsl(urlsplit(left.headers["Location"]).query))
    return installing.finish(installing.claim(ACME, ADA, "xero", brought["state"]), ADA, BACK, brought)


