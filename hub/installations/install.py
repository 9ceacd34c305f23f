"""The commands of an installation: install, authorize, pause, test, uninstall."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from hub import access, scope
from hub.access import Actor
from hub.books import description
from hub.books.refresh import refresh_history, refresh_lists
from hub.database import changes_one, now, session
from hub.dispatch import credentials, endpoints
from hub.dispatch.outcomes import stop_delivery
from hub.errors import Forbidden, NotConfigured, NotFound, NotPossible
from hub.extension import current, settings_of, sign_in_time
from hub.host import Permission, User
from hub.integrations import registry, timeouts
from hub.integrations.crashes import log_crash
from hub.models import Authorization, BatchRow, Delivery, Installation, note_change
from hub.orders.cancel import can_cancel, give_up
from hub.plugin import (
    Ask,
    Attempt,
    Authorized,
    Field,
    Integration,
    IntegrationError,
    Problem,
    PullIntegration,
    PushIntegration,
    Redirect,
    Rejected,
    Unavailable,
    document_kinds,
    say,
)
from hub.queue import commit, rollback, wake
from hub.states import BatchState, DeliveryState, InstallationState, StopReason

_ATTEMPT = dt.timedelta(minutes=30)
"""How long an admin may take at the sign-in of the accounting product."""

_S = InstallationState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A step of an authorization that can no longer be used by another request, with what was kept for it."""

    installation: Installation
    state: str
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to the admin before an authorization continues. The answer comes with `state`."""

    field: Field
    state: str


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that has begun: its row, and its `state`, of which the row stores only a hash."""

    row: Authorization
    state: str

    @classmethod
    def begin(cls, installation: Installation, user: User) -> _Step:
        """Begin a step. Earlier, unfinished steps end, and what was kept for them is deleted."""
        unused = update(Authorization).where(
            Authorization.installation_id == installation.id, Authorization.used_at.is_(None)
        )
        session().execute(unused.values(used_at=now(), kept=""))
        state = random.token_urlsafe(32)
        row = Authorization(
            installation_id=installation.id, state_hash=_hash_state(state), user_id=user.id, user_name=user.name,
            expires_at=now() + _ATTEMPT,
        )  # fmt: skip
        session().add(row)
        return cls(row, state)

    def keep(self, words: Mapping[str, str]) -> None:
        self.row.kept = credentials.encrypt_words(words)


def install_integration(actor: Actor, key: str) -> Installation:
    """Create an installation, or return the one that was begun and never authorized.

    Raises `NotFound` for an integration that is not installed here, `NotConfigured` if the operator has not set it up,
    and, as every command here, `Forbidden` unless the actor manages.
    """
    actor.require(Permission.MANAGE)
    organization_id = actor.organization.id
    integration = registry.find_integration(key)
    settings_of(integration)
    existing = _find_existing(organization_id, key)
    if existing is not None:
        return existing
    fields = current().host.source_fields()
    begun = Installation(
        organization_id=organization_id, integration=key, installed_by=actor.user.name,
        documents=[kind for kind in document_kinds() if kind in integration.capabilities.documents],
        item_source=fields[0].key if fields else "",
    )  # fmt: skip
    session().add(begun)
    note_change(begun, "installed")
    try:
        commit()
    except IntegrityError:  # Somebody else pressed Install at the same moment.
        rollback()
    found = _find_existing(organization_id, key)
    assert found is not None
    if isinstance(integration, PullIntegration):
        endpoints.endpoint_for(found)
    return found


def start_authorization(actor: Actor, installation_id: int, return_url: str) -> str:
    """Begin an attempt to authorize, and return the address of the sign-in. Raises `NotPossible` or `IntegrationError`.
    """
    installation = access.managed_installation(actor, installation_id)
    integration = _push_integration(installation)
    step = _Step.begin(installation, actor.user)
    attempt = Attempt(
        settings=settings_of(integration), return_url=return_url, state=step.state, books_id=installation.books_id
    )
    commit()  # No transaction is open while the plugin may wait for the network.
    answer = _call_authorize(integration, attempt)
    if not isinstance(answer, Redirect):
        raise NotPossible(say("%(product)s did not say where to sign in.", product=integration.label))
    step.keep(answer.keep)
    commit()
    return answer.url


