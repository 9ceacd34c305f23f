"""Send many orders at once, on the pretend ledger."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from hub.services.sending import bundling
from tests.support.host import Desk
from tests.support.pages import Browser

FEW = [str(number) for number in range(3000, 3003)]


SOME = [str(number) for number in range(3000, 3030)]


MANY = [str(number) for number in range(3000, 3200)]


@pytest.fixture
def orders(desk: Desk) -> Desk:
    """Two hundred orders more, each of a company of its own."""
    for number in MANY:
        order = desk.copy_order(number)
        desk.orders[number] = replace(order, company=replace(order.company, id=f"c{number}", name=f"Company {number}"))
    return desk


def form(ids: list[str], **more: Any) -> dict[str, Any]:
    return {"id": ids, "within": "1", "documents": "invoice", **more}


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


def text(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def press(browser: Browser, ids: list[str], **more: Any) -> str:
    """Press Send; gives the address of what came of it."""
    answer = browser.post("/hub/orders/sent", form(ids, **more))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def work() -> None:
    """What a worker does who is woken, or whom the sweep wakes."""
    for bundle_id in bundling.due():
        bundling.send(bundle_id)


def send_all(browser: Browser, ids: list[str]) -> str:
    """Press Send, and let a worker see to it; gives the page that says what came of it."""
    address = press(browser, ids)
    work()
    return browser.get(address).text
