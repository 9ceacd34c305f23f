"""The Hypothesis profile of all tests. `HYPOTHESIS_PROFILE=fast` tries a tenth of the examples.

No profile measures time, so that a busy machine fails no test, and none keeps a database in the project: a failure is
printed with what repeats it (`@reproduce_failure`).
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "full")

_steady = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None, derandomize=False, print_blob=True
)
settings.register_profile("full", _steady)
settings.register_profile("fast", _steady, max_examples=10)
settings.load_profile(PROFILE)


def examples(count: int) -> int:
    """Return how many examples to try where the full profile tries `count`."""
    return max(count // 10, 3) if PROFILE == "fast" else count
