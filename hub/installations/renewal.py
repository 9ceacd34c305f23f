"""Renewing unused authorizations, and checking whether one was revoked."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import ColumnElement, select

from hub import scope
from hub.database import now, session
from hub.dispatch import credentials, responses
from hub.errors import HubError
from hub.extension import current
from hub.integrations import timeouts
from hub.models import Credential, Installation
from hub.plugin import AuthorizationExpired, PushIntegration, Unavailable
from hub.queue import commit, rollback
from hub.states import InstallationState

_ALIVE = (InstallationState.CONNECTED, InstallationState.PAUSED)

log = logging.getLogger(__name__)


def find_due_renewals() -> list[int]:
    """Return the installations whose credentials are due for renewal, before they lapse or to confirm a loss. One
    query."""
    query = select(Installation.id).join(Credential).where(Credential.keep_at <= now(), *_is_renewable())
    return list(session().scalars(query))


def find_by_books(key: str, books_ids: Collection[str]) -> list[int]:
    """Return the installations of an integration that use one of these books, in any organization, to check them."""
    named = [one for one in books_ids if one]
    query = select(Installation.id).where(Installation.integration == key, Installation.books_id.in_(named))
    return list(session().scalars(query.where(*_is_renewable())))


def renew_credentials(installation_id: int) -> None:
    """Renew the credentials of an installation. A confirmed loss is stored; after other failures it is tried again."""
    installation = session().get(Installation, installation_id)
    integration = current().integrations.get(installation.integration) if installation else None
    if installation is None or not isinstance(integration, PushIntegration) or installation.state not in _ALIVE:
        return
    try:
        credentials.refresh_credentials(installation, integration)
    except AuthorizationExpired as error:
        responses.lose_authorization(scope.lock_installation(installation_id), str(error))
        commit()
    except (Unavailable, HubError, timeouts.Hung) as error:
        rollback()
        log.warning("The authorization of installation %s was not renewed: %s", installation_id, error)


def _is_renewable() -> tuple[ColumnElement[bool], ...]:
    pushes = [key for key, one in current().integrations.items() if isinstance(one, PushIntegration)]
    return Installation.state.in_(_ALIVE), Installation.integration.in_(pushes)
