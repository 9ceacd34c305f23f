"""The Details tab: who may send what with an installation, and how."""

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
    """What the form holds. `who` is everyone, teams or users; `ids` the chosen teams or users."""

    who: str
    ids: Sequence[str]
    documents: Sequence[str]
    item_source: str
    tax: str
    options: Mapping[str, str]
    billable: bool = False


def saved(installation: Installation, integration: Integration) -> Details:
    """Return the Details tab as it is saved."""
    visible = installation.visible_to
    return Details(
        who=visible.get("who", ""), ids=tuple(visible.get("ids", ())), documents=tuple(installation.documents),
        item_source=installation.item_source, tax=installation.tax, billable=installation.billable,
        options={one.key: installation.options.get(one.key, one.default) for one in integration.options},
    )  # fmt: skip


def edition(details: Details) -> str:
    """Return a mark of what the Details tab says, by which a form knows what it was opened with."""
    asked = {key for key, kind in document_kinds().items() if not kind.sent_with}
    documents = sorted(asked.intersection(details.documents))
    said = replace(details, ids=sorted(details.ids), documents=documents, options=dict(sorted(details.options.items())))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def save_details(actor: Actor, installation_id: int, details: Details, *, seen: str = "") -> None:
    """Save the Details tab.

    `seen` is the edition that the person saw; without it, whatever is saved is replaced. Raises `ChangedMeanwhile` if
    another one is saved by now, `Incomplete` with each field that needs putting right, `Forbidden` unless the actor
    manages.
    """
    installation = scope.lock(access.managed_installation(actor, installation_id).id)
    integration = registry.integration(installation.integration)
    if seen and edition(saved(installation, integration)) not in {seen, edition(details)}:
        rollback()
        raise ChangedMeanwhile(say("Somebody else saved this meanwhile. Nothing was changed."))
    if problems := _problems(installation, integration, details):
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


def _problems(installation: Installation, integration: Integration, details: Details) -> list[Problem]:
    """Return what of the Details tab needs putting right."""
    problems = _visibility_problems(installation, details)
    sources = {field.key for field in host().source_fields()}
    if details.item_source not in sources:
        what = say("Choose where the item name comes from.")
        problems.append(Problem(code="item-source-missing", what=what, field="item_source"))
    for option in integration.options:
        value = details.options.get(option.key, "")
        if option.kind is FieldKind.CHOICE and value not in dict(option.choices):
            what = say("%(option)s: choose one of the list.", option=say(option.label))
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
            what=say("Choose at least one of the list."), why=say("Otherwise nobody could send."), field="ids"
        )]  # fmt: skip
    return []
