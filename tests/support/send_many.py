"""Send many orders at once, on the pretend ledger."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from hub import queue
from hub.orders import bundles
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
    """Press Send. Return the address of what came of it."""
    answer = browser.post("/hub/orders/sent", form(ids, **more))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def work() -> None:
    """Do what a worker does when it is woken, or when the sweep wakes it."""
    for bundle_id in bundles.find_due_bundles():
        bundles.send_bundle(bundle_id)


class Killed(BaseException):
    """A worker that is killed. None of its own code runs any more."""


def queue_first_part(bundle_id: int) -> None:
    """Queue the first orders of a bundle, as a worker does that is killed right after it has committed them."""

    def commit_and_die() -> None:
        queue.commit()
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "commit", commit_and_die)
        with pytest.raises(Killed):
            bundles.send_bundle(bundle_id)


def die_before_commit(bundle_id: int) -> None:
    """Queue the next orders of a bundle, as a worker does that is killed right before it commits them."""

    def die() -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "commit", die)
        with pytest.raises(Killed):
            bundles.send_bundle(bundle_id)
    queue.rollback()


def progress(page: str) -> dict[str, int]:
    """Return the counts on the page that follows orders: total, queued, good, bad."""
    shown = re.search(r'<div id="hub-many"([^>]*)', page)
    assert shown, page
    return {name: int(count) for name, count in re.findall(r'data-(\w+)="(\d+)"', shown.group(1))}


def send_all(browser: Browser, ids: list[str]) -> str:
    """Press Send, and let a worker see to it. Return the page that says what came of it."""
    address = press(browser, ids)
    work()
    return browser.get(address).text
