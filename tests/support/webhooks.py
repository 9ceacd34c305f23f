"""Webhooks from the pretend ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from flask import Flask

from hub.database import session
from hub.plugin import Change, Problem, Rejected
from tests.support.pretend import integration_of

Tell = Callable[..., int]


@pytest.fixture
def tell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Post to the hub as the ledger would. `what` is what the plugin makes of it."""
    told: list[Change] = []

    def hear(body: bytes, headers: Mapping[str, str], settings: Mapping[str, str]) -> Sequence[Change]:
        if headers.get("x-signature") != "good":
            raise Rejected(Problem(what="Forged."))
        return list(told)

    monkeypatch.setattr(integration_of(app), "parse_webhook", hear)

    def post(*what: Change, signature: str = "good", body: bytes = b"{}", key: str = "pretend") -> int:
        told[:] = what
        answer = app.test_client().post(f"/hub/webhooks/{key}", data=body, headers={"X-Signature": signature})
        assert answer.data == b""
        assert "Set-Cookie" not in answer.headers
        session().expire_all()
        return answer.status_code

    return post
