"""Books that are closed for the date of order 1042."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hub.books import description
from hub.models import Installation
from hub.plugin import Books, Fix, Problem
from hub.queue import commit
from tests.support.pretend import Pretend

CLOSED = Books(id="books-1", name="Test Books", currency="USD", closed_until=dt.date(2026, 11, 15))


@pytest.fixture
def closed(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Books that are closed for the order's date, and that say so."""

    def review(_: Pretend, subject: Any, options: Any, books: Books) -> list[Problem]:
        if books.first_open_day is None or getattr(subject, "date", books.first_open_day) >= books.first_open_day:
            return []
        return [Problem(what="The books are closed.", field="date", fixes=(Fix.day(books.first_open_day),))]

    monkeypatch.setattr(Pretend, "validate", review)
    description.store_description(installation, CLOSED)
    commit()
    return installation
