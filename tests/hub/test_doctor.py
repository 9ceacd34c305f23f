"""`flask hub doctor` says what is wrong and what to do, and ends with 1 as long as something is."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from rq.cron import CronScheduler
from sqlalchemy import delete, text, update

from hub import jobs, queue
from hub.cli import cli
from hub.database import now, session
from hub.dispatch import pump
from hub.extension import BrokenPlugin
from hub.models import Delivery, Installation, Lease, LeaseKind, Mapping
from hub.operations import doctor
from hub.operations.doctor import find_faults
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Setting, Unavailable
from hub.queue import commit
from hub.states import InstallationState
from tests.support import redis
from tests.support.deliveries import send
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.pretend import Ledger


def told(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(cli, ["doctor"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


@pytest.fixture
def well(
    installation: Installation,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """An installation with nothing wrong; Redis answers, a worker is there, and somebody sweeps."""
    with redis.running(tmp_path_factory.getbasetemp()) as app.config["HUB_REDIS_URL"]:
        monkeypatch.setattr(doctor, "count_workers", lambda: 1)
        monkeypatch.setattr(doctor, "schedulers", lambda: 1)
        jobs.sweep()
        yield installation


def codes() -> list[str]:
    return sorted(one.code for one in find_faults())


def test_all_is_well(well: Installation, app: Flask) -> None:
    assert told(app)[0] == 0
    assert codes() == []


def test_without_redis_it_says_so(installation: Installation, app: Flask) -> None:
    code, output = told(app)
    assert (code, codes()) == (1, ["redis-silent"])
    assert "HUB_REDIS_URL" in output


def test_without_a_worker_it_says_so(well: Installation, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "count_workers", lambda: 0)
    code, output = told(app)
    assert (code, codes()) == (1, ["workers-missing"])
    assert "flask hub worker" in output


def test_tables_of_another_version(well: Installation, app: Flask) -> None:
    session().execute(text("DELETE FROM hub_alembic_version"))
    session().commit()
    code, output = told(app)
    assert (code, codes()) == (1, ["tables-outdated"])
    assert "flask hub upgrade" in output


def _gone(app: Flask, installation: Installation) -> None:
    del app.extensions["hub"].integrations["pretend"]


def _broken(app: Flask, installation: Installation) -> None:
    app.extensions["hub"].broken = (BrokenPlugin(key="acme", error="ImportError: no"),)


def _no_keys(app: Flask, installation: Installation) -> None:
    app.extensions["hub"].vault, app.config["HUB_SECRET_KEYS"] = None, ""


def _other_keys(app: Flask, installation: Installation) -> None:
    app.extensions["hub"].vault, app.config["HUB_SECRET_KEYS"] = None, Fernet.generate_key().decode()


def _no_setting(app: Flask, installation: Installation) -> None:
    app.extensions["hub"].integrations["pretend"].settings = (Setting(name="CLIENT_ID"),)


def _expired(app: Flask, installation: Installation) -> None:
    installation.move(InstallationState.EXPIRED)


def _unmapped(app: Flask, installation: Installation) -> None:
    session().execute(delete(Mapping))


def _stopped(app: Flask, installation: Installation) -> None:
    app.extensions["hub"].integrations["pretend"].ledger.refuses = lambda asked: "No." if "customers" in asked else ""
    pump.deliver(installation.id)


def _down(app: Flask, installation: Installation) -> None:
    ledger: Ledger = app.extensions["hub"].integrations["pretend"].ledger
    ledger.before = [Unavailable("The ledger is away.")]
    pump.deliver(installation.id)


def _stuck(app: Flask, installation: Installation) -> None:
    session().execute(update(Delivery).values(moved_at=now() - dt.timedelta(hours=1)))


def _nobody_sweeps(app: Flask, installation: Installation) -> None:
    queue.connection().set("hub:swept", (now() - dt.timedelta(minutes=5)).isoformat())


def _never_swept(app: Flask, installation: Installation) -> None:
    queue.connection().delete("hub:swept")


def _hangs(app: Flask, installation: Installation) -> None:
    app.config["HUB_TRIP_SECONDS"] = 0.2
    app.extensions["hub"].integrations["pretend"].send = lambda *_: time.sleep(600)
    pump.deliver(installation.id)


@pytest.mark.parametrize(
    ("happens", "found", "named"),
    [
        (_gone, ["plugin-missing"], "pretend"), (_broken, ["plugin-broken"], "ImportError: no"),
        (_no_keys, ["keys-unusable", "setting-missing"], "HUB_SECRET_KEYS"),
        (_other_keys, ["credentials-unreadable"], "HUB_SECRET_KEYS"),
        (_no_setting, ["setting-missing"], "HUB_PRETEND_CLIENT_ID"),
        (_expired, ["authorization-ended"], "Pretend Books"), (_unmapped, ["mapping-missing"], "Income account"),
        (_stopped, ["stopped"], "1 delivery has stopped: rejected"),
        (_nobody_sweeps, ["sweep-missing"], "workers"), (_never_swept, ["sweep-missing"], "workers"),
        (_hangs, ["ledger-unavailable", "plugin-hung"], "send (1×)"),
        (_down, ["ledger-unavailable"], "The ledger is away."), (_stuck, ["stuck"], "2 deliveries have"),
    ],
)  # fmt: skip
def test_it_names_what_is_wrong(
    well: Installation, app: Flask, desk: Desk, *, happens: Any, found: list[str], named: str
) -> None:
    send_order(ADA_AT_ACME, well.id, desk.copy_order("777", payments=()), Choices())
    happens(app, well)
    commit()
    code, output = told(app)
    assert (code, codes()) == (1, found)
    assert named in output
    assert output.count("→") == len(found), "Each has a cure."


# ── Redis, schedulers and clocks ────────────────────────────────────────────────────────────────────────────────────


def test_without_a_scheduler_it_says_so(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "schedulers", lambda: 0)
    assert codes() == ["scheduler-missing"]


def test_a_scheduler_counts_while_it_is_heard_of(app: Flask, tmp_path: Path) -> None:
    with redis.running(tmp_path) as app.config["HUB_REDIS_URL"]:
        assert doctor.schedulers() == 0
        scheduler = CronScheduler(connection=queue.connection())
        scheduler.register_birth()
        assert doctor.schedulers() == 1
        queue.connection().zadd("rq:cron_schedulers", {scheduler.name: time.time() - 300})
        assert doctor.schedulers() == 0


def test_a_redis_that_is_nearly_full_or_evicts(well: Installation) -> None:
    used = int(queue.connection().info("memory")["used_memory"])
    queue.connection().config_set("maxmemory", used * 2)
    assert codes() == []
    queue.connection().config_set("maxmemory", int(used * 1.05))
    assert codes() == ["redis-full"]
    queue.connection().config_set("maxmemory-policy", "allkeys-lru")
    assert codes() == ["redis-evicts", "redis-full"]


@pytest.mark.databases("sqlite", "postgresql")
def test_clocks_are_compared(well: Installation, database_kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = doctor.clock_skews()
    assert set(found) == {"redis", *(["database"] if database_kind == "postgresql" else [])}
    assert max(map(abs, found.values())) < dt.timedelta(seconds=2)
    monkeypatch.setattr(doctor, "now", lambda: now() + dt.timedelta(seconds=30))
    assert [one.where for one in find_faults() if one.code == "clock-skew"] == sorted(found)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_lease_that_a_dead_worker_left_behind(well: Installation) -> None:
    ago = now() - dt.timedelta(hours=1)
    session().add(Lease(kind=LeaseKind.DELIVERIES, installation_id=well.id, token="gone", until=ago))
    session().commit()
    assert codes() == [], "Nothing is due."
    send(well)
    assert codes() == ["lease-stale"]
    session().execute(update(Lease).values(until=now()))
    session().commit()
    assert codes() == []
