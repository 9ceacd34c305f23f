"""The steps of connecting an installation with its books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.plugin.capabilities import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An admin's attempt to connect an installation, at one of its steps.

    First `answer` is None. After a `Redirect` it has the query parameters with which the browser came back to
    `return_url`, after an `Ask` the admin's choice, under the key of the question; the hub has then already checked
    that `state` is its own, unused, and of the same admin. `kept` is what the step before asked to keep. `books_id` is
    set when these books were connected before, so that the sign-in can be asked for the same ones.
    """

    settings: Mapping[str, str]
    return_url: str
    state: str
    answer: Mapping[str, str] | None = None
    books_id: str = ""
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send the admin's browser to `url`; it returns to `Attempt.return_url` with `state` among its parameters.

    Put into `keep` what the next step needs and the browser must not see, such as the verifier of PKCE (RFC 7636): it
    is encrypted, passed as `Attempt.kept` once, and deleted.
    """

    url: str
    keep: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask the admin to choose before the authorization continues: which of several books that the sign-in has opened
    are meant.

    `question` is a choice. `keep` is as with `Redirect`; here it may contain credentials.
    """

    question: Field
    keep: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDetails:
    """The connection details for the ledger of one installation: the URL of its `PullIntegration.endpoint`, a help page
    at the same host, its login, and how often it should call (in minutes)."""

    url: str
    support_url: str
    login: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that the admin opens at the other end. It holds no password."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """Access to the books. `credentials` are encrypted at rest and passed to `send` only, inside a `Connection`.

    `renew_at` is when they should be renewed before use. `expires_at` is when they expire without renewal; `ends_at` is
    the end that no renewal moves, before which an admin must authorize again. All with a time zone, None if never; an
    `ends_at` that a renewal does not return stays as it was.
    """

    books_id: str
    credentials: Mapping[str, str] = field(repr=False)
    renew_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The books, the credentials and the operator's settings, with which a plugin calls its ledger."""

    books_id: str
    credentials: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
