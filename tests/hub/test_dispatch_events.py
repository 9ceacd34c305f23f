"""Trips, refusals, renewals and sweeps are told by themselves, with what came of them."""

from __future__ import annotations

import pytest
from flask import Flask

from hub import jobs
from hub.database import now, session
from hub.dispatch import credentials, pump
from hub.dispatch.credentials import refresh_outcome
from hub.dispatch.trips import trip_outcome
from hub.integrations.timeouts import Hung
from hub.models import Installation
from hub.plugin import AuthorizationExpired, OutcomeUnknown, Problem, Rejected, Unavailable
from tests.support.deliveries import send
from tests.support.event_log import EventLog, sample
from tests.support.pretend import Ledger, Pretend, integration_of


def test_each_trip_is_told_with_size_and_outcome(installation: Installation, ledger: Ledger, told: EventLog) -> None:
    before = sample("hub_requests_total", integration="pretend")
    ledger.before = [Unavailable("It is away.")]
    send(installation)
    pump.deliver(installation.id)
    (trip,) = told.named("trip")
    assert (trip["outcome"], trip["size"], trip["installation"]) == ("unavailable", 2, installation.id)
    assert trip["seconds"] >= 0
    assert sample("hub_requests_total", integration="pretend") == before + 2
    assert sample("hub_trips_in_flight", integration="pretend") == 0


@pytest.mark.parametrize(
    ("raised", "word"),
    [
        ((), "answered"), (OutcomeUnknown("x"), "unknown"), (Unavailable("x"), "unavailable"), (Hung("x"), "timeout"),
        (AuthorizationExpired("x"), "expired"), (Rejected(Problem(what="x")), "refused"), (KeyError("x"), "crashed"),
    ],
)  # fmt: skip
def test_each_outcome_has_a_word(raised: object, word: str) -> None:
    assert trip_outcome(raised) == word
    assert refresh_outcome(raised) == ("refused" if word == "expired" else "failed")


def test_a_refusal_is_told_with_its_code(installation: Installation, ledger: Ledger, told: EventLog) -> None:
    ledger.refuses = lambda asked: "No." if "customers" in asked else ""
    send(installation)
    pump.deliver(installation.id)
    assert [(one["document"], one["installation"]) for one in told.named("refused")] == [("customer", installation.id)]


def test_renewals_are_told(installation: Installation, app: Flask, told: EventLog) -> None:
    integration = integration_of(app)
    assert isinstance(integration, Pretend)
    credentials.refresh_credentials(installation, integration)
    integration.renewing = Unavailable("It is away.")
    with pytest.raises(Unavailable):
        credentials.refresh_credentials(installation, integration)
    assert [one["outcome"] for one in told.named("credentials refreshed")] == ["renewed", "failed"]


def test_a_renewal_before_a_trip_is_told(installation: Installation, told: EventLog) -> None:
    assert installation.credential
    installation.credential.renew_at = now()
    session().commit()
    send(installation)
    pump.deliver(installation.id)
    assert [one["outcome"] for one in told.named("credentials refreshed")] == ["renewed"]
    assert {one["outcome"] for one in told.named("trip")} == {"answered"}


def test_a_sweep_is_told_with_what_it_woke(installation: Installation, told: EventLog) -> None:
    send(installation)
    jobs.sweep()
    assert [one["size"] for one in told.named("sweep")] == [1]
