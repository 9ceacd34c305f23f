"""The steps of a conversation with QuickBooks Desktop: send one request, return its rows or raise its failure."""

from __future__ import annotations

from typing import Any, TypeAlias

from hub.plugin import Conversation, Payload, Request, Sentence
from quickbooks_desktop import statuses
from quickbooks_desktop.qbxml import build_request

Row: TypeAlias = dict[str, Any]
"""A record or a transaction as QuickBooks returns it: `kind` is its element ("CustomerRet"), `fields` its contents."""


def query_rows(name: Sentence, query: str, fields: Payload, subject: Sentence) -> Conversation[list[Row]]:
    """Send a query and return its rows; an empty list if nothing was found. Raises the failure of a refused query."""
    reply = yield Request(name=name, payload=build_request(query, fields), writes=False)
    if reply.payload["status"] == statuses.NOT_FOUND:  # A query by name or number found nothing.
        return list(reply.payload["rows"])
    if failure := statuses.read_failure(reply.payload, subject):
        raise failure
    return list(reply.payload["rows"])
