"""Metrics: who may read them, what they say, and that several processes are added up."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from hub import jobs
from hub.database import now, session
from hub.dispatch import pump
from hub.models import Delivery, Installation
from hub.operations import gauges, metrics
from hub.queue import wake
from hub.states import InstallationState
from tests.support import redis
from tests.support.deliveries import send
from tests.support.pages import statements
from tests.support.pretend import Ledger
from tests.support.processes import LOCAL, free_port

BEARER = {"Authorization": "Bearer s3cret"}


def read(text: str) -> dict[str, float]:
    """Return the samples as they are written: `name{label="value"}`."""
    return {
        sample.name + "{" + ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items())) + "}":
        sample.value for family in text_string_to_metric_families(text) for sample in family.samples
    }  # fmt: skip


def scrape(app: Flask) -> dict[str, float]:
    app.config["HUB_METRICS_TOKEN"] = "s3cret"
    answer = app.test_client().get("/hub/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content_type == metrics.CONTENT_TYPE
    return read(answer.text)


@pytest.mark.parametrize(
    ("token", "header", "code"),
    [
        (None, "Bearer s3cret", 404), ("", "Bearer ", 404), ("s3cret", "", 401), ("s3cret", "Bearer s3cre", 401),
        ("s3cret", "Basic s3cret", 401), ("s3cret", "Bearer é", 401), ("s3cret", "Bearer s3cret", 200),
    ],
)  # fmt: skip
def test_only_an_operator_reads_them(app: Flask, token: str | None, header: str, code: int) -> None:
    app.config["HUB_METRICS_TOKEN"] = token
    answer = app.test_client().get("/hub/metrics", headers={"Authorization": header.encode().decode("latin-1")})
    assert answer.status_code == code
    assert ("hub_deliveries" in answer.text) is (code == 200)


def test_gauges_say_what_is_in_the_database(installation: Installation, app: Flask) -> None:
    send(installation)
    before = now() - dt.timedelta(seconds=100)
    session().execute(update(Delivery).where(Delivery.kind == "customer").values(moved_at=before))
    session().commit()
    found = scrape(app)
    assert found['hub_deliveries_now{integration="pretend",state="queued"}'] == 2
    assert found['hub_deliveries_now{integration="pretend",state="waiting"}'] == 2
    assert 99 < found['hub_oldest_delivery_seconds{integration="pretend",state="queued"}'] < 130
    assert found['hub_installations{integration="pretend",state="connected"}'] == 1
    assert found['hub_scrape_failed{source="database"}'] == 0
    assert found['hub_scrape_failed{source="redis"}'] == 1, "There is no Redis in this test."
    pump.deliver(installation.id)
    assert not [name for name in scrape(app) if name.startswith(("hub_deliveries_now", "hub_oldest", "hub_batches"))]


def test_what_waits_for_an_admin_is_not_late(installation: Installation, app: Flask) -> None:
    send(installation)
    installation.move(InstallationState.PAUSED)
    session().commit()
    found = scrape(app)
    assert 'hub_oldest_delivery_seconds{integration="pretend",state="queued"}' not in found
    assert found['hub_deliveries_now{integration="pretend",state="queued"}'] == 2


def test_gauges_of_redis(installation: Installation, app: Flask, tmp_path: Path) -> None:
    with redis.running(tmp_path) as app.config["HUB_REDIS_URL"]:
        assert "hub_seconds_since_sweep{}" not in scrape(app)
        jobs.sweep()
        wake(installation.id)
        session().commit()
        found = scrape(app)
        assert found["hub_seconds_since_sweep{}"] < 30
        assert found["hub_queue_depth{}"] == 0
        assert found['hub_scrape_failed{source="redis"}'] == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_gauges_take_three_statements(installation: Installation, app: Flask, ledger: Ledger) -> None:
    send(installation)
    with statements(app) as found:
        gauges.read()
    assert len([one for one in found if one.startswith("SELECT")]) == 3


# ── Several processes ───────────────────────────────────────────────────────────────────────────────────────────────

COUNT = """
import os, sys, time
from hub import events

def count(times):
    for _ in range(times):
        events.emit(events.TRIP, integration="pretend", outcome="answered", seconds=0.2, size=3)

count(int(sys.argv[1]))
events.set_in_flight("pretend", int(sys.argv[1]))
if sys.argv[2:] == ["fork"]:
    for _ in range(3):
        if not os.fork():
            count(10)
            os._exit(0)
        os.wait()
print("counted", flush=True)
sys.stdin.read()
"""
TRIPS = 'hub_trip_seconds_count{integration="pretend",outcome="answered"}'
IN_FLIGHT = 'hub_trips_in_flight{integration="pretend"}'


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start processes that count, and wait until they have."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        )  # fmt: skip
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "counted\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def exposed(folder: Path) -> dict[str, float]:
    """Return what another process says that shares the directory."""
    code = "from hub.operations import metrics; print(metrics.expose(with_gauges=False).decode())"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    return read(subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout)  # fmt: skip


def test_another_process_shows_what_two_have_counted(run: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    first, second = run(COUNT, "2"), run(COUNT, "3", "fork")
    found = exposed(tmp_path)
    assert (found[TRIPS], found[IN_FLIGHT]) == (2 + 3 + 30, 2 + 3), "A fork counts apart, and nothing twice."
    assert found['hub_requests_total{integration="pretend"}'] == 35 * 3
    first.send_signal(signal.SIGKILL)
    first.wait()
    for _ in range(2):
        found = exposed(tmp_path)
        assert (found[TRIPS], found[IN_FLIGHT]) == (35, 3), "What was counted stays; what was under way is not."
    second.send_signal(signal.SIGKILL)
    second.wait()
    found = exposed(tmp_path)
    assert found[TRIPS] == 35
    assert IN_FLIGHT not in found
    assert run(COUNT, "5")
    assert exposed(tmp_path)[TRIPS] == 40


def test_files_of_ended_processes_do_not_pile_up(run: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    run(COUNT, "1", "fork")
    assert len(list(tmp_path.glob("*.db"))) > 6
    for _ in range(2):
        exposed(tmp_path)
        found = sorted(path.name.rpartition("_")[0] for path in tmp_path.glob("*.db"))
        assert found == ["counter", "counter", "counter", "gauge_livesum", "histogram", "histogram", "histogram"], (
            "The folded ones, those of the process that lives, and those of the one that was asked."
        )


SERVE = """
import sys
from flask import Flask
from hub import events
from hub.operations import metrics

app = Flask("worker")
app.config.update(HUB_METRICS_TOKEN="s3cret", HUB_METRICS_PORT=sys.argv[1])
with app.app_context():
    metrics.serve_port()
events.emit(events.TRIP, integration="pretend", outcome="answered", seconds=0.2, size=3)
print("counted", flush=True)
sys.stdin.read()
"""


def test_a_worker_on_a_machine_of_its_own_has_a_port(run: Callable[..., subprocess.Popen[str]]) -> None:
    port = free_port()
    run(SERVE, str(port))
    url = f"http://{LOCAL}:{port}"
    found = read(requests.get(f"{url}/hub/metrics", headers=BEARER, timeout=5).text)
    assert found[TRIPS] == 1
    assert not [name for name in found if name.startswith("hub_installations")], "The web process shows these, once."
    assert requests.get(f"{url}/hub/metrics", timeout=5).status_code == 401
    assert requests.get(f"{url}/hub/integrations", headers=BEARER, timeout=5).status_code == 404
