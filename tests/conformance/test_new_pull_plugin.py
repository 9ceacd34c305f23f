"""The conformance kit on a plugin as `flask hub new-plugin` writes it, for a ledger that calls us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.plugin import Integration
from hub.testing import IntegrationSuite, Ledger
from tests.support.wheel import NewPlugin, new_plugin


@pytest.fixture(scope="module")
def cash_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlugin]:
    with new_plugin("cash_ledger", tmp_path_factory.mktemp("cash_ledger"), pull=True) as plugin:
        yield plugin


class TestCashLedger(IntegrationSuite):
    @pytest.fixture
    def integration(self, cash_ledger: NewPlugin) -> Integration:
        return cash_ledger.integration()

    @pytest.fixture
    def ledger(self, cash_ledger: NewPlugin) -> Ledger:
        ledger: Ledger = cash_ledger.module("pretend").PretendCashLedger()
        return ledger
