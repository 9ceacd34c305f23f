"""Visitors of the order desk."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ADMIN = "admin@demo.test"


REP = "rep@demo.test"


OTHER = "admin@other.test"


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
