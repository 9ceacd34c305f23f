"""People whose browser runs no script, and the orders that they send."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from html import unescape
from typing import Any

import requests
from lxml import html

from tests.support.processes import REALM, Stack, wait_until

ADMIN = "admin@demo.test"
REP = "rep@demo.test"


class Person:
    """A signed-in person who uses forms and links."""

    def __init__(self, stack: Stack, email: str) -> None:
        self.stack, self.session = stack, requests.Session()
        self.post("/login", {"email": email, "password": "demo"})

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.stack.url + path, headers=headers, timeout=30)

    def element(self, path: str, xpath: str) -> html.HtmlElement:
        """Return the one element of a page that an XPath finds."""
        page = self.get(path, **{"HX-Request": "true"}).text
        found = html.fromstring(f"<div>{page}</div>").xpath(xpath)
        assert len(found) == 1, f"{len(found)} × {xpath} on {path}: {page[:500]}"
        only: html.HtmlElement = found[0]
        return only

    def post(
        self, path: str, form: Mapping[str, str], *, page: str | None = None, follow: bool = True
    ) -> requests.Response:
        """Fill in the form on a page and send it."""
        shown = self.get(page or path).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
        assert token, f"no form on {page or path}: {shown[:500]}"
        return self.session.post(
            self.stack.url + path,
            data={**form, "csrf_token": unescape(token.group(1))},
            timeout=30,
            allow_redirects=follow,
            headers={"Referer": self.stack.url + path},
        )

    def install(self) -> int:
        """Install QuickBooks Online, consent, wait for the lists, and save the suggested accounts."""
        arrived = self.post("/hub/integrations", {"integration": "quickbooks_online"})
        number = int(re.search(r"/installations/(\d+)/", arrived.url).group(1))  # type: ignore[union-attr]  # It must.
        leaving = self.post(f"/hub/installations/{number}/authorize", {})
        consent = unescape(re.search(r'href="(http[^"]+/connect/oauth2[^"]*)"', leaving.text).group(1))  # type: ignore[union-attr]  # It must.
        back = self.session.post(consent, data={"realm": REALM, "decision": "connect"}, timeout=30)
        assert back.ok, back.text
        self.wait_for_lists(number)
        page = self.get(f"/hub/installations/{number}/accounts").text
        chosen = {
            name: value
            for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
            for value in re.findall(r'value="([^"]*)" selected', options)
        }
        assert "income_account" in chosen
        assert self.post(f"/hub/installations/{number}/accounts", chosen).ok
        return number

    def wait_for_lists(self, installation: int) -> None:
        """Wait until the lists of an installation are loaded."""
        path, lists = f"/hub/installations/{installation}/lists", f"//section[@id='hub-lists-{installation}']"
        wait_until(lambda: self.element(path, lists).get("data-state") == "loaded", 40, "the lists are loaded")

    def send(self, order_id: str, installation: str = "") -> requests.Response:
        """Send an order with everything as it is prefilled; without an installation, through the one on offer."""
        page = f"/hub/orders/{order_id}/send" + (f"?installation={installation}" if installation else "")
        shown = installation or field(self.get(page).text, "installation")
        form = {"documents": "invoice", "tax": "", "customer": "", "installation": shown}
        return self.post(f"/hub/orders/{order_id}/send", form, page=page)

    def status(self, order_id: str) -> str:
        """Return the state of an order: none, wait, bad, or good once all that was sent of it is in the books."""
        path, order = f"/hub/orders/{order_id}/status", "//section[contains(@class, 'hub-status')]"
        return str(self.element(path, order).get("data-state"))

    def is_posted(self, order_id: str) -> bool:
        return self.status(order_id) == "good"

    def progress(self, address: str) -> dict[str, int]:
        """Return the counts of orders that were sent together: total, queued, good, bad."""
        shown = self.element(address, "//div[@id='hub-many']")
        return {name: int(shown.attrib[f"data-{name}"]) for name in ("total", "queued", "good", "bad")}


def send_together(person: Person, orders: list[str]) -> str:
    """Tick orders, press Send, and close the page at once. Return the address of the page that follows them."""
    shown = person.get("/hub/orders/send?" + "&".join(f"id={one}" for one in orders)).text
    fields = {"within": "1", "documents": "invoice", "key": field(shown, "key"), "id": orders}
    answer = person.post("/hub/orders/sent", fields, page=f"/hub/orders/send?id={orders[0]}", follow=False)  # type: ignore[arg-type]  # requests takes lists.
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def field(page: str, name: str) -> str:
    return unescape(page.partition(f'name="{name}" value="')[2].partition('"')[0])


def new(
    before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]], kind: str
) -> list[dict[str, Any]]:
    """Return the entries of a kind that are in the second ledger only."""
    known = {one["Id"] for one in before[kind]}
    return [one for one in after[kind] if one["Id"] not in known]


def expectations(stack: Stack, orders: list[str]) -> dict[str, Any]:
    """Return what the order desk says about these orders: their invoices, payments and customers."""
    with stack.desk() as desk:
        marks = ",".join("?" * len(orders))
        rows = desk.execute(
            "SELECT o.id, o.total, c.name FROM desk_order o JOIN desk_company c ON c.id = o.company_id "
            f"WHERE o.id IN ({marks})",
            orders,
        ).fetchall()
        paid = desk.execute(f"SELECT order_id, amount FROM desk_payment WHERE order_id IN ({marks})", orders).fetchall()
    customers = {order: name for order, _, name in rows}
    received: defaultdict[int, Decimal] = defaultdict(Decimal)
    for order, amount in paid:
        received[order] += Decimal(amount)
    return {
        "invoices": sorted((str(order), Decimal(total), Decimal(total) - received[order]) for order, total, _ in rows),
        "payments": sorted((customers[order], Decimal(amount)) for order, amount in paid),
        "customers": set(customers.values()),
    }
