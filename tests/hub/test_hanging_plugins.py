"""A plugin that hangs is left alone, wherever it was asked: pages answer, and other deliveries go on."""

from __future__ import annotations

import contextvars
import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import EntryPoint
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub import scope
from hub.database import session
from hub.dispatch import due, pump
from hub.extension import current
from hub.installations import renewal
from hub.installations.install import install_integration, remove_installation, start_authorization
from hub.integrations import registry, timeouts
from hub.models import BatchRow, Credential, Delivery, Installation, Lease
from hub.orders.deliveries import deliveries_of_order
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.queue import commit
from hub.states import DeliveryState, InstallationState, StopReason
from tests.support.host import ACME, ADA_AT_ACME, Desk
from tests.support.pretend import Ledger, Pretend

T = TypeVar("T")

SHORT = dt.timedelta(seconds=0.3)
"""Time that a plugin has here. What the pretend plugin does takes far less, also on a busy machine."""

released = threading.Event()
"""What hanging plugins wait for. It comes when a test is over, so that no thread is left behind."""


def waits(*_: object, **__: object) -> Any:
    released.wait()


def loops(*_: object, **__: object) -> Any:
    while not released.is_set():
        pass


def here(call: Callable[[], T]) -> T:
    """Call as a worker does, in the main thread."""
    return call()


def elsewhere(call: Callable[[], T]) -> T:
    """Call as a web server does, in a thread."""
    found: list[T] = []
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: found.append(context.run(call)))
    thread.start()
    thread.join()
    return found[0]


PATHS = [(waits, elsewhere), (waits, here), (loops, here)]
"""A plugin that waits and one that is busy, in each kind of thread."""


@pytest.fixture(autouse=True)
def short_limits(app: Flask) -> Iterator[None]:
    for name in ("ANSWER", "STEP", "SIGN_IN", "TRIP"):
        app.config[f"HUB_{name}_SECONDS"] = SHORT.total_seconds()
    released.clear()
    yield
    released.set()
    for threads in app.extensions["hub"].abandoned.values():
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def plugin(app: Flask) -> Any:
    return app.extensions["hub"].integrations["pretend"]


def send(installation: Installation, desk: Desk, *numbers: str) -> None:
    for number in numbers:
        send_order(ADA_AT_ACME, installation.id, desk.copy_order(number, payments=()), Choices())


