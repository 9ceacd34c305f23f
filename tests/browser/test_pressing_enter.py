"""The Enter key in a field of the send dialog presses Send, in a real browser, whichever buttons stand above it."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from hub.database import session
from hub.models import Delivery, Installation
from tests.support.screen import shown


def test_enter_in_a_field_presses_send_and_not_an_offer_above_it(
    app: Flask, closed: Installation, chromium: Browser
) -> None:
    with shown(app, chromium, "/hub/orders/1042/send") as page:
        day = page.locator("input[name=fix-date]")
        expect(page.locator("button[name=apply_fix][value$='=2026-11-16']").first).to_be_visible()
        day.focus()
        with page.expect_response("**/send") as refused:
            page.keyboard.press("Enter")
        assert refused.value.status == 422
        expect(day).to_have_value("")
        day.fill("2026-11-20")
        with page.expect_response("**/send") as answer:
            page.keyboard.press("Enter")
        assert answer.value.ok
        expect(page.locator(".hub-status [data-state='wait']").first).to_be_visible()
    session().expire_all()
    assert session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one().subject["date"] == "2026-11-20"
