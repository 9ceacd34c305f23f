"""Bad days on the pages: two at once, a session that ends, what is not there, and a reference for each."""

from __future__ import annotations

import re
import threading
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, TooManyRequests

from hub.database import session
from hub.dispatch import pump
from hub.host import Permission, User
from hub.models import Delivery, Installation
from tests.support.host import Desk
from tests.support.pages import FORM, Browser
from tests.support.pretend import Ledger

DETAILS = {"who": "everyone", "documents": "invoice", "item_source": "number", "tax": ""}


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    return found.group(1)


def test_two_reps_who_send_one_order_at_once_send_it_once(
    app: Flask, installation: Installation, ledger: Ledger
) -> None:
    installation_id = installation.id
    session().remove()
    both, answers = threading.Barrier(2), list[int]()

    def press() -> None:
        rep = Browser(app)
        page = rep.get("/hub/orders/1042/send").text
        token = unescape(re.search(r'name="csrf_token" value="([^"]+)"', page).group(1))  # type: ignore[union-attr]  # It is there.
        both.wait()
        answer = rep.client.post("/hub/orders/1042/send", data={**FORM, "csrf_token": token})
        answers.append(answer.status_code)

    reps = [threading.Thread(target=press) for _ in range(2)]
    for rep in reps:
        rep.start()
    for rep in reps:
        rep.join()
    assert answers == [303, 303]
    pump.deliver(installation_id)
    assert [one["number"] for one in ledger.invoices] == ["1042"]
    assert len(ledger.customers) == len(ledger.payments) == 1


@pytest.mark.parametrize("tab", ["details", "accounts"])
def test_who_saves_second_sees_what_the_first_saved_and_decides(
    browser: Browser, installation: Installation, tab: str
) -> None:
    path = f"/hub/installations/{installation.id}/{tab}"
    first, second = ({"tax": "item"}, {"item_source": "name"}) if tab == "details" else (
        {"income_account": ""}, {"income_account": "4000"}
    )  # fmt: skip
    opened = seen(browser.get(path).text)
    assert browser.post(path, {**DETAILS, **first, "seen": opened}).status_code == 303
    late = browser.post(path, {**DETAILS, **second, "seen": opened})
    assert late.status_code == 422
    changed = late.text.partition('id="hub-meanwhile"')[2].partition("</div>")[0]
    theirs, ours = ("item", "–") if tab == "details" else ("–", "4000 Sales")
    assert f"<del>{theirs}</del> → <ins>{ours}</ins>" in changed
    session().expire_all()
    assert installation.item_source != "name"
    if tab == "details":
        assert installation.tax == "item"
        assert 'value="name" checked' in late.text
    decided = browser.post(path, {**DETAILS, **second, "seen": seen(late.text)})
    assert decided.status_code == 303
    session().expire_all()
    assert (installation.tax, installation.item_source == "name") == ("", tab == "details")


def test_saving_twice_what_was_opened_once_is_no_conflict_if_both_say_the_same(
    browser: Browser, installation: Installation
) -> None:
    path = f"/hub/installations/{installation.id}/details"
    opened = seen(browser.get(path).text)
    for _ in range(2):
        assert browser.post(path, {**DETAILS, "tax": "item", "seen": opened}).status_code == 303


def test_a_session_that_ended_while_the_dialog_was_open_leads_to_the_sign_in_and_back(
    browser: Browser, installation: Installation, desk: Desk
) -> None:
    desk.signed_in = None
    browser.client.delete_cookie("session")
    answer = browser.client.post("/hub/orders/1042/send", data=FORM, headers={
        "HX-Request": "true", "HX-Current-URL": "http://localhost/orders/1042",
    })  # fmt: skip
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/orders/1042")
    assert session().scalars(select(Delivery)).all() == []


def test_a_page_that_was_open_too_long_says_so_and_keeps_the_dialog(
    browser: Browser, installation: Installation
) -> None:
    answer = browser.client.post("/hub/orders/1042/send", data=FORM, headers={"HX-Request": "true"})
    assert (answer.status_code, 'id="hub-problem"' in answer.text) == (422, True)
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#hub-dialog", "beforeend")


