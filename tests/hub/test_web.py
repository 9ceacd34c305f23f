"""The pages, through a client that knows no script: who may, what is refused, and what never leaks."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import now, session
from hub.dispatch import pump
from hub.extension import BrokenPlugin
from hub.host import Organization, Permission, User
from hub.models import Authorization, ConversationRow, Delivery, Installation, Purpose
from hub.states import ConversationState, DeliveryState, InstallationState
from tests.support.host import Desk
from tests.support.pages import FORM, Browser, count_queries, state_of
from tests.support.pretend import Ledger

OTHER = Organization(id="other", name="Other")
EVE = User(id="eve", name="Eve")


def without_reference(page: str) -> str:
    """An error page without what is different each time."""
    return re.sub(r"<code>\w+</code>", "", page)


def begin(browser: Browser) -> str:
    """Install and go to the sign-in; gives the state that it would come back with."""
    assert browser.post("/hub/integrations", {"integration": "pretend"}).status_code == 303
    installation = session().scalars(select(Installation).order_by(Installation.id.desc())).first()
    assert installation is not None
    leaving = browser.post(f"/hub/installations/{installation.id}/authorize")
    address = leaving.headers["Refresh"].partition("url=")[2]
    assert unescape(re.search(r'href="(http://127.0.0.1:9[^"]+)"', leaving.text).group(1)) == address  # type: ignore[union-attr]  # It is there.
    return parse_qs(urlsplit(address).query)["state"][0]


def alert(page: str) -> str:
    """Return what a page says went wrong."""
    return page.partition('role="alert">')[2].partition("</")[0]


def badge_texts(page: str) -> list[str]:
    return re.findall(r'class="hub-badge[^>]*>([^<]*)', page)


def checks() -> int:
    """Return how often the books were asked who they are."""
    query = select(ConversationRow.id).where(
        ConversationRow.purpose == Purpose.CHECK, ConversationRow.state == ConversationState.DONE
    )
    return len(session().scalars(query).all())


# ── Installing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_installing_leads_through_the_sign_in_to_a_connected_installation(browser: Browser) -> None:
    state = begin(browser)
    back = browser.get(f"/hub/authorized/pretend?state={state}&books=books-1")
    assert (back.status_code, back.headers["Location"]) == (303, "/hub/installations/1/details")
    pump.deliver(1)
    card = browser.get("/hub/integrations").text
    assert state_of(card, "hub-card-1") == "connected"
    assert "Test Books" in card
    assert "canary" not in card


def test_a_newer_sign_in_ends_an_older_one(browser: Browser) -> None:
    """OWASP ASVS 5, 10.4.3: what a sign-in leaves behind is good for one answer, soon."""
    older = begin(browser)
    newer = begin(browser)
    assert browser.get(f"/hub/authorized/pretend?state={older}&books=books-1").status_code == 409
    assert browser.get(f"/hub/authorized/pretend?state={newer}&books=books-1").status_code == 303


def test_a_head_request_uses_up_no_state(browser: Browser) -> None:
    state = begin(browser)
    address = f"/hub/authorized/pretend?state={state}&books=books-1"
    assert browser.client.head(address).status_code == 405
    assert browser.get(address).status_code == 303


def test_a_state_works_once(browser: Browser) -> None:
    state = begin(browser)
    browser.get(f"/hub/authorized/pretend?state={state}&books=books-1")
    again = browser.get(f"/hub/authorized/pretend?state={state}&books=books-1")
    assert again.status_code == 409


def test_a_state_that_is_wrong_missing_or_too_old_is_refused_with_a_sentence(browser: Browser) -> None:
    state = begin(browser)
    for query in ("state=wrong&books=books-1", "books=books-1", ""):
        answer = browser.get(f"/hub/authorized/pretend?{query}")
        assert answer.status_code == 409
    attempt = session().scalars(select(Authorization)).one()
    attempt.expires_at = now()
    session().commit()
    late = browser.get(f"/hub/authorized/pretend?state={state}&books=books-1")
    assert late.status_code == 409
    assert alert(late.text) != alert(answer.text), "Who came late is told so."
    assert session().get_one(Installation, 1).state is InstallationState.PENDING


def test_a_state_of_somebody_else_is_refused(browser: Browser, desk: Desk) -> None:
    state = begin(browser)
    desk.signed_in = EVE
    assert browser.get(f"/hub/authorized/pretend?state={state}&books=books-1").status_code == 409
    desk.signed_in, desk.working_for = User(id="ada", name="Ada Admin"), OTHER
    assert browser.get(f"/hub/authorized/pretend?state={state}&books=books-1").status_code == 409
    assert session().get_one(Installation, 1).state is InstallationState.PENDING


def test_a_denied_consent_says_so_and_offers_to_try_again(browser: Browser) -> None:
    state = begin(browser)
    denied = browser.get(f"/hub/authorized/pretend?state={state}&error=access_denied")
    assert denied.status_code == 409
    assert "You pressed Cancel." in denied.text, "The plugin says so."
    assert 'action="/hub/installations/1/authorize"' in denied.text
    assert session().get_one(Installation, 1).state is InstallationState.PENDING


def test_other_books_than_before_are_refused_with_a_sentence(browser: Browser, installation: Installation) -> None:
    leaving = browser.post(f"/hub/installations/{installation.id}/authorize")
    state = leaving.headers["Refresh"].partition("state=")[2]
    answer = browser.get(f"/hub/authorized/pretend?state={state}&books=books-2")
    assert answer.status_code == 409
    assert "Test Books" in alert(answer.text)
    session().expire_all()
    assert installation.books_id == "books-1"


def test_a_plugin_that_cannot_be_loaded_is_shown_with_its_error(app: Flask, browser: Browser) -> None:
    app.extensions["hub"].broken = (BrokenPlugin(key="acme", error="ImportError: no acme"),)
    assert "ImportError: no acme" in browser.get("/hub/integrations").text


# ── Settings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_details_are_saved_and_checked(browser: Browser, installation: Installation) -> None:
    path = f"/hub/installations/{installation.id}/details"
    good = {"who": "teams", "teams": "sales", "documents": "invoice", "item_source": "name", "tax": "item"}
    assert browser.post(path, good).status_code == 303
    session().expire_all()
    assert installation.visible_to == {"who": "teams", "ids": ["sales"]}
    assert (installation.documents, installation.item_source, installation.tax) == (["invoice"], "name", "item")
    for bad in (
        {"who": "teams", "teams": "strangers"},
        {"who": "teams", "teams": ""},
        {"who": "nobody"},
        {"item_source": "x"},
    ):
        answer = browser.post(path, {**good, **bad})
        assert answer.status_code == 422, bad
        assert "hub-problem" in answer.text
    session().expire_all()
    assert installation.visible_to == {"who": "teams", "ids": ["sales"]}


def test_an_account_that_the_books_do_not_take_there_is_refused(browser: Browser, installation: Installation) -> None:
    path = f"/hub/installations/{installation.id}/accounts"
    assert browser.post(path, {"income_account": "4000"}).status_code == 303
    assert browser.post(path, {"income_account": "no such"}).status_code == 422


def test_pausing_testing_and_resuming(browser: Browser, installation: Installation) -> None:
    base = f"/hub/installations/{installation.id}"
    card = f"hub-card-{installation.id}"
    assert state_of(browser.post(f"{base}/pause", htmx=True).text, card) == "paused"
    assert browser.post(f"{base}/test").status_code == 409
    assert state_of(browser.post(f"{base}/resume", htmx=True).text, card) == "connected"
    before = checks()
    assert "every 2s" in browser.post(f"{base}/test", htmx=True).text, "The card follows until the answer is there."
    pump.deliver(installation.id)
    assert checks() == before + 1
    assert "every 2s" not in browser.get(f"{base}/card", htmx=True).text


def test_uninstalling_asks_first_and_keeps_the_history(browser: Browser, installation: Installation) -> None:
    path = f"/hub/installations/{installation.id}/uninstall"
    assert 'id="hub-uninstall"' in browser.get(path).text
    assert installation.credential is not None
    assert browser.post(path).status_code == 303
    session().expire_all()
    assert installation.state is InstallationState.REMOVED
    assert installation.credential is None
    assert browser.get(path).status_code == 404


# ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────

def test_the_dialog_is_a_fragment_for_htmx_and_a_whole_page_without(
    browser: Browser, installation: Installation
) -> None:
    fragment, page = browser.get("/hub/orders/1042/send", htmx=True), browser.get("/hub/orders/1042/send")
    assert fragment.text.lstrip().startswith("<dialog")
    assert page.text.lstrip().startswith("<!doctype html>")
    for text in (fragment.text, page.text):
        assert all(shown in text for shown in ("1042", "Pretend Books", "ABC Company", "118.50"))
    assert "HX-Request" in fragment.headers["Vary"]
    assert "HX-Request" in page.headers["Vary"]


def test_sending_turns_the_dialog_into_its_status_which_ends_in_the_books(
    browser: Browser, installation: Installation
) -> None:
    sent = browser.post("/hub/orders/1042/send", FORM, htmx=True)
    assert sent.status_code == 200
    assert state_of(sent.text, "hub-order-status") == "wait"
    assert "every 1s" in sent.text
    pump.deliver(installation.id)
    done = browser.get("/hub/orders/1042/status", htmx=True)
    assert state_of(done.text, "hub-order-status") == "good"
    assert "every 1s" not in done.text


def test_pressing_twice_sends_once(browser: Browser, installation: Installation, ledger: Ledger) -> None:
    browser.post("/hub/orders/1042/send", FORM, htmx=True)
    browser.post("/hub/orders/1042/send", FORM, htmx=True)
    pump.deliver(installation.id)
    browser.post("/hub/orders/1042/send", FORM, htmx=True)
    pump.deliver(installation.id)
    assert [one["number"] for one in ledger.invoices] == ["1042"]
    assert len(ledger.payments) == 1


@pytest.mark.parametrize("broken", ["total", "unmapped", "nothing ticked"])
def test_a_problem_stands_beside_the_field_that_cures_it_and_nothing_is_sent(
    browser: Browser, installation: Installation, desk: Desk, broken: str
) -> None:
    form = dict(FORM)
    if broken == "total":
        desk.orders["1042"] = replace(desk.orders["1042"], total=desk.orders["1042"].total + 1)
    elif broken == "unmapped":
        browser.post(f"/hub/installations/{installation.id}/accounts", {"income_account": ""})
    else:
        form["documents"] = ""
    answer = browser.post("/hub/orders/1042/send", form, htmx=True)
    assert answer.status_code == 422
    field = {"total": "lines", "unmapped": "income_account", "nothing ticked": "documents"}[broken]
    assert f'id="hub-problem-{field}"' in answer.text
    assert session().scalars(select(Delivery)).all() == []


def test_a_refusal_of_the_books_can_be_retried_or_cancelled(
    browser: Browser, installation: Installation, ledger: Ledger
) -> None:
    ledger.refuses = lambda payload: "That number is taken." if "invoices" in payload else ""
    browser.post("/hub/orders/1042/send", FORM)
    pump.deliver(installation.id)
    status = browser.get("/hub/orders/1042/status", htmx=True).text
    assert "That number is taken." in status
    invoice = session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one()
    ledger.refuses = lambda _: ""
    again = browser.post(f"/hub/deliveries/{invoice.id}/retry", {"order_id": "1042"}, htmx=True).text
    assert state_of(again, "hub-order-status") == "wait"
    pump.deliver(installation.id)
    assert [one["number"] for one in ledger.invoices] == ["1042"]
    assert browser.post(f"/hub/deliveries/{invoice.id}/cancel", {"order_id": "1042"}).status_code == 409


def test_hostile_names_are_shown_as_text(browser: Browser, installation: Installation, desk: Desk) -> None:
    name = "<script>alert(1)</script> 🎈 שלום"
    order = desk.orders["1042"]
    desk.orders["1042"] = replace(order, company=replace(order.company, name=name))
    text = browser.get("/hub/orders/1042/send").text
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 🎈 שלום" in text


def test_the_orders_list_takes_as_many_queries_for_many_orders_as_for_few(
    app: Flask, browser: Browser, installation: Installation, desk: Desk
) -> None:
    def queries(ids: list[str]) -> int:
        seen = count_queries(app)
        before = len(seen)
        assert browser.get("/hub/orders/status?" + "&".join(f"id={one}" for one in ids), htmx=True).status_code == 200
        return len(seen) - before

    numbers = [str(number) for number in range(3000, 3030)]
    for number in numbers:
        desk.copy_order(number)
        browser.post(f"/hub/orders/{number}/send", FORM)
    few = queries(numbers[:2])
    assert queries(numbers) == few


# ── Who may ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rep_gets_403_from_everything_that_is_an_admins(
    app: Flask, browser: Browser, installation: Installation, desk: Desk
) -> None:
    desk.permissions = {Permission.SEND, Permission.VIEW}
    for path in (
        "/hub/integrations",
        f"/hub/installations/{installation.id}/details",
        "/hub/authorized/pretend?state=x",
    ):
        assert browser.get(path).status_code == 403, path
    assert browser.get("/hub/orders/1042/send").status_code == 200
    assert browser.post(f"/hub/installations/{installation.id}/pause").status_code == 403


def test_visible_to_keeps_others_from_sending(browser: Browser, installation: Installation, desk: Desk) -> None:
    installation.visible_to = {"who": "users", "ids": ["ada"]}
    session().commit()
    assert browser.get("/hub/orders/1042/send").status_code == 200
    desk.signed_in = EVE
    assert browser.get("/hub/orders/1042/send").status_code == 403
    assert browser.post("/hub/orders/1042/send", FORM).status_code in {400, 403}
    assert session().scalars(select(Delivery)).all() == []


def test_who_is_not_signed_in_is_sent_to_sign_in(browser: Browser, desk: Desk) -> None:
    desk.signed_in = None
    page, fragment = browser.get("/hub/integrations"), browser.get("/hub/integrations", htmx=True)
    assert (page.status_code, page.headers["Location"]) == (302, "/login?next=/hub/integrations")
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/login?next=/hub/integrations")


def test_another_organizations_ids_look_as_if_they_did_not_exist(
    browser: Browser, installation: Installation, desk: Desk
) -> None:
    browser.post("/hub/orders/1042/send", FORM)
    delivery = session().scalars(select(Delivery)).first()
    assert delivery is not None
    desk.working_for = OTHER
    for theirs, nobodys in (
        (f"/hub/installations/{installation.id}/details", "/hub/installations/999/details"),
        (f"/hub/installations/{installation.id}/card", "/hub/installations/999/card"),
        ("/hub/orders/1042/send", "/hub/orders/999/send"),
        ("/hub/orders/1042/status", "/hub/orders/999/status"),
    ):
        first, second = browser.get(theirs), browser.get(nobodys)
        assert first.status_code == second.status_code == 404, theirs
        assert without_reference(first.text) == without_reference(second.text)
    with_token = browser.client
    page = browser.get("/hub/integrations").text
    token = unescape(re.search(r'name="csrf_token" value="([^"]+)"', page).group(1))  # type: ignore[union-attr]  # It is there.
    for number in (delivery.id, 999):
        for action in ("retry", "cancel"):
            assert with_token.post(f"/hub/deliveries/{number}/{action}", data={"csrf_token": token}).status_code == 404
    assert "1042" not in browser.get("/hub/orders/status?id=1042", htmx=True).text.replace(
        "hub-order-1042", ""
    ).replace("id=1042", "")


def test_every_unsafe_request_without_a_token_is_refused(
    app: Flask, browser: Browser, installation: Installation
) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        signed = rule.endpoint in {"hub.polling", "hub.webhook"}  # Machines, which say in other ways who they are.
        if rule.endpoint.startswith("hub.") and not signed and "POST" in (rule.methods or ()):
            values: dict[str, Any] = {
                "installation_id": 1, "order_id": "1042", "delivery_id": 1, "action": "pause", "key": "pretend",
                "company_id": "12", "step": "retry",
            }  # fmt: skip
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})
            assert browser.client.post(path).status_code == 400, path
            tried += 1
    assert tried >= 8
    session().expire_all()
    assert installation.state is InstallationState.CONNECTED


# ── What every page keeps ───────────────────────────────────────────────────────────────────────────────────────────


def test_every_page_is_under_a_strict_policy_and_does_without_inline_script_and_style(
    app: Flask, browser: Browser, installation: Installation
) -> None:
    browser.post("/hub/orders/1042/send", FORM)
    browser.post("/hub/orders/sent", {"id": "1042", "documents": "invoice", "within": "1"})
    shown = 0
    for rule in app.url_map.iter_rules():
        if (
            rule.endpoint.startswith("hub.")
            and "GET" in (rule.methods or ())
            and rule.endpoint not in {"hub.static", "hub.htmx"}
        ):
            values: dict[str, Any] = {"installation_id": 1, "order_id": "1042", "key": "pretend", "address": "none",
                                      "company_id": "12", "delivery_id": 1, "bundle_id": 1, "kind": "customer",
                                          "anything": "none"}  # fmt: skip
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})
            for htmx in (False, True):
                answer = browser.get(path, htmx=htmx)
                policy = answer.headers["Content-Security-Policy"]
                assert "unsafe" not in policy
                assert "script-src 'self'" in policy
                assert not re.search(
                    r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|hx-on|js:|hx-vals", answer.text
                ), path
                ids = re.findall(r'\sid="([^"]+)"', answer.text)
                assert len(ids) == len(set(ids)), path
                shown += 1
    assert shown >= 16


def test_a_bug_gives_a_reference_that_stands_in_the_log_and_no_trace(
    app: Flask, browser: Browser, installation: Installation, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.order = lambda *_: 1 / 0  # type: ignore[assignment, method-assign]  # A host with a bug.
    answer = browser.get("/hub/orders/1042/status")
    assert answer.status_code == 500
    reference = re.search(r"<code>(\w+)</code>", answer.text)
    assert reference is not None
    assert f"[{reference.group(1)}]" in caplog.text
    assert "ZeroDivisionError" not in answer.text


def test_htmx_comes_from_an_installed_package_and_may_be_kept(browser: Browser) -> None:
    answer = browser.get("/hub/htmx.js")
    assert answer.status_code == 200
    assert b"htmx" in answer.data[:2000]
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    answer.close()


def test_when_nothing_moves_the_page_says_so(browser: Browser, installation: Installation) -> None:
    browser.post("/hub/orders/1042/send", FORM)
    before = badge_texts(browser.get("/hub/orders/1042/status", htmx=True).text)
    for delivery in session().scalars(select(Delivery)):
        delivery.moved_at = delivery.due_at = now() - dt.timedelta(minutes=5)
    session().commit()
    after = badge_texts(browser.get("/hub/orders/1042/status", htmx=True).text)
    assert after[0] != before[0]
    assert {one.state for one in session().scalars(select(Delivery))} == {DeliveryState.QUEUED, DeliveryState.WAITING}


def test_an_account_that_is_only_suggested_is_not_called_missing_and_goes_along(
    browser: Browser, installation: Installation, ledger: Ledger
) -> None:
    browser.post(f"/hub/installations/{installation.id}/accounts", {"income_account": ""})
    dialog = browser.get("/hub/orders/1042/send", htmx=True).text
    assert "hub-problem" not in dialog
    chosen = re.search(r'name="account-income_account".*?value="(\w+)" selected', dialog, re.DOTALL)
    assert chosen is not None
    browser.post("/hub/orders/1042/send", {**FORM, "account-income_account": chosen.group(1)})
    pump.deliver(installation.id)
    assert [one["number"] for one in ledger.invoices] == ["1042"]
