"""The pages in a language that marks every word that went through the catalogue: what bears no mark was forgotten."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from hub.books import links
from hub.database import session
from hub.dispatch import pump
from hub.models import Delivery, Installation, Listing
from hub.orders import bundles
from hub.plugin import Fix, Integration, Problem, RecordKind, Ref, Rejected, Response, Unavailable, say
from hub.serialization import problems_of
from hub.states import InstallationState
from hub.translating import gettext, speak_language
from quickbooks_desktop import QuickBooksDesktop
from quickbooks_online import QuickBooksOnline
from tests.support.catalogue import EXTRACT, TOP, compiled, forgotten, speak
from tests.support.host import ADA, Desk
from tests.support.mail import Post, body, sweep
from tests.support.pages import FORM, Browser, problem_codes, state_of
from tests.support.pretend import Ledger, Pretend
from tests.support.send_many import progress

DATA = (
    "ABC Company", "Almond - 11 oz/Stoneware", "A7102", "Pretend Books", "Test Books", "Ada Admin", "Sales", "Pretend",
    "USD", "UTC", "Product number", "Product name", "ap@abc.test",
)  # fmt: skip
"""What is somebody's own: names, and what the host calls its fields."""

GONE = "“%(name)s” is gone since %(day)s."
TAKEN = "The number %(number)s is taken by “%(other)s” since %(day)s."
OWN = (
    TAKEN, GONE, "The ledger is busy.", "Put it right.", "Income account", "who are you", "look", "create customer",
    "create item", "create invoice", "receive payment",
)  # fmt: skip
"""What a plugin brings into the catalogue."""


