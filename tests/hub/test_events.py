"""One call writes one log line and moves one metric, after the commit, and says nothing that it should not."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import hub
from hub import events
from hub.database import session
from hub.dispatch import pump
from hub.installations import notices
from hub.installations.accounts import save_accounts
from hub.installations.install import (
    install_integration,
    pause_installation,
    remove_installation,
    resume_installation,
)
from hub.installations.options import save_details, saved_details
from hub.models import Delivery, Installation
from hub.plugin import Problem, Rejected, Response
from hub.states import DeliveryState, InstallationState
from tests.support.deliveries import send
from tests.support.event_log import EventLog, sample
from tests.support.host import ADA_AT_ACME
from tests.support.mail import Post, sweep
from tests.support.pages import statements
from tests.support.pretend import integration_of
from tests.support.webhooks import Tell

SOURCES = Path(hub.__file__).parent


def write(**fields: object) -> str:
    return str(events.Line(events.DELIVERY["posted"], fields))


def test_a_line_says_what_happened_and_then_its_fields() -> None:
    line = write(organization="acme", document="invoice", number="1042", delivery=7, seconds=1.23456)
    assert line == "invoice 1042 posted organization=acme document=invoice number=1042 delivery=7 seconds=1.2346"


@pytest.mark.parametrize("sign", ["\n", "\r", "\x00", "\x1b", "\x85", "\u2028", "\u202e"], ids=repr)
def test_a_text_from_outside_stays_on_its_line(sign: str) -> None:
    line = write(document="invoice", number=f"10{sign}42 posted organization=evil")
    assert sign not in line
    assert '"10 42 posted organization=evil"' in line, "It cannot be taken for a field."
    assert len(write(number="x" * 100_000)) < 500


@pytest.mark.parametrize("value", [None, ""])
def test_a_field_without_a_value_is_left_out(value: str | None) -> None:
    assert write(order=value, document="invoice") == "invoice posted document=invoice"


def test_nothing_is_built_while_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("A line was built.")

    monkeypatch.setattr(events, "Line", fail)
    monkeypatch.setattr(logging.getLogger("hub.events"), "level", logging.WARNING)
    before = sample("hub_deliveries_total", integration="x", document="invoice", outcome="posted")
    events.emit(events.DELIVERY["posted"], integration="x", document="invoice", outcome="posted", seconds=3)
    assert sample("hub_deliveries_total", integration="x", document="invoice", outcome="posted") == before + 1
    assert sample("hub_delivery_seconds_bucket", integration="x", document="invoice", le="5.0") == 1
    assert sample("hub_delivery_seconds_bucket", integration="x", document="invoice", le="2.0") == 0


@pytest.fixture
def hub_logger() -> Iterator[None]:
    logger = logging.getLogger("hub")
    before = logger.handlers, logger.level, logger.propagate
    logger.handlers = []
    yield
    logger.handlers, _, logger.propagate = before
    logger.setLevel(before[1])


@pytest.mark.usefixtures("hub_logger")
def test_the_log_as_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    events.write_log("json")
    events.write_log("json")
    events.emit(events.LOGIN, organization="a\nb", installation=3, integration="pretend", outcome="refused")
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        logging.getLogger("hub.integrations.crashes").exception("[%s] crashed", "1a2b3c4d")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    expected = {"event": "login", "organization": "a b", "installation": 3, "outcome": "refused", "level": "info"}
    assert first.items() >= expected.items()
    assert (second["message"], second["level"]) == ("[1a2b3c4d] crashed", "error")
    assert "one\ntwo" in second["exception"]


@pytest.mark.usefixtures("hub_logger")
def test_the_log_as_text_is_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    events.write_log("text")
    logging.getLogger("hub.queue").warning("No worker\nERROR hub all is lost")
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("hub_logger")
def test_another_form_of_the_log_is_refused() -> None:
    with pytest.raises(ValueError, match="HUB_LOG_FORMAT"):
        events.write_log("xml")


def test_an_event_is_told_after_the_commit_and_once(app: Flask, told: EventLog) -> None:
    events.later(session(), events.SWEPT, seconds=0.5, size=2)
    assert told.lines == []
    assert told.named("sweep") == [{"seconds": 0.5, "size": 2}]
    assert len(told.named("sweep")) == 1


def test_what_is_rolled_back_never_happened(app: Flask, told: EventLog) -> None:
    events.later(session(), events.SWEPT, seconds=0.5)
    session().rollback()
    events.forget(session())
    assert told.named("sweep") == []


def test_a_commit_that_fails_tells_nothing(app: Flask, told: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    events.later(session(), events.SWEPT, seconds=0.5)
    with monkeypatch.context() as patch:
        patch.setattr(type(session()()), "commit", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            events.commit(session())
    assert told.named("sweep") == []


# ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_tells_each_state_that_its_documents_come_into(installation: Installation, told: EventLog) -> None:
    before = sample("hub_deliveries_total", integration="pretend", document="invoice", outcome="posted")
    (invoice_id,) = [row.id for row in send(installation) if row.kind == "invoice"]
    pump.deliver(installation.id)
    posted = told.named("delivery posted")
    assert sorted(one["document"] for one in posted) == ["customer", "invoice", "item", "payment"]
    assert "ABC Company" not in str([line.fields for line in told.lines]), "The log names no people."
    invoice = next(one for one in posted if one["document"] == "invoice")
    assert invoice.pop("seconds") >= 0
    assert invoice == {
        "organization": "acme", "installation": installation.id, "integration": "pretend", "order": "1042",
        "document": "invoice", "number": "1042", "outcome": "posted",
        "delivery": invoice_id,
    }  # fmt: skip
    assert sample("hub_deliveries_total", integration="pretend", document="invoice", outcome="posted") == before + 1
    states = [line.event.name for line in told.lines if line.fields.get("delivery") == invoice["delivery"]]
    assert states == [f"delivery {state}" for state in ("waiting", "queued", "sending", "posted")]


def refuse_customers(reply: Response) -> None:
    if str(reply.payload.get("id", "")).startswith("customers"):
        raise Rejected(Problem(code="name-taken", what="The name is taken."))


def test_a_delivery_that_stops_says_why(installation: Installation, app: Flask, told: EventLog) -> None:
    before = sample("hub_stops_total", integration="pretend", document="customer", reason="rejected")
    integration_of(app).check_refusal = refuse_customers  # type: ignore[attr-defined]
    send(installation)
    pump.deliver(installation.id)
    (stopped,) = told.named("delivery stopped")
    assert (stopped["document"], stopped["reason"], stopped["code"]) == ("customer", "rejected", "name-taken")
    assert sample("hub_stops_total", integration="pretend", document="customer", reason="rejected") == before + 1


def test_a_move_that_is_rolled_back_is_not_told(installation: Installation, told: EventLog) -> None:
    row = send(installation)[0]
    told.named("delivery queued")
    row.move(DeliveryState.CANCELLED)
    session().rollback()
    events.forget(session())
    assert told.named("delivery cancelled") == []


def test_telling_asks_the_database_nothing(installation: Installation, app: Flask, told: EventLog) -> None:
    rows = send(installation)
    told.named("delivery queued")
    loaded = [session().get_one(Delivery, row.id) for row in rows]
    session().get_one(Installation, installation.id).changed_at  # noqa: B018 – It is loaded, as under its lock.
    with statements(app) as found:
        for row in loaded:
            row.move(DeliveryState.CANCELLED)
        told.named("delivery cancelled")
    assert [one for one in found if one.startswith("SELECT")] == []
    assert len(told.named("delivery cancelled")) == len(rows)


# ── What people do ──────────────────────────────────────────────────────────────────────────────────────────────────


def outcomes(told: EventLog) -> list[str]:
    return [str(one["outcome"]) for one in told.named("installation")]


def test_what_people_do_with_an_installation_is_told(installation: Installation, app: Flask, told: EventLog) -> None:
    pause_installation(ADA_AT_ACME, installation.id)
    resume_installation(ADA_AT_ACME, installation.id)
    save_details(ADA_AT_ACME, installation.id, saved_details(installation, integration_of(app)))
    save_accounts(ADA_AT_ACME, installation.id, {})
    remove_installation(ADA_AT_ACME, installation.id)
    install_integration(ADA_AT_ACME, "pretend")
    assert outcomes(told) == ["paused", "resumed", "settings", "accounts", "removed", "installed"]
    assert all(one["organization"] == "acme" and one["installation"] for one in told.named("installation"))


def test_webhooks_are_told(installation: Installation, told: EventLog, tell: Tell, app: Flask) -> None:
    assert tell() == 200
    assert [one["outcome"] for one in told.named("webhook")] == ["unknown"]


def test_an_authorization_that_ends_is_told(installation: Installation, told: EventLog) -> None:
    installation.move(InstallationState.EXPIRED)
    assert [(one["organization"], one["outcome"]) for one in told.named("disconnected")] == [("acme", "expired")]


def test_an_address_cannot_forge_a_log_line(installation: Installation, app: Flask) -> None:
    with pytest.MonkeyPatch.context() as patch:
        logged: list[str] = []
        patch.setattr(app.logger, "log", lambda level, text, *args, **_: logged.append(text % args))
        app.test_client().get("/hub/nothing%1b%5b1A%0dERROR%20forged")
    assert len(logged) == 1
    assert "\x1b" not in logged[0]
    assert "\r" not in logged[0]


def test_notices_are_told_when_given_and_when_mailed(installation: Installation, told: EventLog, post: Post) -> None:
    installation.move(InstallationState.EXPIRED)
    session().commit()
    sweep()
    assert [(one["reason"], one["outcome"]) for one in told.named("notice")] == [("lost", "given"), ("lost", "mailed")]
    assert notices.find_due_notices() == []


# ── Declarations ────────────────────────────────────────────────────────────────────────────────────────────────────


def calls(tree: ast.AST) -> list[tuple[str, set[str]]]:
    """Return the event and the fields of each `events.emit` and `events.later`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"events.emit", "events.later"}:
            names = [ast.unparse(one).removeprefix("events.") for one in node.args if "events." in ast.unparse(one)]
            found += [(name, {one.arg for one in node.keywords if one.arg}) for name in names]
    return found


def test_each_call_gives_fields_that_its_event_is_declared_with() -> None:
    found = [one for path in SOURCES.rglob("*.py") for one in calls(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(found) >= 3
    for name, fields in found:
        if name.isidentifier():
            declared = getattr(events, name)
            assert fields <= set(declared.fields), name


def test_each_event_has_known_fields_and_counts_something() -> None:
    known = set(events.Fields.__annotations__)
    for event in events.EVENTS.values():
        assert set(event.fields) <= known, event.name
        assert event.measures, event.name
    assert set(events.DELIVERY) == {state.value for state in DeliveryState}
