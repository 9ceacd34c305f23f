"""What stands in Redis: that there is something to do, and nothing else."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from flask import Flask
from redis import Redis

from hub.models import Installation
from hub.queue import commit, wake
from tests.support import redis


def test_a_job_is_json_and_two_wakes_of_an_installation_are_one(
    app: Flask, installation: Installation, tmp_path: Path
) -> None:
    with redis.running(tmp_path) as address:
        app.config["HUB_REDIS_URL"] = address
        wake(installation.id)
        commit()
        wake(installation.id)
        commit()
        with Redis.from_url(address) as connection:
            (key,) = connection.keys("rq:job:*")
            data = zlib.decompress(connection.hgetall(key)[b"data"])
            woken = connection.zrange("hub:woken", 0, -1)
    assert json.loads(data) == ["hub.jobs.deliver", None, [], {}]
    assert woken == [str(installation.id).encode()]
