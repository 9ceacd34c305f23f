"""Permissions: the only place that decides who may do what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hub import scope
from hub.errors import Forbidden, NotPossible
from hub.extension import host
from hub.host import Organization, Permission, User
from hub.models import Installation
from hub.plugin import RecordKind, kind_of, say
from hub.states import InstallationState

SENDABLE = frozenset({InstallationState.CONNECTED, InstallationState.EXPIRED, InstallationState.PAUSED})
"""The states of an installation in which something can be sent, if only to wait."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A user who acts for an organization. Every command is given an actor and checks it."""

    user: User
    organization: Organization

    def may(self, permission: Permission) -> bool:
        """Return True if the host lets this user do this."""
        return host().allows(self.user, permission, self.organization)

    def require(self, permission: Permission) -> None:
        """Raise `Forbidden` unless the host lets this user do this."""
        if not self.may(permission):
            raise Forbidden(say("You don’t have permission to do this. Ask an admin."))


def may_send(actor: Actor, installation: Installation) -> bool:
    """Return True if an actor may send with this installation: the host's permission, narrowed by "Visible to"."""
    return actor.may(Permission.SEND) and is_visible(actor.user, installation)


def find_sendable(actor: Actor) -> list[Installation]:
    """Return the installations with which an actor may send, oldest first. One that is paused or whose authorization is
    lost is among them: what is sent with it waits."""
    return [
        one for one in scope.find_installations(actor.organization.id)
        if one.state in SENDABLE and may_send(actor, one)
    ]  # fmt: skip


def choose_installation(actor: Actor, wanted: int | None) -> Installation:
    """Return the installation to send with: the one that is asked for, else the first that lets this actor send. Raises
    `NotFound`, `NotPossible` if there is none, `Forbidden` if there is one for others only."""
    organization_id = actor.organization.id
    if wanted is None:
        found = scope.find_installations(organization_id)
    else:
        found = [scope.find_installation(organization_id, wanted)]
    usable = [one for one in found if one.state in SENDABLE]
    if not usable:
        raise NotPossible(say(
            "No accounting product is connected yet. An admin connects one under Settings, Integrations."
        ))
    visible = [one for one in usable if may_send(actor, one)]
    if not visible:
        raise Forbidden(say("You don’t have permission to send with this integration. Ask an admin."))
    return visible[0]


def may_choose(actor: Actor, installation: Installation) -> bool:
    """Return True if an actor may see the lists of these books and link companies with them: who sends with them, or
    manages."""
    return actor.may(Permission.MANAGE) or may_send(actor, installation)


def is_left_out(actor: Actor, admits: Callable[[Actor, Installation], bool]) -> bool:
    """Return True if there are books, and none of them admits this actor. One query."""
    usable = [one for one in scope.find_installations(actor.organization.id) if one.state in SENDABLE]
    return bool(usable) and not any(admits(actor, one) for one in usable)


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


def visibility_check(actor: Actor) -> Callable[[Installation], bool]:
    """Return a function that tells whether an actor may see anything of an installation: "Visible to" admits the user,
    or the user manages."""
    manages = actor.may(Permission.MANAGE)
    return lambda installation: manages or is_visible(actor.user, installation)


def allows_document(installation: Installation, kind: str) -> bool:
    """Return True if the settings allow to send documents of this kind. Payments go with their invoices, and new
    records with the documents that need them."""
    return kind in set(RecordKind) or (kind_of(kind).sent_with or kind) in installation.documents


# ── What commands check ─────────────────────────────────────────────────────────────────────────────────────────────


def require_documents(installation: Installation, kinds: Iterable[str]) -> None:
    """Raise `Forbidden` unless the settings allow to send documents of all these kinds."""
    if not all(allows_document(installation, kind) for kind in kinds):
        raise Forbidden(say("Sending this kind of document is turned off in the settings."))


def require_send(actor: Actor, installation: Installation, kinds: Iterable[str]) -> None:
    """Raise `Forbidden` unless an actor may send documents of all these kinds with an installation."""
    actor.require(Permission.SEND)
    if not is_visible(actor.user, installation):
        raise Forbidden(say("You don’t have permission to send with this integration. Ask an admin."))
    require_documents(installation, kinds)


def managed_installation(actor: Actor, installation_id: int) -> Installation:
    """Return an installation of the actor's organization. Raises `Forbidden` unless the actor manages, `NotFound`."""
    actor.require(Permission.MANAGE)
    return scope.find_installation(actor.organization.id, installation_id)
