"""The endpoint that a ledger polls: its address, login, password and connection file."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from functools import partial

from sqlalchemy import bindparam, select
from werkzeug.security import generate_password_hash

from hub import scope
from hub.database import execute_alone, now, session
from hub.errors import NotFound, NotPossible
from hub.extension import answer_time
from hub.integrations import registry, timeouts
from hub.models import Endpoint, Installation
from hub.plugin import Download, EndpointDetails, Integration, PullIntegration, say
from hub.queue import commit
from hub.states import InstallationState

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
"""The characters of a password: none that is taken for another one when it is typed off a screen."""

LENGTH = 12
"""Twelve of 56 characters are 69 bits: more than anybody guesses, at any speed (OWASP ASVS 5, 6.5.2)."""
_PERIODS = 3
_REMEMBERED = 60.0
_known: dict[str, tuple[float, tuple[int, str]]] = {}
"""Installation and integration by address, with the time of look-up. An address never moves; the endpoint of an
installation that was removed accepts no login and no ticket."""

_at = (
    select(Installation.id, Installation.integration)
    .join(Endpoint)
    .where(Endpoint.address == bindparam("here"), Installation.state != InstallationState.REMOVED)
)


def is_polling(installation: Installation) -> bool:
    """Return True if its ledger calls us. False also if its plugin is gone."""
    return installation.endpoint is not None


def endpoint_for(installation: Installation) -> Endpoint:
    """Return the endpoint of an installation, created at the first call.

    Raises `NotPossible` for a ledger that we call.
    """
    integration = _pulls(installation)
    row = installation.endpoint
    if row is None:
        row = Endpoint(installation=installation, address=secrets.token_urlsafe(24), login=_new_login(integration))
        session().add(row)
        commit()
    return row


def find_installation(address: str) -> tuple[int, str]:
    """Return the id of the installation at an address, and the key of its integration. Raises `NotFound`."""
    until, whose = _known.get(address, (0.0, (0, "")))
    if time.monotonic() < until:
        return whose
    found = execute_alone(_at, {"here": address})
    if found is None:
        raise NotFound(say("There is no installation at this address."))
    _known[address] = time.monotonic() + _REMEMBERED, (found[0], found[1])
    return found[0], found[1]


def password_edition(row: Endpoint) -> str:
    """Return which of the passwords that were made is the present one; empty before there is any."""
    return row.password_at.isoformat() if row.password_at else ""


def new_password(organization_id: str, installation_id: int, *, instead_of: str) -> str:
    """Return a new password for the ledger; the old one stops working. It is given here once, and kept as a hash.

    `instead_of` is the edition that is to be replaced. Raises `NotPossible` if that is not the present one any more:
    a page that is loaded again must not replace, unasked, the password that has just been pasted.
    """
    installation = scope.lock_installation(scope.find_installation(organization_id, installation_id).id)
    _pulls(installation)
    row = session().get_one(Endpoint, installation.id)
    if password_edition(row) != instead_of:
        raise NotPossible(say("A password has been made meanwhile. Generate another one only if that one is lost."))
    password = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    row.password_hash, row.password_at = generate_password_hash(password), now()
    row.refused, row.refused_at = 0, None
    commit()
    return password


def renew_login(organization_id: str, installation_id: int) -> None:
    """Give an endpoint another login; its session ends. Raises `NotPossible` for a ledger that we call."""
    installation = scope.lock_installation(scope.find_installation(organization_id, installation_id).id)
    integration = _pulls(installation)
    row = session().get_one(Endpoint, installation.id)
    row.login, row.ticket, row.ticket_until = _new_login(integration), None, None
    commit()


def _new_login(integration: Integration) -> str:
    return f"{integration.key.partition('_')[0]}-{secrets.token_hex(4)}"


def connection_file(installation: Installation, url: str, support_url: str) -> Download:
    """Return the file that tells the ledger where to call. Raises `Rejected` for an address that it would not call."""
    row = endpoint_for(installation)
    integration = _pulls(installation)
    way = EndpointDetails(url=url, support_url=support_url, login=row.login, minutes=row.minutes)
    ask = partial(integration.connection_file, way)
    return timeouts.call_within(integration.key, "connection_file", answer_time(), ask)


def next_call(row: Endpoint) -> dt.datetime | None:
    """Return when the next call can be expected; None before the first one."""
    return row.called_at + dt.timedelta(minutes=row.minutes) if row.called_at else None


def is_silent(row: Endpoint) -> bool:
    """Return True if a ledger that used to call has not done so for longer than three of its periods."""
    return row.called_at is not None and now() - row.called_at > _PERIODS * dt.timedelta(minutes=row.minutes)


def close_endpoint(installation: Installation) -> None:
    """Delete the endpoint of an installation: its address, login and password are refused from now on."""
    if installation.endpoint is not None:
        _known.pop(installation.endpoint.address, None)
    installation.endpoint = None


def _pulls(installation: Installation) -> PullIntegration:
    integration = registry.find_integration(installation.integration)
    if not isinstance(integration, PullIntegration):
        raise NotPossible(say("%(product)s does not call here.", product=integration.label))
    return integration