def later(installation: Installation) -> None:
    """When every rest is over."""
    session().execute(update(Installation).values(resume_at=None))
    for waits in (BatchRow, Delivery):
        session().execute(update(waits).values(due_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    commit()
    pump.deliver(installation.id)
    session().expire_all()


def states(*numbers: str) -> dict[str, DeliveryState]:
    session().expire_all()
    return {number: deliveries_of_order(ACME.id, number)[0].state for number in numbers}


@pytest.mark.parametrize(("way", "called"), PATHS)
def test_a_conversation_that_hangs_stops_its_own_delivery_and_others_have_their_turn(
    installation: Installation, ledger: Ledger, desk: Desk, plugin: Any, *, way: Any, called: Any
) -> None:
    usual = plugin.post
    plugin.post = lambda document, *more: (way if document.number == "666" else usual)(document, *more)
    send(installation, desk, "665", "666", "667")
    for _ in range(2):
        called(partial(pump.deliver, installation.id))
    assert scope.find_installation(ACME.id, installation.id).resume_at is not None
    assert not due.is_due(installation.id)
    later(installation)
    assert states("665", "666", "667") == {
        "665": DeliveryState.POSTED, "666": DeliveryState.STOPPED, "667": DeliveryState.POSTED
    }  # fmt: skip
    stopped = deliveries_of_order(ACME.id, "666")[0]
    assert (stopped.reason, len(stopped.reference)) == (StopReason.CRASHED, 8)
    plugin.post = usual
    retry_delivery(ADA_AT_ACME, stopped.id)
    later(installation)
    assert sorted(one["number"] for one in ledger.invoices) == ["665", "666", "667"]
    assert [one["name"] for one in ledger.customers] == ["ABC Company"]


@pytest.mark.parametrize(("way", "called"), PATHS)
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_trip_that_hangs_goes_again_under_its_key_when_others_had_their_turn(
    installation: Installation, ledger: Ledger, desk: Desk, plugin: Any, *, way: Any, called: Any, carried_out: bool
) -> None:
    usual = plugin.send

    def perform(batch: Any, connection: Any) -> Any:
        if carried_out:
            usual(batch, connection)
        return way()

    send(installation, desk, "666")
    plugin.send = perform
    called(lambda: pump.deliver(installation.id))
    found = scope.find_installation(ACME.id, installation.id)
    assert found.trouble
    assert found.trouble_since is not None
    assert (found.is_driven, due.is_due(found.id)) == (False, False)
    assert found.resume_at is not None
    plugin.send = usual
    later(installation)
    assert states("666") == {"666": DeliveryState.POSTED}
    assert {name: len(shelf) for name, shelf in ledger.whole_ledger().items()} == {
        "customers": 1, "items": 1, "invoices": 1, "payments": 0
    }  # fmt: skip


def test_sealing_that_hangs_stops_what_it_was_to_seal(
    installation: Installation, ledger: Ledger, desk: Desk, plugin: Any
) -> None:
    usual, plugin.encode = plugin.encode, loops
    send(installation, desk, "666")
    pump.deliver(installation.id)
    plugin.encode = usual
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert {one.reason for one in stopped} == {StopReason.CRASHED}
    for one in stopped:
        retry_delivery(ADA_AT_ACME, one.id)
    later(installation)
    assert [one["number"] for one in ledger.invoices] == ["666"]


@pytest.mark.parametrize(("hook", "called"), [
    ("validate", here), ("validate", elsewhere), ("document_url", here), ("cost", elsewhere), ("destination", here),
])  # fmt: skip
def test_what_we_can_do_without_is_asked_once_and_then_not_for_a_while(
    installation: Installation, ledger: Ledger, desk: Desk, app: Flask, *, plugin: Any, hook: str, called: Any
) -> None:
    asked = []

    def asks(*_: object) -> None:
        asked.append(hook)
        waits()

    setattr(plugin, hook, asks)
    send(installation, desk, "777", "778")
    client = app.test_client()
    activity = f"/hub/installations/{installation.id}/activity"
    paths = ("/hub/orders/777/send", "/hub/orders/777/status", activity, "/hub/integrations")

    def everything() -> list[int]:
        pump.deliver(installation.id)
        return [client.get(path).status_code for path in paths]

    assert called(everything) == [200, 200, 200, 200]
    assert asked == [hook]
    assert [one["number"] for one in ledger.invoices] == ["777", "778"]


@pytest.mark.parametrize(("step", "way"), [("begin", waits), ("finish", waits), ("finish", loops)])
def test_a_sign_in_that_hangs_is_a_page_with_a_reference_that_is_in_the_log(
    app: Flask, ledger: Ledger, plugin: Any, caplog: pytest.LogCaptureFixture, *, way: Any, step: str
) -> None:
    usual = plugin.authorize
    found = install_integration(ADA_AT_ACME, "pretend")
    client = app.test_client()
    if step == "begin":
        plugin.authorize = way
        page = f"/hub/installations/{found.id}/authorize"
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)[0]
        answer = elsewhere(lambda: client.post(page, data={"csrf_token": token}))
    else:
        state = start_authorization(ADA_AT_ACME, found.id, "http://host/back").rpartition("state=")[2]
        plugin.authorize = way
        answer = elsewhere(lambda: client.get(f"/hub/authorized/pretend?state={state}&books=1"))
    assert answer.status_code == 409
    logged = set(re.findall(r"\[(\w{8})\]", caplog.text))
    assert any(mark in answer.text for mark in logged), logged
    session().expire_all()
    assert scope.find_installation(ACME.id, found.id).state is InstallationState.PENDING
    plugin.authorize = usual
    state = start_authorization(ADA_AT_ACME, found.id, "http://host/back").rpartition("state=")[2]
    assert client.get(f"/hub/authorized/pretend?state={state}&books=1").status_code in {200, 302, 303}
    assert scope.find_installation(ACME.id, found.id).state is InstallationState.CONNECTED


def test_giving_an_authorization_back_that_hangs_keeps_nobody_from_uninstalling(
    installation: Installation, plugin: Any
) -> None:
    plugin.revoke = waits
    elsewhere(lambda: remove_installation(ADA_AT_ACME, installation.id))
    session().expire_all()
    found = session().get_one(Installation, installation.id)
    assert (found.state, found.credential) == (InstallationState.REMOVED, None)


@pytest.mark.parametrize("asks", ["a trip", "the calendar"])
def test_renewing_that_hangs_leaves_the_credentials_as_they_were_and_is_tried_again(
    installation: Installation, ledger: Ledger, desk: Desk, plugin: Any, asks: str
) -> None:
    send(installation, desk, "777")
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    session().execute(update(Credential).values(renew_at=long_ago, keep_at=long_ago))
    commit()
    usual, plugin.refresh = plugin.refresh, waits
    (pump.deliver if asks == "a trip" else renewal.renew_credentials)(installation.id)
    session().expire_all()
    credential = session().get_one(Credential, installation.id)
    assert (session().scalars(select(Lease)).all(), credential.version, ledger.trips) == ([], 1, [])
    assert scope.find_installation(ACME.id, installation.id).state is InstallationState.CONNECTED
    plugin.refresh = usual
    later(installation)
    assert [one["number"] for one in ledger.invoices] == ["777"]


def test_what_a_ledger_tells_by_itself_is_refused_when_it_cannot_be_heard(
    installation: Installation, app: Flask, plugin: Any
) -> None:
    plugin.parse_webhook = waits
    assert elsewhere(lambda: app.test_client().post("/hub/webhooks/pretend", data=b"{}")).status_code == 503


@pytest.mark.parametrize("called", [here, elsewhere])
def test_a_plugin_that_hangs_when_it_is_imported_is_named_and_the_others_are_there(
    monkeypatch: pytest.MonkeyPatch, called: Any
) -> None:
    values = {"waits": f"{__name__}:waits", "loops": f"{__name__}:loops", "pretend": f"{__name__}:fine"}
    points = [EntryPoint(name=name, value=value, group=registry.GROUP) for name, value in values.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    found, broken = called(lambda: registry.load_integrations(SHORT))
    assert set(found) == {"pretend"}
    assert {one.key for one in broken} == {"waits", "loops"}
    assert all(f"{SHORT.total_seconds()}" in one.error for one in broken), "The limit is named."


def test_what_hangs_is_left_alone_a_few_times_and_then_not_asked_any_more(app: Flask) -> None:
    called: list[str] = []

    def hang(way: Callable[..., Any]) -> str:
        def call() -> None:
            called.append(way.__name__)
            way()

        with pytest.raises(timeouts.Hung) as raised:
            timeouts.call_within("acme", "something", dt.timedelta(seconds=0.1), call)
        return str(raised.value)

    told = [hang(waits) for _ in range(6)]
    assert called == ["waits"] * 4, "After four threads the plugin is not called any more."
    assert all("in waits" in one for one in told[:4]), "The stack is shown to the plugin's author."
    assert timeouts.is_choked("acme")
    assert timeouts.is_any_choked()
    assert timeouts.call_within("other", "something", SHORT, lambda: 7) == 7
    released.set()
    for thread in current().abandoned["acme"]:
        thread.join(10)
    assert not timeouts.is_choked("acme")
    assert timeouts.call_within("acme", "something", SHORT, lambda: 7) == 7


def test_one_thread_makes_many_calls_and_gives_what_they_raise(app: Flask) -> None:
    first = timeouts.call_within("acme", "something", SHORT, threading.get_ident)
    with pytest.raises(ZeroDivisionError):
        timeouts.call_within("acme", "something", SHORT, lambda: 1 / 0)
    assert timeouts.call_within("acme", "something", SHORT, threading.get_ident) == first != threading.get_ident()


def fine() -> Pretend:
    return Pretend(Ledger())