def _call_authorize(integration: PushIntegration, attempt: Attempt) -> Redirect | Ask | Authorized:
    """Return the plugin's next step. The caller checks its class. A plugin that hangs is `Unavailable`."""
    try:
        ask = partial(integration.authorize, attempt)
        return timeouts.call_within(integration.key, "authorize", sign_in_time(), ask)
    except timeouts.Hung as error:
        mark = log_crash(error)
        raise Unavailable(
            say(
                "%(product)s did not answer in time. Try again; if this continues, give your support the reference "
                "%(mark)s.",
                product=integration.label, mark=mark,
            )
        ) from error


def claim_attempt(actor: Actor, key: str, state: str) -> Claimed:
    """Use up the step with which the browser returns. Raises `NotPossible` if it belongs to another user, was used, or
    has expired."""
    actor.require(Permission.MANAGE)
    row = session().scalar(select(Authorization).where(Authorization.state_hash == _hash_state(state)))
    stranger = say("You didn’t start this sign-in here. Start again from the integrations page.")
    if row is None or row.user_id != actor.user.id or row.installation.integration != key:
        raise NotPossible(stranger)
    try:
        installation = scope.find_installation(actor.organization.id, row.installation_id)
    except NotFound:
        raise NotPossible(stranger) from None
    kept = credentials.decrypt_words(row.kept)
    fresh = update(Authorization).where(
        Authorization.id == row.id, Authorization.used_at.is_(None), Authorization.expires_at > now()
    )
    if not changes_one(fresh.values(used_at=now(), kept="")):
        rollback()
        raise NotPossible(say(
            "This sign-in was already used or took too long. Start again from the integrations page."
        ))
    commit()
    return Claimed(installation=installation, state=state, kept=kept)


def finish_authorization(
    actor: Actor, claimed: Claimed, return_url: str, answer: Mapping[str, str]
) -> Question | None:
    """Exchange the browser's parameters for credentials, store them, and begin to fetch from the books.

    Return a question if the admin has to choose first; its answer is claimed and finished in the same way. Raises
    `Rejected` (denied, or other books than before) or `Unavailable`; the installation is then unchanged.
    """
    installation = access.managed_installation(actor, claimed.installation.id)
    integration = _push_integration(installation)
    attempt = Attempt(
        settings=settings_of(integration), return_url=return_url, state=claimed.state, answer=answer,
        books_id=installation.books_id, kept=claimed.kept,
    )  # fmt: skip
    commit()  # No transaction is open while the network is waited for.
    try:
        authorized = _call_authorize(integration, attempt)
    except Rejected:
        note_change(installation, "refused")
        commit()
        raise
    if isinstance(authorized, Ask):
        step = _Step.begin(installation, actor.user)
        step.keep(authorized.keep)
        commit()
        return Question(field=authorized.question, state=step.state)
    if not isinstance(authorized, Authorized):
        raise NotPossible(say("%(product)s did not finish the authorization.", product=integration.label))
    if installation.books_id and authorized.books_id != installation.books_id:
        raise Rejected(Problem(
            code="other-books",
            what=say(
                "This connection belongs to %(books)s. You signed in to another company.",
                books=installation.books_name or installation.books_id,
            ),
            why=say("Another company has other customers, items and accounts."),
            cure=say("Sign in again and choose the same company. To use another company, uninstall and reconnect."),
        ))  # fmt: skip
    _store_authorization(installation, integration, actor.user, authorized)
    return None


def delete_expired_attempts() -> None:
    """Delete what was kept for steps that have expired. The caller commits."""
    session().execute(
        update(Authorization).where(Authorization.expires_at < now(), Authorization.kept != "").values(kept="")
    )


def pause_installation(actor: Actor, installation_id: int) -> None:
    """Send nothing until an admin resumes. A batch that is on its way is completed."""
    _change_state(actor, installation_id, _S.PAUSED)


def resume_installation(actor: Actor, installation_id: int) -> None:
    """Resume after a pause; everything that is queued is sent."""
    _change_state(actor, installation_id, _S.CONNECTED)


def check_connection(actor: Actor, installation_id: int) -> None:
    """Ask for the description of the books now, and try the open batches at once."""
    installation = scope.lock_installation(access.managed_installation(actor, installation_id).id)
    if installation.state is not _S.CONNECTED:
        raise NotPossible(say("Connect the integration before you test it."))
    installation.resume_at = None
    session().execute(
        update(BatchRow)
        .where(BatchRow.installation_id == installation.id, BatchRow.state == BatchState.OPEN)
        .values(due_at=now())
    )
    _begin_check(installation)
    commit()


