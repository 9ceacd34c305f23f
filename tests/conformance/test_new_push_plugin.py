"""The conformance kit on a plugin as `flask hub new-plugin` writes it, for a ledger that we call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.plugin import Integration
from hub.testing import IntegrationSuite, Ledger
from tests.support.wheel import NewPlugin, new_plugin


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlugin]:
    with new_plugin("acme", tmp_path_factory.mktemp("acme"), pull=False) as plugin:
        yield plugin


class TestAcme(IntegrationSuite):
    @pytest.fixture
    def integration(self, acme: NewPlugin) -> Integration:
        return acme.integration()

    @pytest.fixture
    def ledger(self, acme: NewPlugin) -> Iterator[Ledger]:
        with acme.module("pretend").PretendAcme() as ledger:
            yield ledger
