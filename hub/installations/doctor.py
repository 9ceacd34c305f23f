"""Checks for operators: faults of processes, settings and plugins, each with its cure. Nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.fernet import InvalidToken
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import func, select

from hub import migrating, queue
from hub.books import mappings
from hub.database import now, session
from hub.dispatch import credentials, endpoints
from hub.errors import NotConfigured
from hub.extension import current, settings_of, sweep_interval, vault
from hub.integrations import registry, timeouts
from hub.models import BatchRow, Delivery, Installation, Listing
from hub.plugin import Integration, IntegrationError, PushIntegration
from hub.states import BatchState, DeliveryState, InstallationState

_LONG = dt.timedelta(minutes=15)
"""The time after which work that should move by itself is called stuck."""

_SWEEPS, _SOON = 3, dt.timedelta(minutes=1)
"""The number of sweep intervals, and the minimum time, after which a missing sweep is a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is wrong: where, what, and what to do. `code` stays the same when the texts are rewritten."""

    code: str
    where: str
    what: str
    cure: str


_Finding: TypeAlias = tuple[str, str, str]
"""The code, the text and the cure of a finding about an installation."""


def find_faults() -> Iterator[Fault]:
    """Yield all faults, the most fundamental first. Without tables of this version nothing after them can be checked.
    """
    yield from _check_keys()
    yield from _check_workers()
    yield from _check_plugins()
    if not migrating.is_current():
        what = "The hub's tables are not those of this version."
        yield Fault(code="tables-outdated", where="database", what=what, cure="flask hub upgrade")
        return
    query = select(Installation).where(Installation.state != InstallationState.REMOVED).order_by(Installation.id)
    for installation in session().scalars(query).all():
        yield from _check_installation(installation)


def count_workers() -> int:
    """Return how many workers there are. Raises `RedisError`."""
    return sum(queue.NAME in one.queue_names() for one in Worker.all(connection=queue.connection()))


def _check_keys() -> Iterator[Fault]:
    try:
        vault()
    except (NotConfigured, ValueError) as error:
        yield Fault(
            code="keys-unusable", where="configuration", what=f"HUB_SECRET_KEYS: {error}",
            cure="Set it to a key that `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'` prints, the same for all processes.",
        )  # fmt: skip


def _check_workers() -> Iterator[Fault]:
    try:
        found, last = count_workers(), queue.swept_at()
    except RedisError as error:
        yield Fault(
            code="redis-silent", where="redis", what=f"Redis does not answer: {error}",
            cure="Start it, or correct HUB_REDIS_URL. Nothing is lost meanwhile; nothing is sent either.",
        )  # fmt: skip
        return
    if not found:
        cure = "Start `flask hub worker`, and one `flask hub scheduler`."
        yield Fault(code="workers-missing", where="workers", what="No worker is running.", cure=cure)
    elif last is None or now() - last > max(_SWEEPS * sweep_interval(), _SOON):
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
        yield Fault(
            code="sweep-missing", where="scheduler", what=f"The scheduler has not run {since}.",
            cure="Start one `flask hub scheduler`. If it is running, the workers have no time: start more of them.",
        )  # fmt: skip


def _check_plugins() -> Iterator[Fault]:
    for broken in current().broken:
        yield Fault(
            code="plugin-broken", where=broken.key, what=f"The plugin cannot be loaded: {broken.error}",
            cure="Install a version of it that fits this hub, or remove it. The traceback is in the log of the start.",
        )  # fmt: skip
    for key in current().integrations:
        yield from _check_hangs(key)


def _check_hangs(key: str) -> Iterator[Fault]:
    try:
        told = timeouts.count_recent_hangs(key)
    except RedisError:  # Which is said already.
        return
    if told:
        questions = ", ".join(f"{what} ({times}×)" for what, times in sorted(told.items()))
        yield Fault(
            code="plugin-hung", where=key,
            what=f"The plugin has hung within the last day when it was asked for: {questions}.",
            cure="Send its author the log, which shows where it hangs. It is called again automatically.",
        )  # fmt: skip


def _check_installation(installation: Installation) -> Iterator[Fault]:
    where = f"{registry.label(installation.integration)} of {installation.organization_id}"
    told = [*_check_connection(installation), *_check_deliveries(installation)]
    integration = current().integrations.get(installation.integration)
    if integration is None:
        told.insert(0, (
            "plugin-missing", f"Its plugin {installation.integration} is not installed.",
            "Install it again and restart, and all goes on; or uninstall the integration on its page.",
        ))  # fmt: skip
    else:
        told += _check_plugin(installation, integration)
    yield from (Fault(code=code, where=where, what=what, cure=cure) for code, what, cure in told)


def _check_plugin(installation: Installation, integration: Integration) -> Iterator[_Finding]:
    try:
        settings_of(integration)
        if isinstance(integration, PushIntegration) and installation.credential is not None:
            credentials.connection(installation, integration)
    except NotConfigured as error:
        yield "setting-missing", str(error), "Set what is missing in the app's configuration, and restart."
    except InvalidToken:
        yield (
            "credentials-unreadable", "Its credentials cannot be decrypted with any of HUB_SECRET_KEYS.",
            "Add the key that they were encrypted with; if that is lost, an admin has to authorize again.",
        )
    except IntegrationError as error:
        yield "authorization-ended", str(error), "An admin has to authorize again."
    wanted = set(installation.documents)
    chosen = mappings.mapped(installation.id)
    for field in integration.mappings:
        if field.needed_for & wanted and field.key not in chosen and installation.state is InstallationState.CONNECTED:
            cure = "Choose it on the Accounts tab; until then nothing can be sent."
            yield "mapping-missing", f"“{field.label}” is not chosen.", cure


def _check_connection(installation: Installation) -> Iterator[_Finding]:
    if installation.state is InstallationState.EXPIRED:
        cure = "An admin has to authorize again; what waits then goes out by itself."
        yield "authorization-ended", "The authorization has ended.", cure
    if installation.state is InstallationState.PAUSED:
        yield "paused", "It is paused, and nothing is sent.", "An admin resumes it on its page."
    if installation.trouble:
        since = f" (since {installation.trouble_since:%Y-%m-%d %H:%M} UTC)" if installation.trouble_since else ""
        cure = "It is tried again by itself. If it stays, look at the ledger."
        yield "ledger-unavailable", f"{installation.trouble}{since}", cure
    if installation.endpoint is not None and endpoints.is_silent(installation.endpoint):
        yield (
            "connector-silent",
            f"Its ledger has not called since {installation.endpoint.called_at:%Y-%m-%d %H:%M} UTC.",
            "Start the connector on the bookkeeper's computer, and see that its automatic calls are on.",
        )
    for listing in session().scalars(
        select(Listing).where(Listing.installation_id == installation.id, Listing.problem != "")
    ):
        what = f"The list of {listing.kind}s cannot be read: {listing.problem}"
        yield "list-unreadable", what, "Correct that, then click “Refresh”."


def _check_deliveries(installation: Installation) -> Iterator[_Finding]:
    """Yield faults of deliveries: stopped, in doubt, and those that should move and do not."""
    is_ours = Delivery.installation_id == installation.id
    count = select(Delivery.reason, func.count()).where(is_ours, Delivery.state == DeliveryState.STOPPED)
    for reason, number in session().execute(count.group_by(Delivery.reason)):
        what = f"{_count_noun(number, 'delivery has', 'deliveries have')} stopped: {reason}."
        yield "stopped", what, "See Activity, Needs attention."
    long_ago = now() - _LONG
    doubt = session().scalar(select(func.count()).where(is_ours, Delivery.state == DeliveryState.IN_DOUBT)) or 0
    if doubt:
        yield (
            "in-doubt",
            f"{_count_noun(doubt, 'delivery is', 'deliveries are')} in doubt: a worker died while sending.",
            "A worker finds out what became of them; see that one is running.",
        )
    moving = Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.SENDING))
    stuck = session().scalar(select(func.count()).where(is_ours, moving, Delivery.moved_at < long_ago)) or 0
    if stuck and installation.state is InstallationState.CONNECTED:
        yield (
            "stuck",
            f"{_count_noun(stuck, 'delivery has', 'deliveries have')} not moved for a quarter of an hour.",
            "See that Redis, a worker and the scheduler are running, and what stands in the worker's log.",
        )
    is_parked = (BatchRow.installation_id == installation.id, BatchRow.state == BatchState.PARKED)
    parked = session().scalar(select(func.count()).where(*is_parked))
    if parked:
        what = f"{_count_noun(parked, 'batch waits', 'batches wait')} for a person."
        yield "batch-parked", what, "Retry it in Activity."


def _count_noun(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
