"""Send a write, and return what it became: the row that QuickBooks echoes, or else the one that is found in QuickBooks.

QuickBooks may carry a request out without an echo. Every `…AddRs` and `…ModRs` may have an `ErrorRecovery` alone, with
the id of what was written (Intuit's `qbxmlops130.xsd`); and after a warning, status 500 to 999, the request was
processed though its object is not returned (Intuit's status codes: 510 "unable to return object").
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.plugin import Conversation, Payload, Request, Sentence, UnexpectedAnswer, say
from quickbooks_desktop import matches, statuses
from quickbooks_desktop.asking import Row, query_rows
from quickbooks_desktop.qbxml import build_request

_CHANGES = "Mod"


def write_row(
    name: Sentence, request: str, fields: Payload, subject: Sentence, *, names: Mapping[str, str] | None = None
) -> Conversation[Row]:
    """Send a write and return its row. `names` are those of the entries that it refers to, by ListID.

    Raises the failure of a refused write; `UnexpectedAnswer` if there is no trace of one that QuickBooks says it did.
    """
    reply = yield Request(name=name, payload=build_request(request, {request: fields}), writes=True)
    answer = reply.payload
    failure = statuses.read_failure(answer, subject, request=request, names=names)
    if failure is not None and not statuses.is_warning(answer):
        raise failure
    if len(answer["rows"]) == 1:
        row: Row = answer["rows"][0]
        return row
    found = yield from _find_written(answer, request, fields, subject)
    if found is not None:
        return found
    raise failure or UnexpectedAnswer(f"QuickBooks did “{name}” and did not say what came of it.")


def void_transaction(name: Sentence, kind: str, txn_id: str, subject: Sentence) -> Conversation[None]:
    """Void a transaction. The answer has nothing that we do not know, so it is not returned. Raises the failure of a
    refusal."""
    fields: Payload = {"TxnVoidType": kind, "TxnID": txn_id}
    reply = yield Request(name=name, payload=build_request("TxnVoid", fields), writes=True)
    failure = statuses.read_failure(reply.payload, subject)
    if failure is None:
        return
    if not statuses.is_warning(reply.payload) or not (yield from matches.is_voided(kind, txn_id)):
        raise failure


def _find_written(answer: Payload, request: str, fields: Payload, subject: Sentence) -> Conversation[Row | None]:
    recovered = answer.get("recovery", {})
    query, element = matches.query_of(request)
    written = recovered.get(element) or (fields.get(element, "") if request.endswith(_CHANGES) else "")
    if not written:
        return (yield from matches.find_added(request, fields, answer.get("mark", "")))
    lines: Payload = {"IncludeLineItems": True} if element == "TxnID" else {}
    rows = yield from query_rows(say("look what was written"), query, {element: [written], **lines}, subject)
    row = next(iter(rows), None)
    if row is None or recovered or row["fields"].get("EditSequence") != fields["EditSequence"]:
        return row
    return None  # A change that was not made.