def taken() -> Problem:
    return Problem(
        what=say(TAKEN, number="1042", other=say("Credit memo %(number)s", number="7"), day=dt.date(2027, 3, 3)),
        cure="Put it right.", fixes=(Fix.day(dt.date(2027, 3, 4)),),
    )  # fmt: skip


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The books refuse whatever is written."""

    def refuse(self: Pretend, reply: Response) -> None:
        raise Rejected(taken())

    monkeypatch.setattr(Pretend, "check_refusal", refuse)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("catalogue"), *OWN)


@pytest.fixture
def browser(app: Flask, catalogue: Path, installation: Installation) -> Iterator[Browser]:
    speak(app, catalogue)
    yield Browser(app)
    session().expire_all()


@pytest.mark.parametrize("path", [
    "/hub/integrations", "/hub/installations/1/details", "/hub/installations/1/accounts",
    "/hub/installations/1/activity", "/hub/installations/1/customers",
    "/hub/installations/1/uninstall", "/hub/orders/1042/send", "/hub/orders/1042/status", "/hub/orders/bar",
    "/hub/orders/send?id=1042", "/hub/companies/12", "/hub/nothing/there", "/hub/installations/1/authorize",
])  # fmt: skip
def test_every_word_of_a_page_went_through_the_catalogue(browser: Browser, path: str) -> None:
    assert forgotten(browser.get(path).text, DATA) == set()


def test_the_status_of_an_order_is_translated_on_its_whole_way(browser: Browser, ledger: Ledger) -> None:
    sent = browser.post("/hub/orders/1042/send", FORM, htmx=True).text
    assert state_of(sent, "hub-order-status") == "wait"
    assert forgotten(sent, DATA) == set()
    pump.deliver(1)
    done = browser.get("/hub/orders/1042/status", htmx=True).text
    assert state_of(done, "hub-order-status") == "good"
    assert re.search(r"⟦[^⟦⟧]*1042⟧", done), "The badge names the number."
    assert forgotten(done, DATA) == set()


def send(browser: Browser) -> None:
    browser.post("/hub/orders/1042/send", FORM, htmx=True)
    pump.deliver(1)


SAID = "⟦The number 1042 is taken by “⟦Credit memo 7⟧” since 03.03.2027.⟧"


@pytest.mark.usefixtures("refusing")
def test_what_a_plugin_says_is_translated_wherever_it_is_shown(browser: Browser) -> None:
    send(browser)
    for page in (
        browser.get("/hub/orders/1042/status", htmx=True).text, browser.get("/hub/installations/1/activity").text,
        browser.get("/hub/installations/1/activity/1").text,
    ):  # fmt: skip
        assert SAID in page
        assert "⟦Put it right.⟧" in page
        assert forgotten(page, DATA) == set()
    table = browser.get("/hub/installations/1/activity.csv").text
    assert SAID in table
    assert re.search(r"⟦[^⟦⟧]*ABC Company[^⟦⟧]*⟧", table)


@pytest.mark.usefixtures("refusing")
def test_an_offer_is_translated_and_still_taken(browser: Browser) -> None:
    send(browser)
    page = browser.get("/hub/orders/1042/status", htmx=True).text
    assert re.search(r'<button name="fix_value" value="2027-03-04">⟦[^⟦⟧]*04\.03\.2027⟧</button>', page)


@pytest.mark.usefixtures("refusing")
def test_a_stored_problem_is_the_problem_that_was_told(browser: Browser) -> None:
    send(browser)
    session().expire_all()
    (stored,) = problems_of(session().get_one(Delivery, 1).problems)
    assert stored == taken()
    assert re.fullmatch(r"The number 1042 is taken by “Credit memo 7” since [^%]*2027[^%]*", f"{stored.what}")
    assert gettext(stored.what) == SAID
    with speak_language("en"):
        assert gettext(stored.what) == "The number 1042 is taken by “Credit memo 7” since Mar 3, 2027."


@pytest.mark.usefixtures("refusing")
def test_a_mail_is_written_in_the_language_of_its_reader(browser: Browser, post: Post, desk: Desk) -> None:
    bob = replace(ADA, id="bob", name="Bob", email="bob@acme.test", locale="en")
    desk.users = lambda _: [ADA, bob]  # type: ignore[assignment, method-assign]
    send(browser)
    sweep()
    ours, english = sorted(post.mails, key=lambda mail: mail["To"])
    assert re.fullmatch(r"⟦[^⟦⟧]*2[^⟦⟧]*⟦Pretend Books \(Test Books\)⟧[^⟦⟧]*⟧", ours["Subject"])
    assert re.search(rf"⟦[^⟦⟧]*ABC Company[^⟦⟧]*⟧: {SAID} ⟦Put it right.⟧", body(ours, "plain"))
    assert forgotten(body(ours, "html"), DATA) == set()
    assert 'lang="de"' in body(ours, "html")
    assert "⟦" not in english["Subject"] + body(english, "plain") + body(english, "html")
    assert (ours["To"], english["To"]) == ("Ada Admin <ada@acme.test>", "Bob <bob@acme.test>")


def test_why_nothing_moves_is_translated_on_every_page_that_says_so(browser: Browser, ledger: Ledger) -> None:
    ledger.before = [Unavailable("The ledger is busy.")]
    send(browser)
    session().execute(update(Installation).values(resume_at=None))
    session().commit()
    for path in ("/hub/integrations", "/hub/installations/1/details", "/hub/orders/1042/status"):
        page = browser.get(path).text
        assert "⟦The ledger is busy.⟧" in page
        assert forgotten(page, DATA) == set()


def test_what_became_of_a_companys_entry_and_history_is_translated(browser: Browser, desk: Desk) -> None:
    links.link_company(1, RecordKind.CUSTOMER, "12", Ref(id="c1", name="ABC Company"), "Ada Admin")
    link = links.find_link(1, RecordKind.CUSTOMER, "12")
    assert link is not None
    link.note = say(GONE, name="ABC", day=dt.date(2027, 3, 3))
    session().add(Listing(installation_id=1, kind="invoice", loading=False, problem="The ledger is busy."))
    session().commit()
    page = browser.get("/hub/companies/12").text
    assert "⟦“ABC” is gone since 03.03.2027.⟧" in page
    assert "⟦The ledger is busy.⟧" in page
    assert forgotten(page, DATA) == set()


def test_what_is_wrong_with_an_order_is_translated_in_the_dialog_and_in_bulk(browser: Browser, desk: Desk) -> None:
    desk.copy_order("7", currency="EUR", total=Decimal("219.50"))
    for page in (browser.get("/hub/orders/7/send").text, browser.get("/hub/orders/send?id=7").text):
        assert problem_codes(page)[0] == "does-not-add-up"
        assert forgotten(page, (*DATA, "EUR")) == set()
    page = browser.get("/hub/orders/7/send").text
    assert "currency-differs" in problem_codes(page)
    assert re.search(r"⟦[^⟦⟧]*EUR[^⟦⟧]*USD[^⟦⟧]*⟧", page)


@pytest.mark.parametrize("path", [
    "/hub/orders/9/send", "/hub/installations/9/details", "/hub/installations/1/activity/9", "/hub/companies/99",
])  # fmt: skip
def test_an_error_is_translated(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert forgotten(answer.text, DATA) == set()


@pytest.mark.parametrize("integration", [QuickBooksOnline(), QuickBooksDesktop()], ids=lambda one: one.key)
@pytest.mark.parametrize("tab", ["details", "accounts"])
def test_what_the_shipped_plugins_declare_is_translated(
    app: Flask, catalogue: Path, integration: Integration, tab: str
) -> None:
    app.extensions["hub"].integrations = {integration.key: integration}
    installed = Installation(
        organization_id="acme", integration=integration.key, installed_by="Ada Admin", books_name="Test Books",
        state=InstallationState.CONNECTED,
    )  # fmt: skip
    session().add(installed)
    session().commit()
    speak(app, catalogue)
    page = Browser(app).get(f"/hub/installations/{installed.id}/{tab}").text
    assert "⟦" in page
    assert forgotten(page, (*DATA, integration.label, "QuickBooks")) == set()


@pytest.mark.usefixtures("refusing")
def test_the_summary_of_what_was_sent_together_is_translated(browser: Browser, desk: Desk) -> None:
    desk.orders["1043"] = replace(desk.copy_order("1043"), total=Decimal(1))
    shown = browser.post("/hub/orders/sent", {"id": ["1042", "1043"], "documents": "invoice", "within": "1"}, htmx=True)
    assert progress(shown.text)["queued"] == 0
    assert forgotten(shown.text + browser.get("/hub/orders/bar").text, DATA) == set()
    bundles.send_bundle(1)
    pump.deliver(1)
    done = browser.get("/hub/orders/sent/1", htmx=True).text
    assert progress(done) == {"total": 2, "queued": 2, "good": 0, "bad": 2}
    assert problem_codes(done) == ["does-not-add-up"]
    assert SAID in done
    assert forgotten(done, DATA) == set()


def test_the_command_of_the_docs_is_the_one_that_made_this_catalogue() -> None:
    command = " ".join(("pybabel", *EXTRACT, "messages.pot", "."))
    assert command in (TOP / "docs" / "hosts.md").read_text()
    assert command in (TOP / "babel.cfg").read_text()


def test_without_babel_the_pages_speak_english(app: Flask, installation: Installation) -> None:
    page = Browser(app).get("/hub/integrations").text
    assert "⟦" not in page
    assert f'action="/hub/installations/{installation.id}/test"' in page
