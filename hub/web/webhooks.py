"""The endpoint for webhooks of ledgers."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from hub import events
from hub.books import webhooks
from hub.errors import HubError
from hub.plugin import Rejected
from hub.queue import rollback
from hub.web.guard import admits_anybody

_MOST = 8 * 1024 * 1024
"""Bytes of one call: some 25,000 events of QuickBooks Online."""


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/webhooks/<key>", "webhook", webhook, methods=["POST"])


@admits_anybody
def webhook(key: str) -> ResponseReturnValue:
    """Receive a webhook, and answer at once without content; with 401 if its signature is wrong."""
    request.max_content_length = _MOST
    try:
        headers = {name.lower(): value for name, value in request.headers}
        webhooks.receive_webhook(key, request.get_data(cache=False), headers)
    except RequestEntityTooLarge:
        return Response(status=413)
    except Rejected:
        rollback()
        events.emit(events.WEBHOOK, integration=key, outcome="unsigned")
        return Response(status=401)
    except HubError:
        rollback()
        return Response(status=404)
    return Response(status=200)
