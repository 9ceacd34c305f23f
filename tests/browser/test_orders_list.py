"""A rep ticks orders in the list and sends them together."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.support.processes import Person, Stack
from tests.support.screen import Screen, check_accessibility


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A desk that is connected to the books already."""
    running = Stack(tmp_path_factory.mktemp("many"))
    try:
        running.start_all()
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()


def test_a_rep_sends_a_page_of_orders_and_sees_where_each_is(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders")
    page.get_by_label("All on this page").check()
    page.get_by_label("Order 1075", exact=True).uncheck()
    page.get_by_role("button", name="Send to QuickBooks… (24)").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("16 of 24 orders are ready, 8 need a choice first.")
    expect(dialog.get_by_role("listitem").filter(has_text="1073")).to_contain_text("The order does not add up.")
    expect(dialog.get_by_role("listitem").filter(has_text="1078")).to_contain_text("Order 1078 is cancelled.")
    check_accessibility(page)
    dialog.get_by_role("button", name="Send 16").dblclick()
    expect(dialog.get_by_text("16 of 16 are in QuickBooks.")).to_be_visible(timeout=90_000)
    expect(dialog.get_by_role("link", name=re.compile("In QuickBooks as 1071"))).to_be_visible()
    check_accessibility(page)
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("button", name=re.compile("Send to QuickBooks"))).to_be_focused()
    expect(page.get_by_role("row").filter(has_text="1071")).to_contain_text("In QuickBooks as 1071")
    expect(page.get_by_label("Order 1071", exact=True)).not_to_be_checked()
    expect(page.get_by_label("Order 1073", exact=True)).to_be_checked()
    books = stack.books()
    assert (len(books["Invoice"]), len(books["CreditMemo"])) == (15, 1), "One of them gives money back."


def test_the_list_is_filtered_by_the_state_in_the_books(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders?books=posted")
    expect(page.get_by_role("row")).to_have_count(17)
    page.get_by_label("In the books").select_option("Not in the books")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row").filter(has_text="1073")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="1071")).to_have_count(0)
    check_accessibility(page)


def test_the_list_and_its_dialog_fit_a_phone(rep: Screen) -> None:
    page = rep.page
    page.set_viewport_size({"width": 360, "height": 800})
    rep.go("/orders")
    expect(page.get_by_role("row").filter(has_text="1071")).to_contain_text("In QuickBooks as 1071")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "also with states in it"
    rep.go("/orders?page=3")
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name=re.compile("Send to QuickBooks")).click()
    expect(page.get_by_role("dialog")).to_contain_text("orders are ready")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(page)


def test_who_closes_the_page_at_once_finds_all_of_it_sent_and_so_does_another(
    rep: Screen, admin: Screen, stack: Stack
) -> None:
    page = rep.page
    rep.go("/orders?page=2")
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name=re.compile("Send to QuickBooks")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("25 of 25 orders are ready")
    dialog.get_by_role("button", name="Send 25").click()
    expect(dialog).to_contain_text("Sent by Rex Rep")
    page.close()
    other = admin.page
    admin.go("/orders?page=2")
    expect(other.get_by_text("Rex Rep sent 25 orders together")).to_be_visible()
    other.get_by_role("link", name="How far they are").first.click()
    expect(other.get_by_text("25 of 25 are in QuickBooks.")).to_be_visible(timeout=90_000)
    check_accessibility(other)
    other.keyboard.press("Escape")
    expect(other.get_by_role("link", name="How far they are").first).to_be_focused()
    expect(other.get_by_text(re.compile("In QuickBooks as 10"))).to_have_count(25)
    check_accessibility(other)


def test_an_answer_that_gets_lost_is_asked_for_again_and_the_orders_are_sent_once(rep: Screen, stack: Stack) -> None:
    page = rep.page
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.fallback()
        lost.append(route.fetch().status)  # It has arrived there, and nothing comes back.
        return route.abort()

    page.route("**/hub/orders/sent", lose)
    rep.go("/orders?page=3")
    for order in ("1012", "1011"):
        page.get_by_label(f"Order {order}", exact=True).check()
    page.get_by_role("button", name="Send to QuickBooks… (2)").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send 2").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not saved yet")
    dialog.get_by_role("button", name="Retry").click()
    expect(dialog.get_by_text("2 of 2 are in QuickBooks.")).to_be_visible(timeout=60_000)
    assert lost == [200]
    rep.complaints.clear()  # Chromium complains of the connection.
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_text("Rex Rep sent 2 orders together")).to_have_count(1)
    assert {"1011", "1012"} <= {one["DocNumber"] for one in stack.books()["Invoice"]}


def test_from_the_list_to_the_books_by_keyboard(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders?page=3")
    expect(page.get_by_role("button", name="Send to QuickBooks…")).to_be_visible()
    for order in ("1020", "1019"):
        page.get_by_label(f"Order {order}", exact=True).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Send to QuickBooks… (2)").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Send 2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Close").last).to_be_focused()
    expect(dialog.get_by_text("2 of 2 are in QuickBooks.")).to_be_visible(timeout=60_000)
    expect(dialog.get_by_role("button", name="Close").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send to QuickBooks…")).to_be_focused()
    page.get_by_role("link", name="1018", exact=True).focus()
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    page.get_by_role("link", name="QB", exact=True).focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Send", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("In QuickBooks as 1018")).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="QB", exact=True)).to_be_focused()
    expect(page.get_by_text("In QuickBooks as 1018")).to_be_visible()
