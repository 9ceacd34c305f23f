"""The hub's state on the app, and the `HUB_*` configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Thread
from typing import Any, TypeAlias, cast

from cryptography.fernet import Fernet, MultiFernet
from flask import current_app

from hub.errors import NotConfigured
from hub.host import Host
from hub.plugin import Integration, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlugin:
    """A plugin that is installed and cannot be used; shown on the integrations page with its error."""

    key: str
    error: str


Post: TypeAlias = Callable[[EmailMessage], None]
"""The host's own way to send a mail. Called in a worker; if it raises, the mail is tried again later."""


@dataclass(slots=True, kw_only=True)
class Extension:
    """`app.extensions["hub"]`: the host, its way to send mail, the integrations that were found, the configuration."""

    host: Host
    post: Post | None = None
    integrations: Mapping[str, Integration]
    broken: tuple[BrokenPlugin, ...] = ()
    vault: MultiFernet | None = field(default=None, repr=False)
    abandoned: dict[str, list[Thread]] = field(default_factory=dict, repr=False)
    """Threads in which a plugin has hung, by the plugin's key."""
    silent_until: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)
    """When a plugin may be called again for what it hung over (`time.monotonic`), by its key and the hook's name."""


def current() -> Extension:
    """Return the hub of the current app."""
    return cast(Extension, current_app.extensions["hub"])


def host() -> Host:
    """Return the application around us."""
    return current().host


def vault() -> MultiFernet:
    """Return the keys for credentials: the first of `HUB_SECRET_KEYS` encrypts, all of them decrypt.

    `HUB_SECRET_KEYS` is a list, or a comma-separated string, of Fernet keys. Raises `NotConfigured` without any.
    """
    hub = current()
    if hub.vault is None:
        keys = current_app.config.get("HUB_SECRET_KEYS") or ()
        names = keys.split(",") if isinstance(keys, str) else keys
        if not names:
            raise NotConfigured("HUB_SECRET_KEYS is not set: credentials cannot be kept without a key.")
        hub.vault = MultiFernet([Fernet(name.strip()) for name in names])
    return hub.vault


def settings_of(integration: Integration) -> dict[str, str]:
    """Return the operator's settings of an integration by `Setting.name`. Raises `NotConfigured` naming what is
    missing."""
    prefix = f"HUB_{integration.key.upper()}_"
    found = {setting.name: _configured(prefix, setting) for setting in integration.settings}
    if missing := [prefix + name for name, value in found.items() if value is None]:
        raise NotConfigured(f"{integration.label} is not configured here yet: {', '.join(missing)} is missing.")
    return cast(dict[str, str], found)


def _configured(prefix: str, setting: Setting) -> str | None:
    value = current_app.config.get(prefix + setting.name, setting.default)
    return None if value is None else str(value)


def seconds(name: str, default: float) -> dt.timedelta:
    """Return a span of time from the configuration, which has it as a number of seconds."""
    value: Any = current_app.config.get(name, default)
    return dt.timedelta(seconds=float(value))


def lease_time() -> dt.timedelta:
    """Return how long a lease is valid without renewal: `HUB_LEASE_SECONDS`, 90."""
    return seconds("HUB_LEASE_SECONDS", 90)


def answer_time() -> dt.timedelta:
    """Return the timeout of a plugin while a page or a ledger waits: `HUB_ANSWER_SECONDS`, 5."""
    return seconds("HUB_ANSWER_SECONDS", 5)


def step_time() -> dt.timedelta:
    """Return the timeout of a plugin for a step of a conversation, for encoding a batch and for decoding an answer:
    `HUB_STEP_SECONDS`, 30."""
    return seconds("HUB_STEP_SECONDS", 30)


def sign_in_time() -> dt.timedelta:
    """Return the timeout of a plugin for authorizing, renewing and revoking: `HUB_SIGN_IN_SECONDS`, 30."""
    return seconds("HUB_SIGN_IN_SECONDS", 30)


def trip_time() -> dt.timedelta:
    """Return the timeout of a trip to the ledger, or of a call from it: `HUB_TRIP_SECONDS`, 70. It stays within a
    lease."""
    return seconds("HUB_TRIP_SECONDS", 70)


def linger_time() -> dt.timedelta:
    """Return how long a worker's process that has nothing to do waits for more, if no other job waits for it:
    `HUB_LINGER_SECONDS`, 20. Starting a process anew costs some tenths of a second."""
    return seconds("HUB_LINGER_SECONDS", 20)


def sweep_interval() -> dt.timedelta:
    """Return how often the scheduler looks for what is due: `HUB_SWEEP_SECONDS`, 15."""
    return seconds("HUB_SWEEP_SECONDS", 15)


def stuck_time() -> dt.timedelta:
    """Return how long a queued delivery may wait for a worker before pages say that sending is delayed:
    `HUB_STUCK_SECONDS`, 60."""
    return seconds("HUB_STUCK_SECONDS", 60)


def keep_alive() -> dt.timedelta:
    """Return how long credentials may stay unused before they are renewed: `HUB_KEEP_ALIVE_SECONDS`, seven days."""
    return seconds("HUB_KEEP_ALIVE_SECONDS", 7 * 86400)


def confirmation_time() -> dt.timedelta:
    """Return how long after a first refusal an authorization is tried again before it counts as lost, since an outage
    can look the same: `HUB_CONFIRM_SECONDS`, ten minutes."""
    return seconds("HUB_CONFIRM_SECONDS", 600)


def digest_hour() -> int:
    """Return the hour of the day (UTC) from which the daily digest is sent: `HUB_DIGEST_HOUR`, 7."""
    return int(current_app.config.get("HUB_DIGEST_HOUR", 7))


def patience_time() -> dt.timedelta:
    """Return how long an unreachable ledger is tried before a delivery stops: `HUB_PATIENCE_SECONDS`, three days."""
    return seconds("HUB_PATIENCE_SECONDS", 72 * 3600)
