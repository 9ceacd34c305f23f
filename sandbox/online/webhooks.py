"""Send webhooks to an app: over real HTTP, signed, after the answer, as the real service does."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from http import HTTPStatus
from itertools import groupby
from typing import Any

import requests

from sandbox.online.storage import Entry, Session, Store, dumps

SHAPES = ("cloudevents", "legacy")

_FACT = "webhooks"
_TIMEOUT = 3.0
"""Seconds to wait for an app's answer."""

_AGAIN = (dt.timedelta(minutes=20), dt.timedelta(minutes=30), dt.timedelta(minutes=50))
_AGAIN_ON = frozenset({408, 500, 502, 503, 504})
"""After these statuses, or without an answer, an event is sent again after these delays by the sandbox's clock; after
the last delay, no more."""

_MOST = 1000
"""The most events in one call. The real service documents no limit."""

_PAST = {"Create": "created", "Update": "updated", "Delete": "deleted", "Merge": "merged", "Void": "voided"}


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """An app's subscription to webhooks, and faults to simulate.

    `url` and `token` (the verifier token) are the app's; `shape` is `cloudevents`, one array for all companies, or
    `legacy`. Every event is sent `copies` times. With `disorder` the latest event comes first, each in its own call.
    With `forged` the signature is made with a wrong token.
    """

    url: str
    token: str
    shape: str = "cloudevents"
    copies: int = 1
    disorder: bool = False
    forged: bool = False

    @classmethod
    def described(cls, words: Mapping[str, Any]) -> Subscription:
        """Return the subscription of a description. Raises ValueError if the description is not valid."""
        if unknown := set(words) - {one.name for one in fields(cls)}:
            raise ValueError(f"webhooks have no {', '.join(sorted(unknown))}")
        if not words.get("url") or not words.get("token"):
            raise ValueError("url and token are required")
        if words.get("shape", "cloudevents") not in SHAPES:
            raise ValueError(f"shape is one of {', '.join(SHAPES)}")
        return cls(**words)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A stored change that is to be sent to the app."""

    number: int
    id: str
    realm: str
    kind: str
    entry: str
    operation: str
    deleted: str | None
    at: str
    tries: int

    def moment(self, timespec: str) -> str:
        moment = dt.datetime.fromisoformat(self.at)
        return moment.astimezone(dt.UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def subscribe(session: Session, wanted: Subscription) -> None:
    """Send webhooks about every change from now on. This replaces an earlier subscription."""
    session.set_fact(_FACT, {one.name: getattr(wanted, one.name) for one in fields(wanted)})


def unsubscribe(session: Session) -> None:
    """Stop webhooks, and delete the waiting events."""
    session.forget(_FACT)
    session.connection.execute("DELETE FROM event")


def waiting(session: Session) -> int:
    """Return the number of events that are still to be sent."""
    return int(session.connection.execute("SELECT count(*) FROM event").fetchone()[0])


class Postman:
    """Sends the events to the app. It runs in its own thread, so that no answer of the API waits for the app."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._round = threading.Lock()
        self._closed = False
        self._line = requests.Session()
        self._line.trust_env = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the current call. Waiting events are sent when the sandbox is started again."""
        self._closed = True
        self._store.changed.set()
        self._thread.join()
        self._line.close()

    def deliver(self, *, early: bool = False) -> int:
        """Send the events that are due; with `early` all waiting ones, also those that are to be sent again later.
        Return the number of calls that the app accepted."""
        taken = 0
        with self._round:
            last = 0
            while not self._closed:
                with self._store.reading() as session:
                    words = session.fact(_FACT)
                    events = _due(session, last, early=early)
                if words is None or not events:
                    break
                last = events[-1].number
                wanted = Subscription(**words)
                calls = _calls(wanted, events)
                statuses = [self._post(wanted, call) for call in calls]
                self._settle(list(zip(calls, statuses, strict=True)))
                taken += sum(status < HTTPStatus.MULTIPLE_CHOICES for status in statuses)
        return taken

    def _run(self) -> None:
        while not self._closed:
            # The passing of time sets no event, so events that have become due are found by polling.
            self._store.changed.wait(5.0)
            self._store.changed.clear()
            self.deliver()

    def _post(self, wanted: Subscription, events: list[Event]) -> int:
        """Make one call. Return the status of its answer; without an answer, 408."""
        body = _body(wanted, events)
        try:
            answer = self._line.post(wanted.url, data=body, headers=_headers(wanted, body), timeout=_TIMEOUT)
        except requests.RequestException:
            return int(HTTPStatus.REQUEST_TIMEOUT)
        return answer.status_code

    def _settle(self, calls: list[tuple[list[Event], int]]) -> None:
        """Delete events that were sent or have no tries left, and schedule the others again: those with at least one
        copy that was answered with a status of `_AGAIN_ON`."""
        again = {event.number for events, status in calls for event in events if status in _AGAIN_ON}
        with self._store.writing() as session:
            for event in {one.number: one for events, _ in calls for one in events}.values():
                if event.number in again and event.tries < len(_AGAIN):
                    due = (session.now() + _AGAIN[event.tries]).isoformat()
                    session.connection.execute(
                        "UPDATE event SET tries = tries + 1, due = ? WHERE number = ?", (due, event.number)
                    )
                else:
                    session.connection.execute("DELETE FROM event WHERE number = ?", (event.number,))


def _due(session: Session, last: int, *, early: bool) -> list[Event]:
    names = ("number", "id", "realm", "kind", "entry", "operation", "deleted", "at", "tries")
    rows = session.connection.execute(
        "SELECT number, id, realm, kind, entry, operation, deleted, at, tries FROM event "
        "WHERE number > ? AND (? OR due <= ?) ORDER BY number LIMIT ?",
        (last, early, session.now().isoformat(), _MOST),
    )
    return [Event(**dict(zip(names, row, strict=True))) for row in rows]


def _calls(wanted: Subscription, events: list[Event]) -> list[list[Event]]:
    told = [event for event in events for _ in range(wanted.copies)]
    return [[event] for event in reversed(told)] if wanted.disorder else [told]


def _body(wanted: Subscription, events: list[Event]) -> bytes:
    if wanted.shape == "cloudevents":
        return dumps([_cloud_event(event) for event in events]).encode()
    realms = groupby(sorted(events, key=lambda event: event.realm), key=lambda event: event.realm)
    return dumps(
        {
            "eventNotifications": [
                {"realmId": realm, "dataChangeEvent": {"entities": [_legacy(event) for event in group]}}
                for realm, group in realms
            ]
        }
    ).encode()


def _cloud_event(event: Event) -> Entry:
    """Return one event of the array. For a merge, it has the id of the survivor and the deleted id."""
    done = _PAST.get(event.operation, event.operation.lower())
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": f"qbo.{event.kind.lower()}.{done}.v1",
        "datacontenttype": "application/json",
        "time": event.moment("microseconds"),
        "intuitentityid": event.entry,
        "intuitaccountid": event.realm,
        "data": {"deletedid": event.deleted} if event.deleted else {},
    }


def _legacy(event: Event) -> Entry:
    said = {"name": event.kind, "id": event.entry, "operation": event.operation}
    gone = {"deletedId": event.deleted} if event.deleted else {}
    return {**said, **gone, "lastUpdated": event.moment("milliseconds")}


def _headers(wanted: Subscription, body: bytes) -> dict[str, str]:
    token = secrets.token_hex(16) if wanted.forged else wanted.token
    signed = base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "intuit_notification_server/1.0",
        "intuit-signature": signed,
        "intuit-t-id": secrets.token_hex(16),
        "intuit-created-time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "intuit-notification-schema-version": "2.0" if wanted.shape == "cloudevents" else "1.0",
    }
