"""A rep ticks orders in the list and sends them together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.labels import ALL_ON_PAGE, CLOSE, QB, RETRY, SEND, SEND_MANY
from tests.support.processes import Stack
from tests.support.screen import PHONE, SLOW, Screen, check_accessibility, check_fits, expect_posted


@pytest.fixture(scope="module")
def stack(connected_stack: Stack) -> Stack:
    return connected_stack


def send_button(page: Page, ticked: int = 0) -> Locator:
    """Locate the button above the list, which opens the dialog, by the number of ticked orders that it shows."""
    button = page.locator("#hub-send-many").get_by_role("button", name=SEND_MANY)
    return button.filter(has_text=f"({ticked})") if ticked else button


def tick(page: Page, *orders: str) -> None:
    for order in orders:
        page.locator(f"input[name=id][value='{order}']").check()


def expect_all_posted(place: Page | Locator, total: int) -> None:
    """Wait until all the orders that were sent together are in the books."""
    expect(place.locator(f"#hub-many[data-good='{total}'][data-total='{total}']")).to_be_visible(timeout=SLOW)


def posted(page: Page, order: str = "") -> Locator:
    """Locate the state of an order in the list, or of all of them, that says that it is in the books."""
    return page.locator(f"#hub-order-{order} .hub-good" if order else "td.state .hub-good")


def test_a_rep_sends_a_page_of_orders_and_sees_where_each_is(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders")
    page.get_by_label(ALL_ON_PAGE).check()
    page.locator("input[name=id][value='1075']").uncheck()
    send_button(page, 24).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#hub-many[data-ready='14'][data-choice='10'][data-done='0']")).to_be_visible()
    for order, code in (("1073", "does-not-add-up"), ("1078", "order-cancelled")):
        expect(dialog.get_by_role("listitem").filter(has_text=order).locator(f"[data-code='{code}']")).to_be_visible()
    check_accessibility(page)
    dialog.get_by_role("button", name=f"{SEND} 14").dblclick()
    expect_all_posted(dialog, 14)
    expect(dialog.locator("li:has(#hub-many-1071) a.hub-good")).to_contain_text("1071")
    check_accessibility(page)
    dialog.get_by_role("button", name=CLOSE).last.click()
    expect(send_button(page)).to_be_focused()
    expect(posted(page, "1071")).to_contain_text("1071")
    expect(page.locator("input[name=id][value='1071']")).not_to_be_checked()
    expect(page.locator("input[name=id][value='1073']")).to_be_checked()
    books = stack.books()
    assert (len(books["Invoice"]), len(books["CreditMemo"])) == (13, 1), "One of them gives money back."


def test_the_list_is_filtered_by_the_state_in_the_books(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders?books=posted")
    expect(page.locator("td.state")).to_have_count(14)
    page.locator("#books").select_option("unsent")
    page.get_by_role("search").get_by_role("button").click()
    expect(page.locator("#hub-order-1073")).to_have_count(1)
    expect(page.locator("#hub-order-1071")).to_have_count(0)
    check_accessibility(page)


def test_the_list_and_its_dialog_fit_a_phone(rep: Screen) -> None:
    page = rep.page
    page.set_viewport_size(PHONE)
    rep.go("/orders")
    expect(posted(page, "1071")).to_be_visible()
    check_fits(page)
    rep.go("/orders?page=3")
    page.get_by_label(ALL_ON_PAGE).check()
    send_button(page).click()
    expect(page.get_by_role("dialog").locator("#hub-many[data-ready]")).to_be_visible()
    check_fits(page)
    check_accessibility(page)


def test_orders_go_on_after_their_page_is_closed_and_a_colleague_follows_them(rep: Screen, admin: Screen) -> None:
    rep.go("/orders?page=2")
    rep.page.get_by_label(ALL_ON_PAGE).check()
    send_button(rep.page).click()
    dialog = rep.page.get_by_role("dialog")
    expect(dialog.locator("#hub-many[data-ready='25']")).to_be_visible()
    dialog.get_by_role("button", name=f"{SEND} 25").click()
    expect(dialog.locator("#hub-many[data-total='25']")).to_contain_text("Rex Rep")
    rep.page.close()
    page = admin.page
    admin.go("/orders?page=2")
    sent = page.locator("#hub-orders-sent li[data-total='25']").filter(has_text="Rex Rep")
    sent.get_by_role("link").click()
    expect_all_posted(page, 25)
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(sent.get_by_role("link")).to_be_focused()
    expect(posted(page)).to_have_count(25)
    check_accessibility(page)


def test_an_answer_that_gets_lost_is_asked_for_again_and_the_orders_are_sent_once(rep: Screen, stack: Stack) -> None:
    page = rep.page
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.fallback()
        lost.append(route.fetch().status)  # The hub gets the request, and the browser gets no answer.
        return route.abort()

    page.route("**/hub/orders/sent", lose)
    rep.go("/orders?page=3")
    expect(send_button(page)).to_be_visible()
    tick(page, "1012", "1011")
    send_button(page, 2).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=f"{SEND} 2").click()
    expect(dialog.locator(".hub-unsaved[role=alert]")).to_be_visible()
    dialog.get_by_role("button", name=RETRY).click()
    expect_all_posted(dialog, 2)
    assert lost == [200]
    rep.forget_failed_requests()
    dialog.get_by_role("button", name=CLOSE).last.click()
    expect(page.locator("#hub-orders-sent li[data-total='2']").filter(has_text="Rex Rep")).to_have_count(1)
    assert {"1011", "1012"} <= {one["DocNumber"] for one in stack.books()["Invoice"]}


def test_from_the_list_to_the_books_by_keyboard(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders?page=3")
    expect(send_button(page)).to_be_visible()
    for order in ("1020", "1019"):
        page.locator(f"input[name=id][value='{order}']").focus()
        page.keyboard.press("Space")
    send_button(page, 2).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=f"{SEND} 2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name=CLOSE).last).to_be_focused()
    expect_all_posted(dialog, 2)
    expect(dialog.get_by_role("button", name=CLOSE).last).to_be_focused()
    page.keyboard.press("Enter")
    expect(send_button(page)).to_be_focused()
    page.get_by_role("link", name="1018", exact=True).focus()
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    page.get_by_role("link", name=QB, exact=True).focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name=SEND, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect_posted(dialog, "1018")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name=QB, exact=True)).to_be_focused()
    expect_posted(page, "1018")
