"""Checks for operators: faults of processes, settings and plugins, each with its cure. Nothing is changed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

from cryptography.fernet import InvalidToken
from redis.exceptions import RedisError
from rq import Worker
from rq.cron import CronScheduler
from sqlalchemy import func, select, text

from hub import migrating, queue
from hub.books import mappings
from hub.database import now, session
from hub.dispatch import credentials, endpoints
from hub.dispatch.due import find_due_installations
from hub.errors import NotConfigured
from hub.extension import current, settings_of, vault
from hub.integrations import registry, timeouts
from hub.models import BatchRow, Delivery, Installation, Lease, LeaseKind, Listing
from hub.operations import health
from hub.plugin import Integration, IntegrationError, PushIntegration
from hub.states import BatchState, DeliveryState, InstallationState

_LONG = dt.timedelta(minutes=15)
"""After how long what should move by itself is called stuck."""

_SKEW = dt.timedelta(seconds=5)
"""Clocks that differ by more make leases end too soon or too late."""

_FULL = 0.9
"""The part of Redis' `maxmemory` from which on it is nearly full."""


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
    yield from _memory()
    yield from _clocks()
    yield from _check_plugins()
    if not migrating.is_current():
        what = "The hub's tables are not those of this version."
        yield Fault(code="tables-outdated", where="database", what=what, cure="flask hub upgrade")
        return
    yield from _leases()
    query = select(Installation).where(Installation.state != InstallationState.REMOVED).order_by(Installation.id)
    for installation in session().scalars(query).all():
        yield from _check_installation(installation)


def count_workers() -> int:
    """Return how many workers there are. Raises `RedisError`."""
    return sum(queue.NAME in one.queue_names() for one in Worker.all(connection=queue.connection()))


def schedulers() -> int:
    """Return how many schedulers have been heard of lately. Raises `RedisError`."""
    beats = [one.last_heartbeat for one in CronScheduler.all(queue.connection(), cleanup=False)]
    return sum(beat is not None and beat > now() - health.SWEPT_WITHIN for beat in beats)


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
        found, sweeping, last = count_workers(), schedulers(), queue.swept_at()
    except RedisError as error:
        yield Fault(
            code="redis-silent", where="redis", what=f"Redis does not answer: {error}",
            cure="Start it, or correct HUB_REDIS_URL. Nothing is lost meanwhile; nothing is sent either.",
        )  # fmt: skip
        return
    if not found:
        yield Fault(
            code="workers-missing", where="workers", what="No worker is running.", cure="Start `flask hub worker`."
        )
    if not sweeping:
        yield Fault(
            code="scheduler-missing", where="scheduler", what="No scheduler is running.",
            cure="Start one `flask hub scheduler`.",
        )  # fmt: skip
    elif found and health.is_late(last):
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
        yield Fault(
            code="sweep-missing", where="scheduler", what=f"No worker has looked for what is due {since}.",
            cure="Start more workers: those that run have no time. If they have, look at the scheduler's log.",
        )  # fmt: skip


def _memory() -> Iterator[Fault]:
    """Tell of a Redis that is nearly full, or that throws keys away when it is."""
    try:
        info = cast("dict[str, int | str]", queue.connection().info("memory"))
    except RedisError:  # Which is said already.
        return
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if most and used > _FULL * most:
        yield Fault(
            code="redis-full", where="redis", what=f"Redis uses {used:,} of {most:,} bytes.",
            cure="Raise maxmemory, or see what else is kept there. A full Redis wakes no worker.",
        )  # fmt: skip
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if most and policy != "noeviction":
        yield Fault(
            code="redis-evicts", where="redis", what=f"Redis deletes keys when it is full ({policy}).",
            cure="Set `maxmemory-policy noeviction`; otherwise rate limits and wakes get lost.",
        )  # fmt: skip


def _clocks() -> Iterator[Fault]:
    """Tell of clocks that differ from this machine's."""
    for name, behind in clock_skews().items():
        if abs(behind) > _SKEW:
            way = "behind" if behind > dt.timedelta(0) else "ahead of"
            yield Fault(
                code="clock-skew", where=name,
                what=f"Its clock is {abs(behind.total_seconds()):.0f} seconds {way} this machine's.",
                cure="Let both follow the same time server (NTP); leases and rate limits rest on the time.",
            )  # fmt: skip


def clock_skews() -> dict[str, dt.timedelta]:
    """Return by how much the clocks of the database and of Redis are behind this machine's. One that does not answer,
    or has no clock of its own (SQLite), is missing."""
    found = {}
    if session().get_bind().dialect.name == "postgresql":
        began = time.monotonic()
        theirs = cast(dt.datetime, session().scalar(text("SELECT clock_timestamp()")))
        found["database"] = now() - theirs - dt.timedelta(seconds=(time.monotonic() - began) / 2)
    try:
        began = time.monotonic()
        seconds, micros = queue.connection().time()
    except RedisError:
        return found
    there = dt.datetime.fromtimestamp(seconds, dt.UTC) + dt.timedelta(microseconds=micros)
    found["redis"] = now() - there - dt.timedelta(seconds=(time.monotonic() - began) / 2)
    return found


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
            cure="Tell its author what stands in the log: where it hangs. It is asked again by itself.",
        )  # fmt: skip


def _leases() -> Iterator[Fault]:
    """Tell of leases that a dead worker left behind where something is due. Those of idle installations do no harm."""
    query = select(Lease).where(Lease.kind == LeaseKind.DELIVERIES, Lease.until < now() - _LONG)
    stale = {one.installation_id: one for one in session().scalars(query)}
    for one in find_due_installations(list(stale)) if stale else ():
        lease = stale[one.id]
        yield Fault(
            code="lease-stale", where=f"{registry.label_of(one.product)} (installation {one.id})",
            what=f"Its worker has not been heard of since {lease.until:%Y-%m-%d %H:%M} UTC, and no other took over"
            f"{f'; {lease.deaths} in a row died of it' if lease.deaths else ''}.",
            cure="Start workers. If they run, look at their log: they have no time, or end before they get there.",
        )  # fmt: skip


def _check_installation(installation: Installation) -> Iterator[Fault]:
    where = f"{registry.label_of(installation.integration)} of {installation.organization_id}"
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
            credentials.connection_of(installation, integration)
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
    chosen = mappings.find_mappings(installation.id)
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
        yield "list-unreadable", what, "Press “Refresh” when that is cured."


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
            f"{_count_noun(doubt, 'delivery is', 'deliveries are')} in doubt: a worker ended on the way.",
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
