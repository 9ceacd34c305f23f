"""The conformance kit: whether an integration keeps what the hub promises, tried in a real hub on a pretend ledger.

::

    import pytest
    from acme_books import AcmeBooks
    from hub.testing import IntegrationSuite

    class TestAcmeBooks(IntegrationSuite):
        @pytest.fixture
        def integration(self):
            return AcmeBooks()

        @pytest.fixture
        def ledger(self):
            with PretendAcme() as ledger:  # A `PushLedger` or a `PullLedger`, which is yours to write.
                yield ledger

Nothing in it is a stand-in for the hub: orders are sent as a person sends them, and the hub's own workers take them to
the ledger. Which tests there are follows from what the integration says it can. It needs pytest: `bookpost[testing]`.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("hub.testing.families", "hub.testing.office")

from hub.testing.ledger import (  # noqa: E402 – What is rewritten must not be imported before.
    ChoosingLedger,
    Decision,
    Entered,
    Ledger,
    Lost,
    PullLedger,
    PushLedger,
    Restorable,
)
from hub.testing.suite import IntegrationSuite  # noqa: E402
from hub.testing.talking import answered, in_lockstep, questions  # noqa: E402

__all__ = [
    "ChoosingLedger", "Decision", "Entered", "IntegrationSuite", "Ledger", "Lost", "PullLedger", "PushLedger",
    "Restorable", "answered", "in_lockstep", "questions",
]  # fmt: skip
