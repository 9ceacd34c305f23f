"""A dialog that is longer than the screen opens at its beginning and never covers what has the focus."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from hub.models import Installation
from tests.support.host import Desk
from tests.support.labels import SEND
from tests.support.screen import check_accessibility, shown

COVERED = """() => {
    const focused = document.activeElement, box = focused.getBoundingClientRect();
    const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return focused.contains(there) || there.contains(focused) ? "" : focused.outerHTML;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_long_sheet_opens_at_its_beginning_and_covers_no_focus(
    app: Flask, installation: Installation, desk: Desk, chromium: Browser, scheme: str
) -> None:
    order = desk.orders["1042"]
    vendors = [dataclasses.replace(order.company, id=f"s{n}", name=f"Vendor {n}") for n in range(4)]
    lines = tuple(dataclasses.replace(order.lines[0], vendor=one, cost=order.lines[0].price) for one in vendors)
    desk.copy_order("1042", lines=lines, total=order.lines[0].amount * 4 - order.discount)
    installation.documents = ["invoice", "bill", "purchase_order"]
    from hub.queue import commit

    commit()
    with shown(app, chromium, "/hub/integrations") as page:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": 390, "height": 560})
        page.evaluate("htmx.ajax('GET', '/hub/orders/1042/send', {target: '#hub-dialog', swap: 'innerHTML'})")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name=SEND, exact=True)).to_be_focused()
        assert dialog.evaluate("dialog => [dialog.scrollTop, dialog.scrollHeight > dialog.clientHeight]") == [0, True]
        expect(dialog.get_by_role("button", name=SEND, exact=True)).to_be_in_viewport()
        check_accessibility(page)
        for _ in range(20):
            page.keyboard.press("Shift+Tab")
            assert page.evaluate(COVERED) == ""
        for _ in range(20):
            page.keyboard.press("Tab")
            assert page.evaluate(COVERED) == ""
