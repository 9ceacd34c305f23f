"""docs/hosts.md shows a complete host, and it is one: taken from the page, run, and used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from hub import migrating
from hub.access import Actor
from hub.database import session
from hub.dispatch import pump
from hub.installations.install import install_integration
from hub.models import Installation, Mapping
from tests.support.app import connect
from tests.support.pages import Browser, state_of
from tests.support.pretend import Ledger, Pretend

PAGE = (Path(__file__).parent.parent / "docs" / "hosts.md").read_text(encoding="utf-8")
CODE = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ledger: Ledger) -> Iterator[Flask]:
    """The host of the page, with the pretend books connected."""
    for name, value in {
        "SECRET_KEY": "test", "HUB_SECRET_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{tmp_path}/desk.db", "REDIS_URL": "redis://127.0.0.1:9/0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert CODE is not None
    names: dict[str, object] = {"__name__": "desk"}
    exec(CODE.group(1), names)  # noqa: S102 – It is our own page.
    app = names["app"]
    assert isinstance(app, Flask)
    app.extensions["hub"].integrations = {"pretend": Pretend(ledger)}
    with app.app_context():
        migrating.upgrade()
        yield app
        session().remove()
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


def test_it_has_less_than_a_hundred_lines() -> None:
    assert CODE is not None
    assert len(CODE.group(1).splitlines()) < 100
    ast.parse(CODE.group(1))


def test_an_order_of_it_arrives_in_the_books(app: Flask, ledger: Ledger) -> None:
    host = app.extensions["hub"].host
    installation = install_integration(Actor(host.user(), host.organization()), "pretend")
    connect(installation)
    pump.deliver(installation.id)
    session().add(Mapping(installation_id=installation.id, role="income_account", record_id="4000", name="4000 Sales"))
    session().commit()
    browser = Browser(app)
    assert 'id="hub-send-many"' in browser.get("/hub/orders/bar", htmx=True).text
    sent = browser.post("/hub/orders/1042/send", {"documents": "invoice", "customer": "", "tax": ""})
    assert sent.status_code == 303
    pump.deliver(installation.id)
    assert [(one["number"], str(one["total"])) for one in ledger.invoices] == [("1042", "218.50")]
    assert state_of(browser.get("/hub/orders/1042/status").text, "hub-order-status") == "good"
    assert "ABC Company" in browser.get(f"/hub/installations/{installation.id}/customers").text
    assert session().get_one(Installation, installation.id).state == "connected"


def test_every_fragment_that_its_pages_ask_for_is_there(app: Flask) -> None:
    browser = Browser(app)
    for path in ("/", "/orders/1042"):
        page = browser.get(path)
        assert page.status_code == 200
        asked = re.findall(r'hx-get="([^"]+)"', page.text)
        assert asked
        for address in asked:
            status = browser.get(address.replace("&amp;", "&"), htmx=True).status_code
            assert status == (422 if address.endswith("/send") else 200), address  # Nothing is connected yet.


def test_the_endpoints_and_properties_that_the_page_names_exist(app: Flask) -> None:
    named = set(re.findall(r"`(hub\.\w+)`", PAGE)) - {"hub.css", "hub.js", "hub.order_ids", "hub.host"}
    assert named <= {rule.endpoint for rule in app.url_map.iter_rules()}
    css = (Path(__file__).parent.parent / "hub" / "web" / "static" / "hub.css").read_text(encoding="utf-8")
    assert {name for name in re.findall(r"--hub-[\w-]+", PAGE) if f"{name}:" not in css} == set()
