"""Needs attention: what stopped is told once a cause, and a whole group is fixed from there."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from flask import Flask

from hub.database import session
from hub.host import Permission
from hub.models import Delivery, Installation
from hub.orders.attention import AT_ONCE, find_stopped, group_by_cause
from hub.plugin import Fix, Invoice, Line, Problem, Ref, say
from hub.serialization import problems_json, subject_json
from hub.states import DeliveryState
from tests.support.host import Desk
from tests.support.pages import FORM, Browser, problem_codes, statements

PATH = "/hub/attention"


def stop(installation: Installation, number: int, problem: Problem, **more: Any) -> Delivery:
    """Add a stopped invoice of 5.00."""
    mugs = Line(item=Ref(id="1"), description="Mugs", quantity=Decimal(1), price=Decimal(5), amount=Decimal("5.00"))
    invoice = Invoice(
        number=str(number), date=dt.date(2026, 11, 12), currency="USD", lines=(mugs,), total=Decimal("5.00"),
        customer=Ref(id="1", name=f"Customer {number}"),
    )  # fmt: skip
    row = Delivery(
        installation_id=installation.id, organization_id=installation.organization_id, kind="invoice",
        source=f"order/{number}", order_id=str(number), title=f"Invoice {number}", state=DeliveryState.STOPPED,
        subject=subject_json(invoice), sent_by="Ada Admin", problems=problems_json([problem]), **more,
    )  # fmt: skip
    session().add(row)
    return row


def closed(number: int) -> Problem:
    return Problem(
        what=say("Invoice %(number)s is dated in a closed period.", number=number), why=say("The period is closed."),
        cure=say("Choose a later date."), code="closed", fixes=(Fix.day(dt.date(2026, 10, 18)),),
    )  # fmt: skip


def test_one_cause_is_told_once_with_its_documents_and_their_sum(browser: Browser, installation: Installation) -> None:
    for number in range(2000, 2003):
        stop(installation, number, closed(number))
    stop(installation, 2010, Problem(what=say("The customer is inactive."), code="inactive"))
    session().commit()
    page = browser.get(PATH).text
    assert problem_codes(page) == ["closed", "inactive"]
    assert len(re.findall(r'id="hub-stopped-', page)) == 4
    assert "15.00" in page
    assert "Customer 2010" in page


def test_a_group_offers_the_fixes_that_all_of_it_share(installation: Installation) -> None:
    stop(installation, 2000, closed(2000))
    stop(installation, 2001, closed(2001))
    session().commit()
    (cause,) = group_by_cause(find_stopped(installation.organization_id))
    assert [fix.value for fix in cause.fixes] == ["2026-10-18"]
    third = Problem(what="Closed.", cure=say("Choose a later date."), code="closed")
    stop(installation, 2002, third)
    session().commit()
    (cause,) = group_by_cause(find_stopped(installation.organization_id))
    assert (cause.fixes, len(cause.deliveries)) == ([], 3)


def test_a_group_is_sent_again_from_the_page_and_leaves_it(browser: Browser, installation: Installation) -> None:
    browser.post("/hub/orders/1042/send", FORM)
    row = session().query(Delivery).filter_by(kind="invoice").one()
    row.state, row.problems = DeliveryState.STOPPED, problems_json([closed(1042)])
    session().commit()
    answer = browser.post(PATH, {"id": str(row.id), "fix": "date", "fix_value": "2026-10-18"}, htmx=True)
    assert 'id="hub-attention" data-count="0"' in answer.text
    assert "hub-counted" in answer.headers["HX-Trigger-After-Settle"]
    session().expire_all()
    assert row.state is not DeliveryState.STOPPED


def test_one_request_retries_a_limited_number(browser: Browser, installation: Installation) -> None:
    for number in range(3000, 3000 + AT_ONCE + 5):
        stop(installation, number, closed(number))
    session().commit()
    page = browser.get(PATH).text
    group = page.partition("<form")[2].partition("</form>")[0]
    assert group.count('name="id"') == AT_ONCE


def test_the_number_of_queries_does_not_grow(app: Flask, browser: Browser, installation: Installation) -> None:
    counts = []
    for count in (1, 60):
        for number in range(count):
            stop(installation, 4000 + 100 * count + number, closed(number))
        session().commit()
        with statements(app) as seen:
            assert browser.get(PATH).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_nothing_of_another_organization_is_shown(browser: Browser, installation: Installation) -> None:
    stop(installation, 2000, closed(2000)).organization_id = "globex"
    session().commit()
    assert "Invoice 2000" not in browser.get(PATH).text


def test_who_does_not_manage_sees_and_retries_nothing(
    browser: Browser, installation: Installation, desk: Desk
) -> None:
    desk.permissions = {Permission.SEND, Permission.VIEW}
    assert browser.get(PATH).status_code == 403
    assert browser.post(PATH, {"id": "1"}).status_code == 403
