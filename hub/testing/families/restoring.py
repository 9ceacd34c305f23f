"""A pretend ledger that can be restored: it must not carry anything from one test into the next one."""

from __future__ import annotations

import pytest

from hub.testing.families.arriving import arrives
from hub.testing.families.base import Family
from hub.testing.ledger import Lost, Restorable
from hub.testing.office import Office


class Restores(Family):
    """Tests that `Restorable.restore` does what it promises."""

    def test_a_ledger_that_is_restored_remembers_nothing_of_what_came_after(self, office: Office) -> None:
        if not isinstance(office.ledger, Restorable):
            pytest.skip("Its ledger is not restored.")
        saved, before = office.save(), list(office.ledger.documents())
        order = office.book().order()
        arrives(office, order)
        first = office.deliveries(order)[-1].title
        office.ledger.cut(Lost.QUESTION)
        office.restore(saved)
        assert list(office.ledger.documents()) == before, f"“{first}” is still there after `restore`."
        arrives(office, order)
        again = office.wire.trips
        office.restore(saved)
        arrives(office, order)
        assert office.wire.trips == again, "`restore` has left the connection broken, or it restores only once."
