"""The send dialog of an order with several vendors: what is chosen in it, previewed, and found in the books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from lxml import html

from hub.database import session
from hub.dispatch import pump
from hub.host import Company, User
from hub.models import Installation
from hub.states import DeliveryState
from sandbox.online import Running
from tests.support.desktop import states
from tests.support.host import Desk, order_1042
from tests.support.pages import Browser, statements

ACME_SUPPLY, SECOND = Company(id="s1", name="Acme Vendor"), Company(id="s2", name="Second Vendor")


def words(tree: Any) -> str:
    """What stands on a page, with one space between any two words."""
    return " ".join(" ".join(tree.itertext()).split())


class Dialog:
    """The form of the dialog, filled in as in a browser."""

    def __init__(self, browser: Browser, order_id: str = "1042") -> None:
        self.browser, self.path = browser, f"/hub/orders/{order_id}/send"
        self.read(browser.get(f"{self.path}?again=1", htmx=True).text)

    def read(self, page: str) -> None:
        self.tree = html.fromstring(page)
        self.text = words(self.tree)
        if self.tree.forms:
            self.fields = [(name, value) for name, value in self.tree.forms[0].form_values() if name != "csrf_token"]

    def tick(self, *values: str) -> None:
        self.fields += [("documents", value) for value in values]

    def untick(self, value: str) -> None:
        self.fields.remove(("documents", value))

    def fill(self, name: str, value: str) -> None:
        self.fields = [(one, was) for one, was in self.fields if one != name] + [(name, value)]

    def chosen(self, name: str) -> str:
        """Return the value of the chosen option of a list."""
        return str(self._chosen(name).get("value"))

    def label(self, name: str) -> str:
        return str(self._chosen(name).text_content()).strip()

    def _chosen(self, name: str) -> Any:
        (select,) = self.tree.xpath("//select[@name=$name]", name=name)
        (option,) = [one for one in select.iter("option") if one.get("selected") is not None]
        return option

    def option(self, name: str, label: str) -> str:
        (found,) = self.tree.xpath("//select[@name=$name]/option[normalize-space()=$label]/@value",
                                   name=name, label=label)  # fmt: skip
        return str(found)

    def post(self, path: str = "") -> str:
        form: dict[str, Any] = {}
        for name, value in self.fields:
            form.setdefault(name, []).append(value)
        page: str = self.browser.post(path or self.path, form, htmx=True).text
        return page

    def send(self) -> None:
        self.read(self.post())

    def problem(self, mark: str) -> str:
        """Return the code of the problem at a field, empty if there is none."""
        found = self.tree.xpath("//*[@id=$id]", id=f"hub-problem-{mark}")
        return str(found[0].get("data-code")) if found else ""


@pytest.fixture
def dialog(app: Flask, desk: Desk, online: Installation) -> Iterator[Dialog]:
    """Order 1042, bought from two vendors, one line each, with all documents allowed."""
    online.documents = ["invoice", "bill", "purchase_order", "credit_memo"]
    session().commit()
    line = order_1042().lines[0]
    desk.orders["1042"] = replace(
        order_1042(),
        lines=(
            replace(line, quantity=Decimal(60), amount=Decimal("138.00"), cost=Decimal("1.10"), vendor=ACME_SUPPLY),
            replace(line, quantity=Decimal(40), amount=Decimal("92.00"), cost=Decimal("1.90"), vendor=SECOND),
        ),
        bill_numbers={"s2": "S-77"},
    )
    yield Dialog(Browser(app))
    session().expire_all()


def test_what_is_chosen_for_each_vendor_is_what_the_books_get(dialog: Dialog, books: Running) -> None:
    assert {dialog.chosen(name) for name in ("customer", "vendor-s1", "vendor-s2")} == {"new"}
    assert ("fix-bill/s2:number", "S-77") in dialog.fields
    dialog.untick("invoice")
    dialog.tick("bill/s1", "bill/s2", "purchase_order/s1")
    dialog.fill("fix-bill/s1:number", "88213")
    dialog.fill("vendor-s2", dialog.option("vendor-s2", "Books by Bessie"))
    dialog.send()
    assert states() == {DeliveryState.QUEUED, DeliveryState.WAITING}
    pump.deliver(1)
    found = books.books()
    bills = [(one["DocNumber"], one["VendorRef"]["name"], one["TotalAmt"]) for one in found["Bill"]]
    assert sorted(bills) == [
        ("88213", "Acme Vendor", Decimal("66.00")), ("S-77", "Books by Bessie", Decimal("76.00"))
    ]  # fmt: skip
    assert [(one["VendorRef"]["name"], one["TotalAmt"]) for one in found["PurchaseOrder"]] == [
        ("Acme Vendor", Decimal("66.00"))
    ]
    assert found["Invoice"] == []
    again = Dialog(dialog.browser)
    assert again.label("vendor-s2").startswith("Books by Bessie")
    assert again.tree.xpath("//select[@name='vendor-s1']") == []
    assert "88213" in again.text
    assert "bill/s1" not in [value for name, value in again.fields if name == "documents"]


def test_the_preview_shows_what_will_be_posted_and_follows_the_ticks(dialog: Dialog, books: Running) -> None:
    assert "1042 ABC Company" in dialog.text
    assert "1042-1" not in dialog.text
    dialog.tick("purchase_order/s1")
    dialog.fill("tax", "item")
    shown = words(html.fromstring(dialog.post("/hub/orders/1042/send/preview")))
    assert all(figure in shown for figure in ("-11.50", "218.50", "100.00", "60 1.10 66.00"))
    assert "1042-1 Acme Vendor" in shown
    assert "Second Vendor" not in shown


def test_an_order_of_5000_lines_previews_the_first_and_says_how_many_more(dialog: Dialog, desk: Desk) -> None:
    line = order_1042().lines[0]
    lines = tuple(replace(line, quantity=Decimal(1), amount=Decimal("2.30")) for _ in range(5000))
    desk.orders["1042"] = replace(order_1042(), lines=lines, total=Decimal("11500.00"), discount=Decimal("0.00"))
    big = Dialog(dialog.browser)
    assert "4800" in big.text
    assert len(big.tree.xpath("//section[@class='hub-preview'][1]//tbody/tr")) == 201
    big.send()
    assert states() == {DeliveryState.QUEUED, DeliveryState.WAITING}


def test_problems_of_a_vendor_stand_with_that_vendor(dialog: Dialog, desk: Desk) -> None:
    order = desk.orders["1042"]
    first, second = order.lines
    desk.orders["1042"] = replace(order, lines=(first, replace(second, vendor=replace(SECOND, name="Bad: Name"))))
    again = Dialog(dialog.browser)
    again.tick("bill/s1", "bill/s2")
    again.fill("fix-bill/s1:number", "1" * 30)
    again.send()
    assert again.problem("vendor-s2") == "name-characters"
    assert again.problem("number-s1") == "number-too-long"
    assert again.problem("vendor-s1") == again.problem("number-s2") == ""


def test_the_dialog_takes_as_many_queries_for_many_vendors_as_for_two(
    app: Flask, dialog: Dialog, desk: Desk
) -> None:
    def queries() -> int:
        with statements(app) as seen:
            assert dialog.browser.get("/hub/orders/1042/send", htmx=True).status_code == 200
        return len(seen)

    few = queries()
    line = order_1042().lines[0]
    desk.orders["1042"] = replace(order_1042(), lines=tuple(
        replace(line, quantity=Decimal(1), amount=Decimal("2.30"), cost=Decimal(1),
                vendor=Company(id=f"m{number}", name=f"Maker {number}"))
        for number in range(100)
    ))  # fmt: skip
    assert queries() == few


def test_the_next_order_begins_with_what_this_person_chose_last(dialog: Dialog, desk: Desk) -> None:
    desk.orders["1043"] = replace(desk.orders["1042"], id="1043", number="1043", payments=())
    dialog.tick("bill/s1")
    dialog.fill("tax", "item")
    dialog.send()
    after = Dialog(dialog.browser, "1043")
    assert {value for name, value in after.fields if name == "documents"} == {"invoice", "bill/s1", "bill/s2"}
    assert after.chosen("tax") == "item"
    desk.signed_in = User(id="eve", name="Eve")
    hers = Dialog(dialog.browser, "1043")
    assert [value for name, value in hers.fields if name == "documents"] == ["invoice"]
    assert hers.chosen("tax") == ""
