"""The Details tab: access, allowed documents and options of an installation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub import access, scope
from hub.access import Actor
from hub.errors import ChangedMeanwhile, Incomplete
from hub.extension import host
from hub.integrations import registry
from hub.models import Installation, note_change
from hub.plugin import FieldKind, Integration, Problem, document_kinds, say
from hub.queue import commit, rollback


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The fields of the form. `who` is everyone, teams or users; `ids` are the chosen teams or users."""

    who: str
    ids: Sequence[str]
    documents: Sequence[str]
    item_source: str
    tax: str
    options: Mapping[str, str]
    billable: bool = False


def saved_details(installation: Installation, integration: Integration) -> Details:
    """Return the saved fields."""
    visible = installation.visible_to
    return Details(
        who=visible.get("who", ""), ids=tuple(visible.get("ids", ())), documents=tuple(installation.documents),
        item_source=installation.item_source, tax=installation.tax, billable=installation.billable,
        options={one.key: installation.options.get(one.key, one.default) for one in integration.options},
    )  # fmt: skip


def details_edition(details: Details) -> str:
    """Return a hash of the fields, with which a form notices that they were changed since it was opened."""
    asked = {key for key, kind in document_kinds().items() if not kind.sent_with}
    documents = sorted(asked.intersection(details.documents))
    said = replace(details, ids=sorted(details.ids), documents=documents, options=dict(sorted(details.options.items())))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def save_details(actor: Actor, installation_id: int, details: Details, *, seen: str = "") -> None:
    """Save the Details tab.

    `seen` is the edition that the user saw; without it, the saved one is replaced. Raises `ChangedMeanwhile` if another
    one has been saved since, `Incomplete` with a problem for each wrong field, `Forbidden` unless the actor manages.
    """
    installation = scope.lock_installation(access.managed_installation(actor, installation_id).id)
    integration = registry.find_integration(installation.integration)
    if seen and details_edition(saved_details(installation, integration)) not in {seen, details_edition(details)}:
        rollback()
        raise ChangedMeanwhile(say("Someone else saved this while you had it open. Nothing was changed."))
    if problems := _find_problems(installation, integration, details):
        rollback()
        raise Incomplete(*problems)
    known = set(integration.capabilities.documents)
    installation.visible_to = {"who": details.who, "ids": [] if details.who == "everyone" else list(details.ids)}
    installation.documents = [kind for kind in details.documents if kind in known]
    installation.item_source, installation.tax = details.item_source, details.tax
    installation.billable = details.billable
    installation.options = {option.key: details.options.get(option.key, "") for option in integration.options}
    note_change(installation, "settings")
    commit()


def _find_problems(installation: Installation, integration: Integration, details: Details) -> list[Problem]:
    """Return the problems of the fields."""
    problems = _visibility_problems(installation, details)
    sources = {field.key for field in host().source_fields()}
    if details.item_source not in sources:
        what = say("Choose where the item name comes from.")
        problems.append(Problem(code="item-source-missing", what=what, field="item_source"))
    for option in integration.options:
        value = details.options.get(option.key, "")
        if option.kind is FieldKind.CHOICE and value not in dict(option.choices):
            what = say("%(option)s: choose one from the list.", option=say(option.label))
            problems.append(Problem(code="not-a-choice", what=what, field=option.key))
    return problems


def _visibility_problems(installation: Installation, details: Details) -> list[Problem]:
    organization_id = installation.organization_id
    match details.who:
        case "everyone":
            return []
        case "teams":
            known = {team.id for team in host().teams(organization_id)}
        case "users":
            known = {user.id for user in host().users(organization_id)}
        case _:
            return [Problem(code="visibility-missing", what=say("Choose who may send."), field="who")]
    if not details.ids or not set(details.ids) <= known:
        return [Problem(
            code="visibility-empty",
            what=say("Choose at least one from the list."), why=say("Otherwise nobody could send."), field="ids"
        )]  # fmt: skip
    return []
