"""Acme keeps what the hub promises."""

from __future__ import annotations

import pytest
from acme import Acme
from pretend import PretendAcme

from hub.testing import IntegrationSuite


class TestAcme(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> Acme:
        return Acme()

    @pytest.fixture
    def ledger(self) -> PretendAcme:
        return PretendAcme()
