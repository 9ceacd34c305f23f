"""Signing in and out, and what a session, a form and an answer carry."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask

from demo.auth import own
from tests.support.visitors import ADMIN, OTHER, REP, Visitor

PAGES = (
    "/orders", "/orders?page=2", "/orders?q=nobody", "/orders/1042", "/orders/1065", "/orders/1068", "/orders/1073",
    "/companies", "/companies/1", "/people", "/nowhere", "/hub/integrations",
)  # fmt: skip


@pytest.mark.parametrize("email", [ADMIN, REP, OTHER, " Admin@Demo.test "])
def test_the_logins_of_the_banner_work(visitor: Visitor, email: str) -> None:
    answer = visitor.sign_in(email)
    assert (answer.status_code, answer.location) == (303, "/orders")


@pytest.mark.parametrize(("email", "password"), [(ADMIN, "Demo"), ("nobody@demo.test", "demo"), (ADMIN, ""), ("", "")])
def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words(
    visitor: Visitor, email: str, password: str
) -> None:
    answer = visitor.sign_in(email, password)
    assert answer.status_code == 422
    assert ("do not belong together" in answer.text) == bool(email and password)
    assert visitor.get("/orders").status_code == 302


def test_a_visitor_comes_back_to_where_they_wanted_to_be(visitor: Visitor) -> None:
    turned_away = visitor.get("/orders?q=abc")
    assert (turned_away.status_code, turned_away.location) == (302, "/login?next=%2Forders%3Fq%3Dabc")
    assert visitor.sign_in(ADMIN, onward="/orders?q=abc").location == "/orders?q=abc"


@pytest.mark.parametrize("elsewhere", [
    "https://evil.test/", "//evil.test/", "/\\evil.test/", "\\\\evil.test", "/\t/evil.test", "/\n/evil.test",
    "javascript:alert(1)", "evil.test", "///evil.test", " //evil.test", "",
])  # fmt: skip
def test_nobody_is_led_away_after_signing_in(filled: Flask, elsewhere: str) -> None:
    with filled.test_request_context():
        assert own(elsewhere) == "/orders"


def test_the_session_cookie_is_for_this_site_and_not_for_scripts(visitor: Visitor) -> None:
    cookie = visitor.sign_in(ADMIN).headers["Set-Cookie"]
    assert cookie.startswith("order_desk=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_a_session_moves_to_no_other_browser(visitor: Visitor) -> None:
    visitor.sign_in(ADMIN)
    assert visitor.get("/orders").status_code == 200
    assert visitor.get("/orders", **{"User-Agent": "another browser"}).status_code == 302


def test_signing_out_ends_the_session(signed_in: Callable[[str], Visitor]) -> None:
    visitor = signed_in(ADMIN)
    assert visitor.post("/logout", page="/orders").status_code == 303
    assert visitor.get("/orders").status_code == 302
    assert visitor.get("/logout").status_code == 405


@pytest.mark.parametrize("path", ["/login", "/logout", "/orders/1042/payments", "/orders/1068/total", "/companies/1"])
def test_a_form_without_its_token_is_refused_in_a_sentence(signed_in: Callable[[str], Visitor], path: str) -> None:
    answer = signed_in(ADMIN).client.post(path, data={"name": "x", "amount": "1"})
    assert answer.status_code == 400
    assert "Load it again" in answer.text


def test_localhost_is_sent_to_the_one_public_address(visitor: Visitor) -> None:
    answer = visitor.client.get("/orders?q=a+b", base_url="http://localhost:8000")
    assert (answer.status_code, answer.location) == (307, "http://127.0.0.1:8000/orders?q=a+b")


@pytest.mark.parametrize("path", PAGES)
def test_pages_obey_a_strict_policy(signed_in: Callable[[str], Visitor], path: str) -> None:
    answer = signed_in(ADMIN).get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    finder = Inline()
    finder.feed(answer.text)
    assert finder.found == []


def test_a_broken_page_is_a_sentence_with_a_reference_that_is_in_the_log(
    fresh: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    fresh.add_url_rule("/broken", "broken", lambda: str(1 / 0))
    answer = fresh.test_client().get("/broken")
    assert answer.status_code == 500
    reference = answer.text.partition("<code>")[2].partition("</code>")[0]
    assert f"[{reference}] GET /broken" in caplog.text
    assert "ZeroDivisionError" not in answer.text


class Inline(HTMLParser):
    """Collects what a strict policy would block, or what htmx would evaluate."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and not names.get("src")):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith(("on", "hx-on", "hx-vals"))]
