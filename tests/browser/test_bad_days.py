"""Sending on a bad day, in a real browser: double clicks, dropped connections, expired sessions, hostile names, and no
worker."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.labels import RETRY, SEND
from tests.support.people import ADMIN, REP
from tests.support.processes import Stack
from tests.support.screen import SLOW, OpenScreen, Screen, check_accessibility, expect_posted


@pytest.fixture(scope="module")
def stack(connected_stack: Stack) -> Stack:
    return connected_stack


def test_a_double_click_on_send_sends_once(rep: Screen, stack: Stack) -> None:
    dialog = rep.open_order("1042")
    dialog.get_by_role("button", name=SEND, exact=True).dblclick()
    expect_posted(dialog, "1042")
    assert [one["DocNumber"] for one in stack.books()["Invoice"]] == ["1042"]


def test_two_reps_who_send_one_order_both_see_it_arrive_once(open_screen: OpenScreen, stack: Stack) -> None:
    dialogs = [open_screen(email).open_order("1041") for email in (REP, ADMIN)]
    buttons = [dialog.get_by_role("button", name=SEND, exact=True) for dialog in dialogs]
    for button in buttons:
        expect(button).to_be_visible()
    for button in buttons:
        button.click(no_wait_after=True)
    for dialog in dialogs:
        expect_posted(dialog, "1041")
    assert [one["DocNumber"] for one in stack.books()["Invoice"]].count("1041") == 1


def test_a_dropped_connection_is_reported_at_the_form_and_can_be_retried(rep: Screen) -> None:
    dialog = rep.open_order("1040")
    expect(dialog.get_by_role("button", name=SEND, exact=True)).to_be_visible()
    rep.context.set_offline(True)
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect(dialog.locator("form > .hub-unsaved[role=alert]")).to_be_visible()
    check_accessibility(rep.page)
    rep.context.set_offline(False)
    dialog.get_by_role("button", name=RETRY).click()
    expect_posted(dialog, "1040")
    rep.forget_failed_requests()


def test_a_session_that_ended_leads_to_the_sign_in_and_back(rep: Screen) -> None:
    dialog = rep.open_order("1039")
    expect(dialog.get_by_role("button", name=SEND, exact=True)).to_be_visible()
    rep.context.clear_cookies()
    dialog.get_by_role("button", name=SEND, exact=True).click()
    rep.page.wait_for_url(re.compile("/login"))
    rep.sign_in(REP, path="")
    rep.page.wait_for_url("**/orders/1039")
    rep.forget_failed_requests()


def test_a_refusal_opens_above_the_dialog_and_leaves_it_as_it_was(rep: Screen) -> None:
    rep.open_order("1039")
    dialog = rep.page.locator("#hub-send")
    send = dialog.get_by_role("button", name=SEND, exact=True)
    rep.page.evaluate("document.querySelector('meta[name=hub-csrf]').content = ''")
    dialog.locator("input[name=csrf_token]").first.evaluate("one => one.value = 'old'")
    with rep.page.expect_response("**/send") as refused:
        send.click()
    assert refused.value.status == 422
    problem = rep.page.locator("#hub-problem")
    expect(problem.get_by_role("alert")).not_to_be_empty()
    check_accessibility(rep.page)
    rep.page.keyboard.press("Escape")
    expect(problem).to_have_count(0)
    expect(send).to_be_focused()
    rep.forget_failed_requests()


def test_a_name_that_is_markup_stays_a_name(rep: Screen) -> None:
    rep.page.on("dialog", lambda _: pytest.fail("A name was run as script."))
    dialog = rep.open_order("1065")
    send = dialog.get_by_role("button", name=SEND, exact=True)
    expect(send).to_be_visible()
    check_accessibility(rep.page)
    send.click()
    expect_posted(dialog, "1065")
    check_accessibility(rep.page)


@pytest.mark.parametrize("order", ["1066", "1067"], ids=["emoji", "right to left"])
def test_a_name_in_letters_that_the_books_cannot_keep_is_told_before_sending(rep: Screen, order: str) -> None:
    dialog = rep.open_order(order)
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect(dialog.locator("[data-code$='characters']").first).to_be_visible()
    check_accessibility(rep.page)


def test_without_redis_and_workers_sending_still_queues_and_arrives_later(rep: Screen, stack: Stack) -> None:
    for name in (*stack.workers, "scheduler", "redis"):
        stack.kill(name)
    dialog = rep.open_order("1038")
    dialog.get_by_role("button", name=SEND, exact=True).click()
    line = dialog.locator(".hub-status [data-state='wait'] .hub-badge").first
    expect(line).to_be_visible()
    said = line.inner_text()
    expect(line).not_to_have_text(said, timeout=SLOW)  # After HUB_STUCK_SECONDS it reports that no worker is there.
    check_accessibility(rep.page)
    stack.restart_ended("redis", *stack.workers, "scheduler")
    expect_posted(dialog, "1038")
