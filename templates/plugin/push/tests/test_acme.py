"""Acme keeps what the hub promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acme import Acme
from pretend import PretendAcme

from hub.testing import IntegrationSuite


class TestAcme(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> Acme:
        return Acme()

    @pytest.fixture
    def ledger(self) -> Iterator[PretendAcme]:
        with PretendAcme() as ledger:
            yield ledger
