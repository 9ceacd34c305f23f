"""Who may do what: the one place where it is decided."""

from __future__ import annotations

from hub.errors import Forbidden
from hub.extension import host
from hub.host import Organization, Permission, User
from hub.models import Installation
from hub.plugin import DocumentKind


def require(user: User, permission: Permission, organization: Organization) -> None:
    """Raises `Forbidden` unless the host lets this user do this."""
    if not host().allows(user, permission, organization):
        raise Forbidden("You are not allowed to do this.")


def may_send(user: User, organization: Organization, installation: Installation) -> bool:
    """Whether a user may send with this installation: the host's permission, narrowed by "Visible to"."""
    return host().allows(user, Permission.SEND, organization) and is_visible(user, installation)


def is_visible(user: User, installation: Installation) -> bool:
    """Whether "Visible to" admits this user: everyone, the members of some teams, or some individuals."""
    ids = set(installation.visible_to.get("ids", ()))
    match installation.visible_to.get("who"):
        case "everyone":
            return True
        case "teams":
            return bool(ids & user.teams)
        case "users":
            return user.id in ids
    return False


def allows_document(installation: Installation, kind: DocumentKind) -> bool:
    """Whether the settings allow to send documents of this kind."""
    return kind in installation.documents
