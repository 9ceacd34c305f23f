"""Health: live says that a process answers, ready that all is there that it needs. Quick, whatever hangs."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from hub import jobs, queue
from hub.database import now, session
from hub.operations import health
from tests.support import redis
from tests.support.processes import wait_until


def codes(app: Flask) -> tuple[int, dict[str, str]]:
    answer = app.test_client().get("/hub/health/ready")
    told = answer.get_json()
    assert told["ready"] is (answer.status_code == 200)
    return answer.status_code, {name: one["code"] for name, one in told["checks"].items()}


def test_live_asks_nothing(app: Flask) -> None:
    app.config["HUB_REDIS_URL"] = "redis://nowhere.invalid"
    assert app.test_client().get("/hub/health/live").status_code == 200


@pytest.mark.databases("sqlite", "postgresql")
def test_ready_when_all_is_there(app: Flask, tmp_path: Path) -> None:
    with redis.running(tmp_path) as app.config["HUB_REDIS_URL"]:
        jobs.sweep()
        assert codes(app) == (200, {"database": "ok", "migrations": "ok", "redis": "ok", "scheduler": "ok"})
        queue.connection().set("hub:swept", (now() - health.SWEPT_WITHIN * 2).isoformat())
        assert codes(app)[1]["scheduler"] == "late"
        session().execute(text("DELETE FROM hub_alembic_version"))
        session().commit()
        assert codes(app) == (503, {"database": "ok", "migrations": "outdated", "redis": "ok", "scheduler": "late"})


def test_without_redis_it_is_not_ready(app: Flask) -> None:
    assert codes(app) == (503, {"database": "ok", "migrations": "ok", "redis": "silent", "scheduler": "silent"})


def test_what_hangs_is_waited_for_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.2)
    over, asked = threading.Event(), Counter[str]()
    monkeypatch.setattr(health, "ping_database", lambda: (asked.update(["it"]), over.wait(30)))
    assert [codes(app)[1]["database"] for _ in range(5)] == ["silent"] * 5
    assert asked["it"] == 1
    over.set()
    wait_until(lambda: [one for one in threading.enumerate() if one.name == "hub-health-database"] == [], 5, "it ends")


def test_two_who_ask_at_once_get_the_same_answer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def ping() -> str:
        time.sleep(0.3)
        return "ok"

    monkeypatch.setattr(health, "ping_database", ping)
    with ThreadPoolExecutor(4) as pool:
        assert [one[1]["database"] for one in pool.map(codes, [app] * 4)] == ["ok"] * 4


def test_a_redis_that_takes_calls_and_never_answers(app: Flask) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        app.config["HUB_REDIS_URL"] = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        began = time.monotonic()
        assert codes(app)[1]["redis"] == "silent"
        assert time.monotonic() - began < 4


def test_it_says_nothing_that_is_secret(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("postgresql://hub:s3cret@db/hub is away")

    monkeypatch.setattr(health, "ping_database", fail)
    answer = app.test_client().get("/hub/health/ready")
    assert answer.get_json()["checks"]["database"]["code"] == "failed"
    assert "s3cret" not in answer.text
