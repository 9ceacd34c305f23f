"""The documentation's tables of refusals are the plugins' own sentences."""

from __future__ import annotations

import pytest

from tests.support.refusal_tables import DOCS, TABLES, put_table, write_table


@pytest.mark.parametrize("page", TABLES)
def test_a_page_has_the_sentences_of_its_plugin(page: str) -> None:
    text, table = (DOCS / page).read_text(), write_table(TABLES[page])
    assert table in text, "Run `python -m tests.support.refusal_tables`."
    assert put_table(text, table) == text


@pytest.mark.parametrize("page", TABLES)
def test_every_refusal_says_what_to_do(page: str) -> None:
    for code, refusal in TABLES[page].items():
        assert refusal.cure.message, code
