"""The commands that link the organization's companies with customers and vendors in the books."""

from __future__ import annotations

from hub import access, scope
from hub.access import Actor
from hub.books import links, suggestions
from hub.books.suggestions import Accepted, CompanyFilter
from hub.errors import ChangedMeanwhile, Forbidden, NotFound, NotPossible
from hub.extension import host
from hub.host import Company
from hub.models import Link
from hub.plugin import RecordKind, say
from hub.queue import commit, rollback


def link_company(
    actor: Actor, installation_id: int, kind: RecordKind, company_id: str, record_id: str, *, was: str
) -> str:
    """Link a company to a customer or vendor, and return that record's name.

    `was` is the record id that the user saw, empty for none. Raises `ChangedMeanwhile` if the link has been changed
    since, `NotPossible` for a record that is not active, `Forbidden` unless the actor sends or manages.
    """
    _lock_for_linking(actor, installation_id, company_id)
    _check_unchanged(links.find_link(installation_id, kind, company_id), {was, record_id})
    row = links.find_record(installation_id, kind, record_id)
    if row is None or not row.active:
        rollback()
        raise NotPossible(say("This entry is inactive. Choose another one."))
    links.link_company(installation_id, kind, company_id, row.ref, actor.user.name)
    commit()
    return row.name


def unlink_company(actor: Actor, installation_id: int, kind: RecordKind, company_id: str, *, was: str) -> None:
    """Remove the link of a company. `was` and the exceptions are as for `link_company`."""
    _lock_for_linking(actor, installation_id, company_id)
    _check_unchanged(links.find_link(installation_id, kind, company_id), {was, ""})
    links.unlink_company(installation_id, kind, company_id, actor.user.name)
    commit()


def accept_suggestion(actor: Actor, installation_id: int, kind: RecordKind, company_id: str, record_id: str) -> None:
    """Link a company to the suggested record. A company that is linked already stays so.

    Raises `NotPossible` if another record is suggested by now, `Forbidden` unless the actor manages.
    """
    access.managed_installation(actor, installation_id)
    company = _find_company(actor, company_id)
    scope.lock_installation(installation_id)
    (pair,) = suggestions.pair_companies(installation_id, kind, [company])
    if pair.link is None:
        if pair.suggestion is None or pair.suggestion.record.record_id != record_id:
            rollback()
            raise NotPossible(say("This suggestion has changed. Reload the page."))
        links.link_company(installation_id, kind, company_id, pair.suggestion.record.ref, actor.user.name)
    commit()


def accept_exact_matches(actor: Actor, installation_id: int, wanted: CompanyFilter) -> Accepted:
    """Link the next companies to the records with exactly their names. Call it again with `after` until that is empty.

    Raises `Forbidden` unless the actor manages.
    """
    access.managed_installation(actor, installation_id)
    done = suggestions.accept_all(installation_id, wanted, actor.user.name)
    commit()
    return done


def _lock_for_linking(actor: Actor, installation_id: int, company_id: str) -> None:
    """Lock an installation, after checking that the actor may link this company."""
    installation = scope.find_installation(actor.organization.id, installation_id)
    if not access.may_choose(actor, installation):
        raise Forbidden(say("You don’t have permission to link companies. Ask an admin."))
    _find_company(actor, company_id)
    if scope.lock_installation(installation_id).state not in access.SENDABLE:
        rollback()
        raise NotPossible(say("This integration is not connected."))


def _find_company(actor: Actor, company_id: str) -> Company:
    found = host().company(actor.organization.id, company_id)
    if found is None:
        raise NotFound(say("There is no such company."))
    return found


def _check_unchanged(now: Link | None, expected: set[str]) -> None:
    """Raise `ChangedMeanwhile` unless a company is linked to one of the expected records, so that no change is
    overwritten unseen."""
    if (now.record_id if now is not None else "") in expected:
        return
    sentence = say("Someone unlinked it in the meantime. Nothing was changed.") if now is None else say(
        "%(who)s linked it to “%(name)s” in the meantime. Nothing was changed.", who=now.linked_by, name=now.name
    )  # fmt: skip
    rollback()
    raise ChangedMeanwhile(sentence)
