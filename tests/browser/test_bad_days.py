"""Bad days in a real browser: double clicks, dropped connections, ended sessions, nobody at work, names that hurt."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.processes import Person, Stack
from tests.support.screen import Screen, check_accessibility, screen


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A desk that is connected to the books already."""
    running = Stack(tmp_path_factory.mktemp("bad"), {"HUB_STUCK_SECONDS": "3"})
    try:
        running.start_all(workers=1)
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()


@pytest.fixture
def rep(chromium: Browser, stack: Stack) -> Iterator[Screen]:
    """Here the browser may complain: of what went wrong."""
    found = screen(chromium, stack, "rep@demo.test")
    rep = next(found)
    yield rep
    assert not [one for one in rep.complaints if "Content Security Policy" in one or "TypeError" in one]
    rep.complaints.clear()
    next(found, None)


def test_a_double_click_on_send_sends_once(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send", exact=True).dblclick()
    expect(dialog.get_by_text("In QuickBooks as 1042")).to_be_visible(timeout=60_000)
    assert [one["DocNumber"] for one in stack.books()["Invoice"]] == ["1042"]


def test_two_reps_who_send_one_order_both_see_it_arrive_once(rep: Screen, chromium: Browser, stack: Stack) -> None:
    other = screen(chromium, stack, "admin@demo.test")
    both = [rep, next(other)]
    for one in both:
        one.go("/orders/1041")
        one.page.get_by_role("link", name="QB", exact=True).click()
        expect(one.page.get_by_role("dialog")).to_contain_text("Send order 1041")
    for one in both:
        one.page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click(no_wait_after=True)
    for one in both:
        expect(one.page.get_by_role("dialog").get_by_text("In QuickBooks as 1041")).to_be_visible(timeout=60_000)
    assert [one["DocNumber"] for one in stack.books()["Invoice"]].count("1041") == 1
    next(other, None)


def test_a_dropped_connection_is_said_at_the_control_and_tried_again(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders/1040")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Send order 1040")
    rep.context.set_offline(True)
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not saved yet")
    check_accessibility(page)
    rep.context.set_offline(False)
    dialog.get_by_role("button", name="Retry").click()
    expect(dialog.get_by_text("In QuickBooks as 1040")).to_be_visible(timeout=60_000)


def test_a_session_that_ended_while_the_dialog_was_open_leads_to_the_sign_in_and_back(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders/1039")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Send order 1039")
    rep.context.clear_cookies()
    dialog.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(re.compile("/login"))
    page.get_by_label("E-mail").fill("rep@demo.test")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/orders/1039")


def test_a_problem_comes_over_the_dialog_and_leaves_it_as_it_was(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders/1039")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.locator("#hub-send")
    send = dialog.get_by_role("button", name="Send", exact=True)
    page.evaluate("document.querySelector('meta[name=hub-csrf]').content = ''")
    dialog.locator("input[name=csrf_token]").first.evaluate("one => one.value = 'old'")
    send.click()
    problem = page.locator("#hub-problem")
    expect(problem).to_contain_text("open for too long")
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(problem).to_have_count(0)
    expect(send).to_be_focused()


@pytest.mark.parametrize("order", ["1065", "1066", "1067"])
def test_names_of_script_emoji_and_right_to_left_stay_names(rep: Screen, order: str) -> None:
    page = rep.page
    page.on("dialog", lambda _: pytest.fail("A name was run as script."))
    rep.go(f"/orders/{order}")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Send order {order}")
    check_accessibility(page)
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text(f"In QuickBooks as {order}")).to_be_visible(timeout=60_000)
    check_accessibility(page)


def test_without_redis_and_workers_sending_still_queues_and_goes_out_later(rep: Screen, stack: Stack) -> None:
    page = rep.page
    for name in ("worker-0", "scheduler", "redis"):
        stack.kill(name)
    rep.go("/orders/1038")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text(re.compile("Nothing moves at present")).first).to_be_visible(timeout=60_000)
    check_accessibility(page)
    stack.start_redis()
    stack.start_worker(0)
    stack.start("scheduler", "flask", "--app", "wsgi", "hub", "scheduler")
    expect(dialog.get_by_text("In QuickBooks as 1038")).to_be_visible(timeout=120_000)
