"""Every address of the hub, with input that no page sends: no answer is a 500, on either database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

import hub.web
from hub.database import session
from hub.host import Organization, Permission, User
from hub.models import Installation
from tests.support.host import ACME, ADA, Desk

REP = User(id="eve", name="Eve", teams=frozenset({"sales"}))
OTHER = Organization(id="other", name="Other")

NUL, HALF, BROKEN = "a%00b", "%ed%a0%80", "%ff%fe%c3"
LARGE = (2**31, 2**63, 10**40)

_READ = re.compile(r"""(?:args|form|values|brought)\.get(?:list)?\("(\w+)"|read_number\("(\w+)"|_number\("(\w+)\"""")
NAMES = sorted({
    next(filter(None, found)) for path in Path(hub.web.__file__).parent.glob("*.py")
    for found in _READ.findall(path.read_text())
})  # fmt: skip
"""All parameters that the views read."""


def routes(app: Flask) -> list[tuple[str, Rule]]:
    return [
        (method, rule) for rule in app.url_map.iter_rules() if rule.endpoint.startswith("hub.")
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]  # fmt: skip


def path_of(rule: Rule, text: str, number: int = 1) -> str:
    """Return the address of a route with this text, as it is on the wire, and this number in each place."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda one: str(number) if one.group(1) == "int" else text, rule.rule)


def calls(method: str, rule: Rule, *, every: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Hostile calls of a route: the address, and what the client is given besides."""
    yield path_of(rule, NUL), {}
    yield path_of(rule, "1042", LARGE[0]), {}
    for bad in (NUL, str(LARGE[1]), HALF, "é" * 300) if every else (NUL,):
        everywhere = "&".join(f"{name}={bad if '%' in bad else quote(bad)}" for name in NAMES)
        if method in {"GET", "HEAD"}:
            yield f"{path_of(rule, '1042')}?{everywhere}", {}
        else:
            yield path_of(rule, "1042"), {"data": everywhere, "content_type": "application/x-www-form-urlencoded"}
    if not every:
        return
    for text in (HALF + BROKEN, "x" * 5000, "..%2f%0d%0aSet-Cookie:a=b'%22;--"):
        yield path_of(rule, text), {}
    for number in LARGE[1:2]:
        yield path_of(rule, "1042", number), {}
    many = "&".join(["id=1"] * 70_000)
    if method in {"GET", "HEAD"}:
        yield f"{path_of(rule, '1042')}?{many}", {}
        return
    yield path_of(rule, "1042"), {"data": many, "content_type": "application/x-www-form-urlencoded"}
    yield path_of(rule, "1042"), {"data": TEN_MB, "content_type": "application/x-www-form-urlencoded"}
    for kind in ("application/json", "multipart/form-data; boundary=x", "x"):
        yield path_of(rule, "1042"), {"data": b'--x\r\n\xff{"a": "\\u0000"}', "content_type": kind}


TEN_MB = b"documents=" + b"a" * 10 * 1024 * 1024


@pytest.fixture
def client(app: Flask, installation: Installation) -> FlaskClient:
    """A visitor without a token, so that what comes behind the check of tokens is reached."""
    app.config["WTF_CSRF_METHODS"] = set()
    return app.test_client()


@pytest.mark.databases("sqlite", "postgresql")
def test_no_input_of_anybody_is_answered_with_500(app: Flask, client: FlaskClient, desk: Desk) -> None:
    """OWASP ASVS 5, 2.2.1 and 16.5.1: input is validated before it is used, and errors are foreseen."""
    assert len(NAMES) > 20
    found, count = [], 0
    people = [
        (ADA, set(Permission), ACME, True), (None, set[Permission](), ACME, False),
        (REP, {Permission.SEND, Permission.VIEW}, ACME, False), (ADA, set(Permission), OTHER, False),
    ]  # fmt: skip
    for who, permissions, whose, every in people:
        desk.signed_in, desk.permissions, desk.working_for = who, permissions, whose
        for method, rule in routes(app):
            for path, more in calls(method, rule, every=every):
                answer = client.open(path, method=method, **more)
                answer.close()
                count += 1
                if answer.status_code >= 500 and rule.endpoint != "hub.health_ready":  # It says that Redis is away.
                    found.append((answer.status_code, method, path[:120], str(more.get("data"))[:60], who and who.id))
    session().expire_all()
    assert not found, (len(found), found[:20])
    assert count > 800