class Large(HTTPException):
    code = 413


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("status", [403, 404, 413, 429, 500])
def test_each_error_has_a_page_and_a_fragment_with_a_reference_that_is_in_the_log(
    browser: Browser, installation: Installation, desk: Desk, caplog: pytest.LogCaptureFixture, *,
    status: int, htmx: bool,
) -> None:  # fmt: skip
    def fail(*_: Any) -> None:
        raise {413: Large(), 429: TooManyRequests()}.get(status, ZeroDivisionError("a bug of ours"))

    if status == 403:
        desk.permissions = {Permission.VIEW}
    elif status != 404:
        desk.order = fail  # type: ignore[assignment, method-assign]  # A host that fails.
    answer = browser.get(f"/hub/orders/{'999' if status == 404 else '1042'}/send", htmx=htmx)
    assert answer.status_code == (422 if htmx else status)
    assert re.search(r'<p role="alert">[^<]+</p>', answer.text), "It says what happened."
    reference = re.search(r"<code>(\w+)</code>", answer.text)
    assert reference is not None
    assert f"[{reference.group(1)}]" in caplog.text
    assert "ZeroDivisionError" not in answer.text
    assert answer.text.lstrip().startswith("<dialog" if htmx else "<!doctype")


def test_what_comes_by_itself_says_in_its_place_what_is_wrong(
    browser: Browser, installation: Installation, desk: Desk
) -> None:
    desk.permissions = set()
    headers = {"HX-Request": "true", "Hub-Unasked": "true"}
    answer = browser.client.get("/hub/orders/1042/status", headers=headers)
    assert 'class="hub hub-problem"' in answer.text
    assert re.search(r"<code>\w+</code>", answer.text)
    assert "<dialog" not in answer.text
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (422, "innerHTML")
    assert "HX-Retarget" not in answer.headers


def test_an_address_that_is_none_has_the_hubs_page(browser: Browser, installation: Installation) -> None:
    answer = browser.get("/hub/no/such/page")
    assert (answer.status_code, '<p role="alert">' in answer.text) == (404, True)
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(("came_from", "back"), [
    ("http://localhost/orders?page=3", "/orders?page=3"), ("http://elsewhere.example/orders", ""), ("", ""),
    ("http://localhost/hub/no/such/page", ""),
])  # fmt: skip
def test_an_error_shows_the_way_back_to_a_page_of_this_site(
    browser: Browser, installation: Installation, came_from: str, back: str
) -> None:
    page = browser.client.get("/hub/no/such/page", headers={"Referer": came_from}).text
    found = re.search(r'<p role="alert">.*?<a [^>]*href="([^"]*)".*?</section>', page, re.DOTALL)
    assert found is not None
    assert found.group(1) == (back or "/")


def test_a_stranger_is_told_nothing_by_an_error(browser: Browser, installation: Installation, desk: Desk) -> None:
    desk.signed_in, desk.permissions = User(id="eve", name="Eve"), set()
    for path in ("/hub/orders/1042/send", "/hub/orders/999/send"):
        assert "1042" not in words(browser.get(path).text)


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_while_the_database_is_away_a_page_says_so_with_a_reference(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The layout asks for the user, and the user is in the database."""

    def away() -> User:
        raise OperationalError("SELECT", {}, Exception("away"))

    layout = "{{ hub_may_send() }}{% block content %}{% endblock %}"
    with monkeypatch.context() as patch:
        app = browser.client.application
        patch.setitem(app.config, "HUB_LAYOUT", app.jinja_env.from_string(layout))
        patch.setattr(desk, "user", away)
        patch.setattr(desk, "organization", away)
        answer = browser.client.get("/hub/integrations", headers=headers)
    assert answer.status_code == (422 if headers else 500)
    found = re.search(r"<code>(\w{8})</code>", answer.text)
    assert found is not None
    assert f"[{found.group(1)}]" in caplog.text
    assert browser.get("/hub/integrations").status_code == 200
