"""What was read and written in a month; when the reads are used up, lists and history rest, and sending does not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import usage
from hub.books.refresh import refresh_lists
from hub.database import session
from hub.dispatch import due, pump
from hub.integrations import registry
from hub.models import Installation, Listing, Usage
from hub.queue import commit
from hub.web import views
from tests.support.deliveries import EXPECTED, everything_posted, send
from tests.support.pretend import Ledger, Pretend


@pytest.fixture(autouse=True)
def metered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pretend, "capabilities", replace(Pretend.capabilities, reads_a_month=500_000))


def refresh(installation: Installation) -> None:
    refresh_lists(installation, registry.find_integration("pretend"))
    commit()
    pump.deliver(installation.id)


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,]*\b", text)


def figures() -> list[tuple[int, int]]:
    session().expire_all()
    return [(one.reads, one.writes) for one in session().scalars(select(Usage))]


def test_every_answer_is_counted_once_and_shown_on_the_card(installation: Installation, ledger: Ledger) -> None:
    assert figures() == [(4, 0)], "who it is, and three lists"
    send(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert figures() == [(6, 4)], "a customer and an item were looked for; four things were written"
    assert numbers(views.build_card(installation).usage) == ["6", "500,000", "4"]
    assert views.build_card(installation).spent == ""


def test_at_the_ceiling_lists_rest_with_a_sentence_and_sending_goes_on(
    installation: Installation, ledger: Ledger, app: Flask
) -> None:
    app.config["HUB_PRETEND_READS_A_MONTH"] = "4"
    ledger.trips.clear()
    refresh(installation)
    assert ledger.trips == []
    assert not due.is_due(installation.id), "it rests, and nobody looks at it again and again"
    assert views.build_card(installation).spent
    assert set(session().scalars(select(Listing.problem))) == {views.build_card(installation).spent}
    send(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()
    app.config["HUB_PRETEND_READS_A_MONTH"] = "400"
    refresh(installation)
    assert set(session().scalars(select(Listing.problem))) == {""}
    assert views.build_card(installation).spent == ""


def test_the_ceiling_is_for_the_books_of_all_together(installation: Installation, app: Flask) -> None:
    other = Installation(organization_id="other", integration="pretend", installed_by="Bob")
    session().add(other)
    session().flush()
    session().add(Usage(installation_id=other.id, month=usage.of_this_month(other.id).month, reads=7, writes=0))
    commit()
    app.config["HUB_PRETEND_READS_A_MONTH"] = "11"
    assert usage.is_spent("pretend")
    assert numbers(views.build_card(installation).usage) == ["4", "11", "0"], "nobody else's figures"
    app.config["HUB_PRETEND_READS_A_MONTH"] = "12"
    assert not usage.is_spent("pretend")
