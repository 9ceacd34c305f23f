"""How a conversation asks QuickBooks Desktop: a request in a message set, its rows or the failure that they mean."""

from __future__ import annotations

from typing import Any, TypeAlias

from hub.plugin import Conversation, Payload, Request, Sentence
from quickbooks_desktop import statuses
from quickbooks_desktop.qbxml import asked

Row: TypeAlias = dict[str, Any]
"""An entry or a transaction as QuickBooks writes it: `kind` is "CustomerRet", `fields` what it holds."""


class UnexpectedAnswer(Exception):
    """QuickBooks answered what its documentation does not foresee, and guessing would put wrong things in the books."""


def look(name: Sentence, query: str, fields: Payload, subject: Sentence) -> Conversation[list[Row]]:
    """Ask a query, which changes nothing, and give its rows; none if nothing was found. Raises what a refusal means."""
    reply = yield Request(name=name, payload=asked(query, fields), writes=False)
    if reply.payload["status"] == statuses.NOT_FOUND:  # Asked for by name or number, and not there.
        return list(reply.payload["rows"])
    if failure := statuses.failure(reply.payload, subject):
        raise failure
    return list(reply.payload["rows"])


def enter(name: Sentence, request: str, fields: Payload, subject: Sentence) -> Conversation[Row]:
    """Ask a write and give its row as the books echo it. Raises what a refusal means."""
    reply = yield Request(name=name, payload=asked(request, {request: fields}), writes=True)
    if failure := statuses.failure(reply.payload, subject):
        raise failure
    return echo(reply.payload, name)


def void(name: Sentence, kind: str, txn_id: str, subject: Sentence) -> Conversation[None]:
    """Ask to void a transaction. What QuickBooks answers holds nothing that we do not know. Raises what a refusal
    means."""
    fields: Payload = {"TxnVoidType": kind, "TxnID": txn_id}
    reply = yield Request(name=name, payload=asked("TxnVoid", fields), writes=True)
    if failure := statuses.failure(reply.payload, subject):
        raise failure


def echo(payload: Payload, name: Sentence) -> Row:
    """Return the one row that a write leaves behind."""
    rows: list[Row] = payload["rows"]
    if len(rows) != 1:
        raise UnexpectedAnswer(f"QuickBooks did “{name}” and did not say what came of it.")
    return rows[0]
