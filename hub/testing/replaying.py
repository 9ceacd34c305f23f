"""Replaying conversations in other processes, whose sets have other orders (`PYTHONHASHSEED`)."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SEEDS = range(1, 5)
"""Two entries stand in the same order in every second process; four processes are enough to see it."""


class RecordedConversation(NamedTuple):
    """A conversation by its title: how it is begun, and what was asked, whether that writes, and answered."""

    title: str
    begin: Callable[[], Any]
    said: Sequence[tuple[Any, bool, Any]]


def elsewhere(told: Sequence[RecordedConversation]) -> list[str]:
    """Return the titles of the conversations that another process does not hold as they were held here."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "told"
        kept.write_bytes(pickle.dumps([tuple(one) for one in told]))
        paths = os.pathsep.join(filter(None, [str(Path.cwd()), *sys.path]))
        running = [
            subprocess.Popen(  # noqa: S603 – Our own interpreter.
                [sys.executable, __file__, str(kept)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": str(seed)},
            )
            for seed in SEEDS
        ]  # fmt: skip
        ends = [(process.communicate(), process.returncode) for process in running]
    for (_, problems), code in ends:
        assert code == 0, f"The conversations could not be replayed in another process:\n{problems}"
    return sorted({title for (out, _), _ in ends for title in out.splitlines()})


def asks_otherwise(begin: Callable[[], Any], said: Sequence[tuple[Any, bool, Any]]) -> bool:
    """Return True if a conversation does not ask to the letter what it asked the first time.

    Stricter than the hub, which compares names only: here the plugin is the same, and must be deterministic.
    """
    from hub.integrations.validation import canonical_json  # noqa: PLC0415 – Another process starts quicker without.
    from hub.plugin import IntegrationError, Response  # noqa: PLC0415

    generator = begin()
    try:
        request = next(generator)
        for payload, writes, response in said:
            if canonical_json(request.payload) != canonical_json(payload) or request.writes != writes:
                return True
            if response is None:
                break
            request = generator.send(Response(payload=response))
    except (StopIteration, IntegrationError):
        return False
    finally:
        generator.close()
    return False


if __name__ == "__main__":
    sys.path.pop(0)  # This folder, whose modules are none of the plugin's.
    for title, begin, said in pickle.loads(Path(sys.argv[1]).read_bytes()):  # noqa: S301 – Our own.
        if asks_otherwise(begin, said):
            print(title)  # noqa: T201 – It is what we are asked for.
