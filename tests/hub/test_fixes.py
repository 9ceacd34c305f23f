"""What is offered against a problem stands beside it, in the dialog and in the status, and one press takes it."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.models import Delivery, Installation
from hub.plugin import Fix, FixKind, Problem, Rejected, Response
from hub.serialization import subject_of
from hub.states import DeliveryState
from tests.support.pages import FORM, Browser
from tests.support.pretend import Ledger, Pretend

SEND = "/hub/orders/1042/send"




def invoice() -> Delivery:
    session().expire_all()
    return session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one()


def test_another_day_is_offered_beside_the_date_and_fills_it_in_without_sending(
    browser: Browser, closed: Installation, ledger: Ledger
) -> None:
    shown = browser.get(SEND).text
    assert 'id="hub-problem-date"' in shown
    (pressed,) = {unescape(value) for value in re.findall(r'<button name="apply_fix" value="([^"]+)">', shown)}
    assert pressed == "date=2026-11-16"
    filled = browser.post(SEND, {**FORM, "apply_fix": pressed}, htmx=True)
    assert filled.status_code == 200
    assert re.search(r'name="fix-date" value="2026-11-16"', filled.text)
    assert 'id="hub-problem-date"' not in filled.text
    assert session().scalars(select(Delivery)).all() == []
    browser.post(SEND, {**FORM, "fix-date": "2026-11-16"}, htmx=True)
    assert subject_of("invoice", invoice().subject).date == dt.date(2026, 11, 16)  # type: ignore[union-attr]
    pump.deliver(closed.id)
    assert len(ledger.invoices) == 1


def test_a_day_that_is_none_and_answers_to_nothing_change_nothing(
    browser: Browser, closed: Installation
) -> None:
    nonsense = {"fix-date": "the day after", "fix-:": "x", "fix-invoice:colour": "<b>red</b>"}
    answer = browser.post(SEND, {**FORM, **nonsense}, htmx=True)
    assert answer.status_code == 422
    assert "<b>" not in answer.text
    assert session().scalars(select(Delivery)).all() == []


@pytest.mark.parametrize("pages", [
    ("/hub/orders/1042/status", "/hub/deliveries/{}/retry"),
    ("/hub/installations/1/activity", "/hub/installations/1/activity/{}/retry"),
])  # fmt: skip
def test_what_the_status_and_the_activity_offer_tries_again_with_it(
    browser: Browser, installation: Installation, ledger: Ledger, monkeypatch: pytest.MonkeyPatch,
    pages: tuple[str, str],
) -> None:  # fmt: skip
    again = Fix(label="Number it", kind=FixKind.NUMBER, value='1042-2"', editable=True)
    twice = Fix(label="Use the number twice", kind=FixKind.REPEATS, value="yes")
    check_refusal = Pretend.check_refusal

    def refusing(pretend: Pretend, reply: Response) -> None:
        if reply.payload.get("refused") == "taken":
            raise Rejected(Problem(what="The number is taken.", field="number", fixes=(again, twice)))
        check_refusal(pretend, reply)

    monkeypatch.setattr(Pretend, "check_refusal", refusing)
    ledger.refuses = lambda payload: "taken" if payload.get("invoices", {}).get("number") == "1042" else ""
    browser.post(SEND, FORM)
    pump.deliver(installation.id)
    status = browser.get(pages[0]).text
    assert '<input name="fix_value" value="1042-2&#34;" required>' in status
    assert '<button name="fix_value" value="yes">Use the number twice</button>' in status
    form = {"order_id": "1042", "fix": "number", "fix_value": " 1042-3 "}
    browser.post(pages[1].format(invoice().id), form, htmx=True)
    assert invoice().state is DeliveryState.QUEUED
    pump.deliver(installation.id)
    assert [one["number"] for one in ledger.invoices] == ["1042-3"]
    assert invoice().state is DeliveryState.POSTED
    assert invoice().choices["answers"] == {"invoice:number": "1042-3"}
