"""A call of a ledger that polls is read up to a limit, also if it does not say how long it is."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask

from hub.dispatch import endpoints
from hub.installations.install import install_integration
from hub.integrations import registry
from tests.support.host import ADA_AT_ACME

LIMIT = 64 * 1024 * 1024
TOO_LARGE = {400, 413}


@pytest.fixture
def address(app: Flask) -> str:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    row = endpoints.endpoint_for(install_integration(ADA_AT_ACME, "quickbooks_desktop"))
    return f"/hub/polling/{row.address}"


def test_a_call_that_does_not_say_how_long_it_is_is_read_up_to_the_limit(app: Flask, address: str) -> None:
    def call(length: int) -> int:
        return app.test_client().post(
            address, input_stream=BytesIO(b"x" * length), content_type="text/xml",
            environ_overrides={"CONTENT_LENGTH": "", "wsgi.input_terminated": True},
        ).status_code  # fmt: skip

    assert call(LIMIT + 1) in TOO_LARGE
