"""The pages as a browser without script sees them, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

FORM: dict[str, object] = {"documents": "invoice", "customer": "", "tax": ""}
"""What the send dialog is filled in with."""


class Browser:
    """A client with a browser's manners: it fills in the forms that it is shown."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.token = ""

    def get(self, path: str, *, htmx: bool = False) -> TestResponse:
        return self.client.get(path, headers={"HX-Request": "true"} if htmx else {})

    def post(self, path: str, form: Mapping[str, object] | None = None, *, htmx: bool = False) -> TestResponse:
        """Post a form with the token of a page that this browser has seen."""
        self.token = self.token or self._read_token()
        sent = {**(form or {}), "csrf_token": self.token}
        return self.client.post(path, data=sent, headers={"HX-Request": "true"} if htmx else {})

    def _read_token(self) -> str:
        page = self.get("/hub/integrations").text + self.get("/hub/orders/1042/send").text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return unescape(found.group(1)) if found else ""


def state_of(page: str, element: str) -> str:
    """Return the state (`data-state`) of the element whose id begins with `element`."""
    found = re.search(rf'id="{element}[^>]*data-state="([^"]*)"', page)
    assert found, page
    return found.group(1)


def badge_tones(page: str) -> list[str]:
    """Return the tone of each badge on a page: good, wait or bad."""
    return re.findall(r'class="hub-badge hub-(\w+)"', page)


def problem_codes(page: str) -> list[str]:
    """Return the codes of the problems on a page."""
    return re.findall(r'data-code="([^"]+)"', page)


def empty_text(page: str) -> str:
    """Return what a page says where it has nothing to show."""
    found = re.search(r'<p class="hub-empty"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert found, page
    return found.group(1)


def count_queries(app: Flask) -> list[str]:
    seen: list[str] = []
    engine = app.extensions["sqlalchemy"].engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: seen.append(statement))
    return seen


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = app.extensions["sqlalchemy"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
