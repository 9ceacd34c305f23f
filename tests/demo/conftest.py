"""The order desk in a folder of its own, filled, and visitors who sign in the way people do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from werkzeug.test import TestResponse

from demo import create_app
from demo.models import db
from demo.seed import seed
from hub import migrating

ADMIN, REP, OTHER = "admin@demo.test", "rep@demo.test", "admin@other.test"


class Visitor:
    """Somebody with a browser: keeps cookies, and takes a form's token from the page that shows it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, form: dict[str, str] | None = None, *, page: str = "") -> TestResponse:
        return self.client.post(path, data={**(form or {}), "csrf_token": self.token(page or path)})

    def token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(page).text)
        assert found, f"no form on {page}"
        return unescape(found.group(1))

    def sign_in(self, email: str, password: str = "demo", onward: str = "") -> TestResponse:
        return self.post(f"/login?next={onward}" if onward else "/login", {"email": email, "password": password})


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app with a filled desk, shared by tests that only look."""
    yield from _desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Flask]:
    """An app with a filled desk of the test's own."""
    yield from _desk(tmp_path)


@pytest.fixture
def visitor(filled: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(filled.test_client())


@pytest.fixture
def signed_in(filled: Flask) -> Callable[[str], Visitor]:
    """Somebody who is, by e-mail address."""

    def sign_in(email: str) -> Visitor:
        visitor = Visitor(filled.test_client())
        assert visitor.sign_in(email).status_code == 303
        return visitor

    return sign_in


def _desk(folder: Path) -> Iterator[Flask]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO_DATA", str(folder))
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "DEMO_PORT"):
            patch.delenv(name, raising=False)
        app = create_app()
    with app.app_context():
        migrating.upgrade()
        upgrade()
        seed()
    yield app
    with app.app_context():
        db.engine.dispose()
