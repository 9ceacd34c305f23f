"""Parse Intuit's webhooks: check the signature, and return what has changed in which company.

There are two formats. The newer one (CloudEvents, required since July 2026) is an array that mixes companies; the
older one has a list for each company. Neither contains the records, only their ids.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import simplejson

from hub.plugin import Change, Listed, Problem, Rejected, say
from quickbooks_online.history import CALLED
from quickbooks_online.lists import LISTS

KINDS: Mapping[str, Listed] = {
    **{one.called.lower(): kind for kind, one in LISTS.items()},
    **{called.lower(): kind for kind, (called, _) in CALLED.items()},
}
"""The kinds that we read, by Intuit's name in lower case. Events of other kinds are ignored."""


def parse_webhook(body: bytes, headers: Mapping[str, str], settings: Mapping[str, str]) -> Sequence[Change]:
    """Return the changes in a webhook's body. Raises `Rejected` if it is not signed with one of our verifier tokens, or
    if none is set."""
    tokens = [token.strip() for token in settings["VERIFIER_TOKEN"].split(",") if token.strip()]
    signature = headers.get("intuit-signature", "").encode("latin-1", "replace")
    if not any(hmac.compare_digest(signature, _signature(token, body)) for token in tokens):
        raise Rejected(Problem(what=say("This is not signed by Intuit."), code="signature-wrong"))
    try:
        told = simplejson.loads(body)
    except (ValueError, RecursionError):
        return ()
    return tuple(dict.fromkeys(_older(told) if isinstance(told, dict) else _newer(told)))


def _signature(token: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest())


def _newer(told: Any) -> Iterator[Change]:
    """Read `[{"type": "qbo.customer.merged.v1", "intuitentityid", "intuitaccountid", "time", "data": {"deletedid"}}]`.
    """
    for event in told if isinstance(told, list) else ():
        if isinstance(event, dict):
            _, kind, operation, *_ = f"{event.get('type')}...".split(".")
            data = event.get("data")
            gone = data.get("deletedid") or data.get("deletedId") if isinstance(data, dict) else None
            realm, entry, at = event.get("intuitaccountid"), event.get("intuitentityid"), event.get("time")
            yield from _change(realm, kind, operation, entry, gone=gone, at=at)


def _older(told: Mapping[str, Any]) -> Iterator[Change]:
    """Read `{"eventNotifications": [{"realmId", "dataChangeEvent": {"entities": [{"name", "id", "operation", …}]}}]}`.
    """
    for notification in _listed(told.get("eventNotifications")):
        changed = notification.get("dataChangeEvent")
        for entity in _listed(changed.get("entities") if isinstance(changed, dict) else None):
            kind, operation, gone = str(entity.get("name")), str(entity.get("operation")), entity.get("deletedId")
            realm, entry, at = notification.get("realmId"), entity.get("id"), entity.get("lastUpdated")
            yield from _change(realm, kind, operation, entry, gone=gone, at=at)


def _listed(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _change(realm: Any, kind: str, operation: str, entry: Any, *, gone: Any, at: Any) -> Iterator[Change]:
    known = KINDS.get(kind.lower())
    if known is not None and realm:
        merged = operation.lower() in {"merge", "merged"} and entry and gone
        yield Change(
            books_id=str(realm), kind=known, id=str(entry or ""), at=_moment(at),
            merged=((str(gone), str(entry)),) if merged else (),
        )  # fmt: skip


def _moment(text: Any) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
