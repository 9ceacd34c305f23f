"""Who may do what: the one place where it is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hub import scope
from hub.errors import Forbidden, NotPossible
from hub.extension import host
from hub.host import Organization, Permission, User
from hub.models import Installation
from hub.plugin import RecordKind, kind_of, say
from hub.states import InstallationState

SENDABLE = frozenset({InstallationState.CONNECTED, InstallationState.EXPIRED, InstallationState.PAUSED})
"""The states of an installation in which something can be sent, if only to wait."""


def require(user: User, permission: Permission, organization: Organization) -> None:
    """Raises `Forbidden` unless the host lets this user do this."""
    if not host().allows(user, permission, organization):
        raise Forbidden(say("You are not allowed to do this."))


def may_send(user: User, organization: Organization, installation: Installation) -> bool:
    """Return True if a user may send with this installation: the host's permission, narrowed by "Visible to"."""
    return host().allows(user, Permission.SEND, organization) and is_visible(user, installation)


def sendable(user: User, organization: Organization) -> list[Installation]:
    """Return the installations with which a user may send, oldest first. One that is paused or whose authorization is
    lost is among them: what is sent with it waits."""
    return [
        one for one in scope.installations(organization.id)
        if one.state in SENDABLE and may_send(user, organization, one)
    ]  # fmt: skip


def where_to_send(user: User, organization: Organization, wanted: int | None) -> Installation:
    """Return the installation to send with: the one that is asked for, else the first that lets this user send. Raises
    `NotFound`, `NotPossible` if there is none, `Forbidden` if there is one for others only."""
    found = scope.installations(organization.id) if wanted is None else [scope.installation(organization.id, wanted)]
    usable = [one for one in found if one.state in SENDABLE]
    if not usable:
        raise NotPossible(say(
            "No accounting product is connected yet. An admin connects one under Settings, Integrations."
        ))
    visible = [one for one in usable if may_send(user, organization, one)]
    if not visible:
        raise Forbidden(say("The settings do not let you send with this integration. Ask an admin."))
    return visible[0]


def may_choose(user: User, organization: Organization, installation: Installation) -> bool:
    """Return True if a user may see the lists of these books and link companies with them: who sends with them, or
    manages."""
    return host().allows(user, Permission.MANAGE, organization) or may_send(user, organization, installation)


def is_left_out(
    user: User, organization: Organization, admits: Callable[[User, Organization, Installation], bool]
) -> bool:
    """Return True if there are books, and none of them admits this user. One query."""
    usable = [one for one in scope.installations(organization.id) if one.state in SENDABLE]
    return bool(usable) and not any(admits(user, organization, one) for one in usable)


def is_visible(user: User, installation: Installation) -> bool:
    """Return True if "Visible to" admits this user: everyone, the members of some teams, or some individuals."""
    ids = set(installation.visible_to.get("ids", ()))
    match installation.visible_to.get("who"):
        case "everyone":
            return True
        case "teams":
            return bool(ids & user.teams)
        case "users":
            return user.id in ids
    return False


def sight(user: User, organization: Organization) -> Callable[[Installation], bool]:
    """Of which of the organization's installations a user may see anything: those that "Visible to" admits, and for
    who manages them all.
    """
    manages = host().allows(user, Permission.MANAGE, organization)
    return lambda installation: manages or is_visible(user, installation)


def allows_document(installation: Installation, kind: str) -> bool:
    """Return True if the settings allow to send documents of this kind. Payments go with their invoices, and new
    records with the documents that need them."""
    return kind in set(RecordKind) or (kind_of(kind).sent_with or kind) in installation.documents


def require_documents(installation: Installation, kinds: Iterable[str]) -> None:
    """Raises `Forbidden` unless the settings allow to send documents of all these kinds."""
    if not all(allows_document(installation, kind) for kind in kinds):
        raise Forbidden(say("The settings do not allow to send this kind of document."))
