"""The pages in a language that marks every word that went through the catalogue: what bears no mark was forgotten."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel
from lxml import html

from hub.database import session
from hub.models import Installation
from hub.services.carrying import carrying
from hub.services.sending import bundling
from tests.hub.conftest import Desk
from tests.hub.ledger import Ledger
from tests.hub.test_web import FORM, Browser

TOP = Path(__file__).parent.parent.parent

DATA = (
    "ABC Company", "Almond - 11 oz/Stoneware", "A7102", "Pretend Books", "Test Books", "Ada Admin", "Sales", "Pretend",
    "Income account", "USD", "UTC", "In QuickBooks", "Product number", "Product name", "invoices", "who are you",
    "ap@abc.test",
)  # fmt: skip
"""What the host, the books and the plugin say in their own words."""

SAID = re.compile(r"(Connected to|Invoice|Payment|New customer|New item|Purchase order|Bill)\b[^⟦]*", re.ASCII)
"""What a delivery is called is written once, when it is sent, and kept as it was."""

TECHNICAL = ("pre", "code", "script", "style", "time")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Extracted by the command of docs/hosts.md, and translated into itself between marks."""
    folder = tmp_path_factory.mktemp("catalogue")
    pot = folder / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "extract", "-F", "babel.cfg", "-k", "N_", "-o"]
    subprocess.run([*command, str(pot), "."], cwd=TOP, check=True, capture_output=True)
    with pot.open("rb") as file:
        messages = read_po(file, locale="eo")
    for message in messages:
        if message.id:
            marked = [f"⟦{one}⟧" for one in (message.id if isinstance(message.id, tuple) else (message.id,))]
            message.string = tuple(marked) if isinstance(message.id, tuple) else marked[0]
    compiled = folder / "eo" / "LC_MESSAGES" / "messages.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, messages)
    return folder


@pytest.fixture
def browser(app: Flask, catalogue: Path, installation: Installation) -> Iterator[Browser]:
    app.config.update(BABEL_DEFAULT_LOCALE="eo", BABEL_TRANSLATION_DIRECTORIES=str(catalogue))
    Babel(app)
    yield Browser(app)
    session().expire_all()


def forgotten(page: str) -> set[str]:
    """The words of a page that did not go through the catalogue."""
    tree = html.fromstring(page)
    texts = [
        text
        for element in tree.iter()
        if isinstance(element.tag, str) and not any(up.tag in TECHNICAL for up in (element, *element.iterancestors()))
        for text in (element.text, element.get("aria-label"), element.get("placeholder"), element.get("title"))
        if text
    ] + [one.tail for one in tree.iter() if one.tail]
    left = set()
    for text in texts:
        rest = re.sub(r"⟦[^⟦⟧]*⟧", "", text)
        while "⟦" in rest and rest != (rest := re.sub(r"⟦[^⟦⟧]*⟧", "", rest)):
            pass
        for known in DATA:
            rest = rest.replace(known, "")
        rest = SAID.sub("", rest)
        if re.search(r"[A-Za-z]{2,}", rest):
            left.add(" ".join(unescape(rest).split()))
    return left


@pytest.mark.parametrize("path", [
    "/hub/integrations", "/hub/installations/1/details", "/hub/installations/1/accounts",
    "/hub/installations/1/activity", "/hub/installations/1/customers",
    "/hub/installations/1/uninstall", "/hub/orders/1042/send", "/hub/orders/1042/status", "/hub/orders/bar",
    "/hub/orders/send?id=1042", "/hub/companies/12", "/hub/nothing/there", "/hub/installations/1/authorize",
])  # fmt: skip
def test_every_word_of_a_page_went_through_the_catalogue(browser: Browser, path: str) -> None:
    assert forgotten(browser.get(path).text.replace("<title>", "<title hidden>")) == set()


def test_the_status_of_an_order_is_translated_on_its_whole_way(browser: Browser, ledger: Ledger) -> None:
    sent = browser.post("/hub/orders/1042/send", FORM, htmx=True).text
    assert "⟦Queued⟧" in sent
    assert forgotten(sent) == set()
    carrying.carry(1)
    done = browser.get("/hub/orders/1042/status", htmx=True).text
    assert "⟦In Pretend as 1042⟧" in done
    assert forgotten(done) == set()


def test_the_summary_of_what_was_sent_together_is_translated(browser: Browser, desk: Desk) -> None:
    desk.orders["1043"] = replace(desk.copy_order("1043"), total=Decimal(1))
    shown = browser.post("/hub/orders/sent", {"id": ["1042", "1043"], "documents": "invoice", "within": "1"}, htmx=True)
    assert "0 of 2 are queued." in shown.text
    assert forgotten(shown.text + browser.get("/hub/orders/bar").text) == set()
    bundling.send(1)
    carrying.carry(1)
    done = browser.get("/hub/orders/sent/1", htmx=True).text
    assert "⟦Not sent⟧" in done
    assert forgotten(done) <= {"The order does not add up.", "Correct the order, then send it."}


def test_without_babel_the_pages_speak_english(app: Flask, installation: Installation) -> None:
    page = Browser(app).get("/hub/integrations").text
    assert "⟦" not in page
    assert "Test connection" in page
