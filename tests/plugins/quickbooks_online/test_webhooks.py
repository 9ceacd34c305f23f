"""What Intuit tells by itself: taken only with its signature, in both shapes, and never more than what it says."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from hub.plugin import Change, RecordKind, Rejected, TransactionKind
from quickbooks_online import QuickBooksOnline

TOKEN = "a verifier token"
REALM = "4620816365000000001"
QUICKBOOKS = QuickBooksOnline()


def hear(told: Any, *, token: str = TOKEN, known: str = TOKEN) -> list[Change]:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signature = base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()
    return list(QUICKBOOKS.parse_webhook(body, {"intuit-signature": signature}, {"VERIFIER_TOKEN": known}))


def event(kind: str, entry: str = "1", realm: str = REALM, **more: object) -> dict[str, object]:
    return {
        "specversion": "1.0", "id": "0", "type": kind, "intuitentityid": entry, "intuitaccountid": realm, "data": {},
        **more,
    }  # fmt: skip


def legacy(*entities: object, realm: str = REALM) -> dict[str, object]:
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}]}


CUSTOMER = Change(books_id=REALM, kind=RecordKind.CUSTOMER, id="1")
INVOICE = Change(books_id=REALM, kind=TransactionKind.INVOICE, id="9")
MERGED = Change(books_id=REALM, kind=RecordKind.CUSTOMER, id="61", merged=(("62", "61"),))


def test_cloud_events_of_several_companies_come_in_one_call() -> None:
    customer, invoice = event("qbo.customer.updated.v1"), event("qbo.invoice.voided.v1", "9")
    told = [customer, invoice, event("qbo.item.created.v1", realm="2")]
    assert hear(told) == [CUSTOMER, INVOICE, Change(books_id="2", kind=RecordKind.ITEM, id="1")]


@pytest.mark.parametrize("text", ["2026-11-24T09:08:07.654321Z", "2026-11-24T01:08:07.654321-08:00"])
def test_a_change_says_when_it_was(text: str) -> None:
    moment = dt.datetime(2026, 11, 24, 9, 8, 7, 654321, tzinfo=dt.UTC)
    assert hear([event("qbo.customer.updated.v1", time=text)]) == [replace(CUSTOMER, at=moment)]
    assert hear(legacy({"name": "Customer", "id": "1", "lastUpdated": text})) == [replace(CUSTOMER, at=moment)]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24T09:08:07", 7, None])
def test_a_moment_that_cannot_be_read_is_none(text: object) -> None:
    assert hear([event("qbo.customer.updated.v1", time=text)]) == [CUSTOMER]


def test_the_older_shape_says_the_same() -> None:
    told = legacy({"name": "Customer", "id": "1", "operation": "Update"}, {"name": "Invoice", "id": "9"})
    assert hear(told) == [CUSTOMER, INVOICE]


def test_a_merge_says_who_is_gone_and_who_remains() -> None:
    assert hear([event("qbo.customer.merged.v1", "61", data={"deletedid": "62"})]) == [MERGED]
    assert hear(legacy({"name": "Customer", "id": "61", "operation": "Merge", "deletedId": "62"})) == [MERGED]


def test_what_is_told_again_and_again_is_one_change() -> None:
    assert hear([event("qbo.customer.updated.v1")] * 10_000) == [CUSTOMER]


@pytest.mark.parametrize(
    ("token", "known"),
    [("another", TOKEN), ("", ""), ("", TOKEN), (" ", " , ")],
    ids=["another's", "none here", "an empty one", "blanks"],
)
def test_what_is_not_signed_with_our_token_is_refused(token: str, known: str) -> None:
    with pytest.raises(Rejected):
        hear([event("qbo.customer.updated.v1")], token=token, known=known)


def test_a_changed_byte_breaks_the_signature() -> None:
    body = json.dumps([event("qbo.customer.updated.v1")]).encode()
    signature = base64.b64encode(hmac.new(TOKEN.encode(), body, hashlib.sha256).digest()).decode()
    for headers in ({"intuit-signature": signature}, {"intuit-signature": "ü€"}, {}):
        with pytest.raises(Rejected):
            QUICKBOOKS.parse_webhook(body + b" ", headers, {"VERIFIER_TOKEN": TOKEN})


def test_while_the_token_is_changed_both_are_taken() -> None:
    assert hear([event("qbo.customer.updated.v1")], known=f"new one, {TOKEN}") == [CUSTOMER]


@pytest.mark.parametrize(
    "told",
    [
        b"", b"{not json", b"\xff\xfe", b"[" * 100_000, [], {}, [1, None, "x", []], 7, "text", None,
        [event("qbo.estimate.created.v1")], [event("")], [{"type": None}], [event("qbo.customer.merged.v1", realm="")],
        {"eventNotifications": {"realmId": REALM}}, {"eventNotifications": [1, {"dataChangeEvent": []}]},
        legacy({"name": "Estimate", "id": "1"}, 5), legacy({"name": ["Customer"]}),
    ],
)  # fmt: skip
def test_what_is_signed_and_says_nothing_that_we_know_changes_nothing(told: Any) -> None:
    assert hear(told) == []


def test_a_merge_that_does_not_say_who_is_gone_is_a_change_like_others() -> None:
    assert hear([event("qbo.customer.merged.v1", "1", data=None)]) == [CUSTOMER]