def reload_lists(actor: Actor, installation_id: int) -> None:
    """Refresh all lists."""
    installation = scope.lock_installation(access.managed_installation(actor, installation_id).id)
    refresh_lists(installation, registry.find_integration(installation.integration))
    wake(installation.id)
    commit()


def reload_history(actor: Actor, installation_id: int) -> None:
    """Refresh the history of the books. Raises `Forbidden` unless the actor may see these books."""
    actor.require(Permission.VIEW)
    installation = scope.find_installation(actor.organization.id, installation_id)
    if not access.visibility_check(actor)(installation):
        raise Forbidden(say("You don’t have access to this accounting data."))
    refresh_history(installation.id)
    wake(installation.id)
    commit()


def remove_installation(actor: Actor, installation_id: int) -> None:
    """Uninstall: revoke the authorization, delete the credentials, cancel what has not been sent. History stays."""
    installation = scope.lock_installation(access.managed_installation(actor, installation_id).id)
    connection, integration = None, current().integrations.get(installation.integration)
    if isinstance(integration, PushIntegration) and installation.credential is not None:
        try:
            connection = credentials.connection_of(installation, integration)
        except (NotConfigured, IntegrationError) as error:
            log.warning("The authorization of installation %s cannot be given back: %s", installation_id, error)
    credentials.wipe_credentials(installation)
    endpoints.close_endpoint(installation)
    installation.move(_S.REMOVED)
    note_change(installation, "removed")
    _give_up_deliveries(installation_id)
    commit()
    if connection is not None and isinstance(integration, PushIntegration):
        try:
            handed = connection
            timeouts.call_within(integration.key, "revoke", sign_in_time(), lambda: integration.revoke(handed))
        except Exception as error:  # A plugin may do anything; it is uninstalled all the same.
            log.warning("The authorization of installation %s was not given back: %s", installation_id, error)


def _give_up_deliveries(installation_id: int) -> None:
    unfinished = (DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
    rows = session().scalars(
        select(Delivery).where(Delivery.installation_id == installation_id, Delivery.state.in_(unfinished))
    )
    for delivery in rows.all():
        if delivery.state not in unfinished:
            continue  # It was given up with what it waited for.
        if can_cancel(delivery):
            give_up(delivery)
        else:
            stop_delivery(delivery, StopReason.EXHAUSTED, Problem(
                code="uninstalled", what=say("The integration was uninstalled while this was being sent."),
                why=say("It may have arrived anyway."),
                cure=say("Check there before you send it again."),
            ))  # fmt: skip


def _store_authorization(
    installation: Installation, integration: Integration, user: User, authorized: Authorized
) -> None:
    installation = scope.lock_installation(installation.id, scope.PATIENT_SECONDS)  # The code of a sign-in works once.
    if installation.state is _S.REMOVED:
        rollback()
        raise NotPossible(say("This integration was uninstalled in the meantime."))
    credentials.store_credentials(installation, authorized)
    installation.books_id = authorized.books_id
    installation.authorized_by, installation.authorized_at = user.name, now()
    installation.trouble, installation.trouble_since, installation.resume_at = "", None, None
    if installation.state in {_S.PENDING, _S.EXPIRED}:
        installation.move(_S.CONNECTED)
    refresh_lists(installation, integration)
    _begin_check(installation)
    note_change(installation, "authorized")
    commit()


def _begin_check(installation: Installation) -> None:
    description.begin_check(installation)
    wake(installation.id)


def _change_state(actor: Actor, installation_id: int, to: InstallationState) -> None:
    installation = scope.lock_installation(access.managed_installation(actor, installation_id).id)
    if installation.state not in {_S.CONNECTED, _S.PAUSED} or installation.state is to:
        rollback()
        raise NotPossible(say("That isn’t possible right now."))
    installation.move(to)
    note_change(installation, "paused" if to is _S.PAUSED else "resumed")
    wake(installation.id)
    commit()


def _push_integration(installation: Installation) -> PushIntegration:
    integration = registry.find_integration(installation.integration)
    if not isinstance(integration, PushIntegration):
        raise NotPossible(say("%(product)s has no sign-in of its own.", product=integration.label))
    return integration


def _find_existing(organization_id: str, key: str) -> Installation | None:
    return next((one for one in scope.find_installations(organization_id) if one.integration == key), None)


def _hash_state(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
