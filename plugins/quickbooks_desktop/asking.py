"""The steps of a conversation with QuickBooks Desktop: send one request, return its rows or raise its failure."""

from __future__ import annotations

from typing import Any, TypeAlias

from hub.plugin import Conversation, Payload, Request, Sentence, UnexpectedAnswer
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


def write_row(name: Sentence, request: str, fields: Payload, subject: Sentence) -> Conversation[Row]:
    """Send a write and return the row that QuickBooks echoes. Raises the failure of a refused write."""
    reply = yield Request(name=name, payload=build_request(request, {request: fields}), writes=True)
    if failure := statuses.read_failure(reply.payload, subject):
        raise failure
    return find_echo(reply.payload, name)


def void_transaction(name: Sentence, kind: str, txn_id: str, subject: Sentence) -> Conversation[None]:
    """Void a transaction. The answer has nothing that we do not know, so it is not returned. Raises the failure of a
    refusal."""
    fields: Payload = {"TxnVoidType": kind, "TxnID": txn_id}
    reply = yield Request(name=name, payload=build_request("TxnVoid", fields), writes=True)
    if failure := statuses.read_failure(reply.payload, subject):
        raise failure


def find_echo(payload: Payload, name: Sentence) -> Row:
    """Return the one row in the answer to a write. Raises `UnexpectedAnswer` if there is not exactly one."""
    rows: list[Row] = payload["rows"]
    if len(rows) != 1:
        raise UnexpectedAnswer(f"QuickBooks did “{name}” and did not say what came of it.")
    return rows[0]
