"""A plugin that raises anything, gives nonsense or is gone: its own deliveries stop, and nothing else does."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub import scope
from hub.books.refresh import find_listings
from hub.database import session
from hub.dispatch import due, pump
from hub.installations import notices
from hub.installations.install import install_integration, reload_lists, start_authorization
from hub.integrations import registry
from hub.models import BatchRow, Delivery, Installation
from hub.orders.deliveries import deliveries_of_order
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import (
    Attempt,
    Books,
    IntegrationError,
    Page,
    Posting,
    Problem,
    Redirect,
    Rejected,
    Request,
    Response,
    Unavailable,
)
from hub.queue import commit
from hub.serialization import problems_of
from hub.states import BatchState, DeliveryState, InstallationState, StopReason
from tests.support.host import ACME, ADA_AT_ACME, Desk
from tests.support.pretend import Ledger, Pretend

POSTED = Posting(id="1", number="1042", total=Decimal("218.50"))


def ends_in(result: object) -> Callable[..., Any]:
    """A conversation that asks nothing and ends in this, or raises it."""

    def conversation(*_: object) -> Any:
        if isinstance(result, BaseException):
            raise result
        return result
        yield

    return conversation


def send(installation: Installation, desk: Desk, number: str) -> list[Delivery]:
    return send_order(ADA_AT_ACME, installation.id, desk.copy_order(number, payments=()), Choices())


CRASHED = (DeliveryState.STOPPED, StopReason.CRASHED, ["crashed"])
"""What becomes of a delivery whose plugin has a bug."""


def outcome(delivery: Delivery) -> tuple[DeliveryState, StopReason | None, list[str]]:
    """Return the state, the reason and the codes of a delivery, and check that a crash has a reference."""
    assert bool(delivery.reference) is (delivery.reason is StopReason.CRASHED)
    return delivery.state, delivery.reason, [problem.code for problem in problems_of(delivery.problems)]


def only_for(number: str, hostile: Callable[..., Any], usual: Callable[..., Any]) -> Callable[..., Any]:
    """Hostile with one invoice, as usual with all others."""
    return lambda document, *more: (hostile if document.number == number else usual)(document, *more)


@pytest.mark.parametrize(
    "result",
    [
        ValueError("boom"), SystemExit(3), RecursionError(), IntegrationError("none of the three"), None, "posted",
        {"id": "1"}, Books(id="1", name="Other"), dataclasses.replace(POSTED, id=""),
        dataclasses.replace(POSTED, id="x" * 65), dataclasses.replace(POSTED, total=218.5),  # type: ignore[arg-type]
        dataclasses.replace(POSTED, total=Decimal("NaN")), dataclasses.replace(POSTED, number=None),  # type: ignore[arg-type]
        dataclasses.replace(POSTED, number="\ud83d"), dataclasses.replace(POSTED, number="\0"),
        dataclasses.replace(POSTED, lines="abc"),  # type: ignore[arg-type]
        Unavailable("later", retry_after=float("nan")), Unavailable("later", retry_after=-1),
        Unavailable("later", retry_after="soon"),  # type: ignore[arg-type]
        Rejected(Problem(what="No.", code=7)),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_nonsense_stops_its_own_delivery_and_no_other(
    installation: Installation, ledger: Ledger, desk: Desk, app: Flask, result: object
) -> None:
    plugin = app.extensions["hub"].integrations["pretend"]
    plugin.post = only_for("666", ends_in(result), plugin.post)
    send(installation, desk, "666")
    send(installation, desk, "777")
    pump.deliver(installation.id)
    pump.deliver(installation.id)
    (bad,), (good,) = deliveries_of_order(ACME.id, "666"), deliveries_of_order(ACME.id, "777")
    assert good.state is DeliveryState.POSTED
    assert outcome(bad) == CRASHED
    assert [one["number"] for one in ledger.invoices] == ["777"]
    assert not due.is_due(installation.id)


@pytest.mark.parametrize(
    "asked",
    [
        "create", None, Request(name=7, payload={}, writes=True),  # type: ignore[arg-type]
        Request(name="ask", payload=[], writes=True),  # type: ignore[arg-type]
        Request(name="ask", payload={"at": object()}, writes=True),
        Request(name="ask", payload={"a": "\ud83d"}, writes=True),
    ],
)  # fmt: skip
def test_a_question_that_is_none_stops_its_own_delivery(
    installation: Installation, ledger: Ledger, desk: Desk, app: Flask, asked: object
) -> None:
    def asks(*_: object) -> Iterator[object]:
        yield asked

    plugin = app.extensions["hub"].integrations["pretend"]
    plugin.post = only_for("666", asks, plugin.post)
    send(installation, desk, "666")
    send(installation, desk, "777")
    pump.deliver(installation.id)
    (bad,), (good,) = deliveries_of_order(ACME.id, "666"), deliveries_of_order(ACME.id, "777")
    assert outcome(bad) == CRASHED
    assert good.state is DeliveryState.POSTED


@pytest.mark.parametrize(
    "brought",
    [
        None, "answers", [None], [Response(payload="text")], [Response(payload={"a": "\ud83d"})], [],  # type: ignore[arg-type]
        [Response(payload={"a": object()})], SystemExit(1), KeyError("x"), IntegrationError("what?"),
    ],
)  # fmt: skip
def test_nonsense_from_a_transport_parks_its_batch_until_somebody_retries(
    installation: Installation, ledger: Ledger, desk: Desk, app: Flask, brought: object
) -> None:
    plugin = app.extensions["hub"].integrations["pretend"]
    usual = plugin.send

    def performs(*_: object) -> object:
        if isinstance(brought, BaseException):
            raise brought
        return brought

    plugin.send = performs
    send(installation, desk, "666")
    pump.deliver(installation.id)
    assert not due.is_due(installation.id)
    plugin.send = usual
    session().expire_all()
    customer, item, invoice = session().scalars(select(Delivery).order_by(Delivery.id))
    assert [outcome(customer), outcome(item)] == [CRASHED, CRASHED]
    assert outcome(invoice) == (DeliveryState.WAITING, None, [])
    assert session().scalars(select(BatchRow.state).order_by(BatchRow.id.desc())).first() is BatchState.PARKED
    retry_delivery(ADA_AT_ACME, customer.id)  # What was in the same batch goes again with it.
    pump.deliver(installation.id)
    session().expire_all()
    assert {one.state for one in (customer, item, invoice)} == {DeliveryState.POSTED}
    assert [one["number"] for one in ledger.invoices] == ["666"]


@pytest.mark.parametrize("hook", ["validate", "document_url", "cost", "destination"])
@pytest.mark.parametrize("answer", [ValueError("boom"), 7])
def test_what_we_can_do_without_may_fail(
    installation: Installation, ledger: Ledger, desk: Desk, app: Flask, *, hook: str, answer: object
) -> None:
    def asked(*_: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    setattr(app.extensions["hub"].integrations["pretend"], hook, asked)
    send(installation, desk, "777")
    pump.deliver(installation.id)
    client = app.test_client()
    activity = f"/hub/installations/{installation.id}/activity"
    for path in ("/hub/orders/777/send", "/hub/orders/777/status", activity, "/hub/integrations"):
        assert client.get(path).status_code == 200, path
    assert [one["number"] for one in ledger.invoices] == ["777"]


def test_an_address_that_is_a_script_is_no_link(installation: Installation, desk: Desk, app: Flask) -> None:
    app.extensions["hub"].integrations["pretend"].document_url = lambda *_: "javascript:alert(1)"
    send(installation, desk, "777")
    pump.deliver(installation.id)
    for path in ("/hub/orders/777/send", f"/hub/installations/{installation.id}/activity"):
        assert "javascript:" not in app.test_client().get(path).text


def test_a_page_of_nonsense_costs_its_list_only(installation: Installation, ledger: Ledger, app: Flask) -> None:
    plugin = app.extensions["hub"].integrations["pretend"]
    usual = plugin.fetch
    nonsense = ends_in(Page(records=("a customer",), cursor="1"))  # type: ignore[arg-type]
    plugin.fetch = lambda kind, since: nonsense() if kind == "customer" else usual(kind, since)
    reload_lists(ADA_AT_ACME, installation.id)
    pump.deliver(installation.id)
    problems = {one.kind: bool(one.problem) for one in find_listings(installation.id)}
    assert problems == {"account": False, "customer": True, "item": False}


@pytest.mark.parametrize(
    ("step", "status"), [(None, 409), ("https://sign-in.test", 409), (7, 409), (ValueError("boom"), 500)]
)
def test_a_sign_in_that_goes_nowhere_is_a_page_with_a_reference_that_is_in_the_log(
    app: Flask, ledger: Ledger, caplog: pytest.LogCaptureFixture, step: object, status: int
) -> None:
    def authorize(attempt: Attempt) -> object:
        if attempt.answer is None:
            return Redirect(url=f"http://127.0.0.1:9/?state={attempt.state}")
        if isinstance(step, Exception):
            raise step
        return step

    app.extensions["hub"].integrations["pretend"].authorize = authorize
    found = install_integration(ADA_AT_ACME, "pretend")
    state = start_authorization(ADA_AT_ACME, found.id, "http://host/back").rpartition("state=")[2]
    answer = app.test_client().get(f"/hub/authorized/pretend?state={state}&books=1")
    assert answer.status_code == status
    reference = re.search(r"<code>(\w{8})</code>", answer.text)
    assert reference is not None
    assert f"[{reference.group(1)}]" in caplog.text
    assert "boom" not in answer.text
    assert scope.find_installation(ACME.id, found.id).state is InstallationState.PENDING


def test_a_plugin_that_is_gone_leaves_its_pages_and_its_rows(
    installation: Installation, ledger: Ledger, desk: Desk, app: Flask
) -> None:
    send(installation, desk, "777")
    integrations = app.extensions["hub"].integrations
    plugin = integrations.pop("pretend")
    pump.deliver(installation.id)
    sweep_in(app)
    client = app.test_client()
    base = f"/hub/installations/{installation.id}"
    expected = {
        "/hub/integrations": 200, f"{base}/activity": 200, f"{base}/details": 404, f"{base}/accounts": 404,
        "/hub/orders/777/send": 200, "/hub/companies/12": 200, "/hub/notices": 200,
    }  # fmt: skip
    assert {path: client.get(path).status_code for path in expected} == expected
    assert ledger.invoices == []
    integrations["pretend"] = plugin
    pump.deliver(installation.id)
    assert [one["number"] for one in ledger.invoices] == ["777"]


def sweep_in(app: Flask) -> None:
    due.find_due_installations()
    notices.give_notices()
    commit()


def test_a_plugin_that_cannot_be_loaded_is_named_and_the_others_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoLabel(Pretend):
        key = "no_label"
        label = None  # type: ignore[assignment]

    class NoCapabilities(Pretend):
        key = "no_capabilities"
        capabilities = None  # type: ignore[assignment]

    class Options(Pretend):
        key = "options"
        options = ("a", "b")  # type: ignore[assignment]

    hostile = {
        "missing": "no_such_module:Plugin", "exits": f"{__name__}:exits", "raises": f"{__name__}:raises",
        "is_none": "json:loads", "no_label": f"{__name__}:NO_LABEL", "no_capabilities": f"{__name__}:NO_CAPABILITIES",
        "options": f"{__name__}:OPTIONS",
    }  # fmt: skip
    for name, kind in (("NO_LABEL", NoLabel), ("NO_CAPABILITIES", NoCapabilities), ("OPTIONS", Options)):
        monkeypatch.setitem(globals(), name, lambda kind=kind: kind(Ledger()))
    fine = {"pretend": f"{__name__}:fine"}
    points = [EntryPoint(name=name, value=value, group=registry.GROUP) for name, value in (hostile | fine).items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    found, broken = registry.load_integrations()
    assert set(found) == {"pretend"}
    assert {one.key for one in broken} == set(hostile)
    assert all(one.error for one in broken)


def exits() -> None:
    raise SystemExit(1)


def raises() -> None:
    raise RuntimeError("boom")


def fine() -> Pretend:
    return Pretend(Ledger())


