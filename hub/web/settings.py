"""Settings ▸ Integrations, and an installation's tabs Details and Accounts."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from hub.errors import Incomplete
from hub.extension import current, host
from hub.host import Permission
from hub.models import Installation
from hub.plugin import Problem
from hub.queue import commit, rollback
from hub.services import installing, mapping, options, registry, scope
from hub.web import choosing, views
from hub.web.guard import organization, requires, user
from hub.web.pages import go, show


def register(blueprint: Blueprint) -> None:
    for rule, view, methods in (
        ("/integrations", integrations, ["GET"]),
        ("/integrations", install, ["POST"]),
        ("/installations/<int:installation_id>/card", card, ["GET"]),
        ("/installations/<int:installation_id>/<any(pause, resume, test, reload):action>", act, ["POST"]),
        ("/installations/<int:installation_id>/uninstall", uninstall, ["GET", "POST"]),
        ("/installations/<int:installation_id>/details", details, ["GET", "POST"]),
        ("/installations/<int:installation_id>/accounts", accounts, ["GET", "POST"]),
        ("/installations/<int:installation_id>/lists", lists, ["GET"]),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)


@requires(Permission.MANAGE)
def integrations() -> ResponseReturnValue:
    """The integrations that can be added, and a card for each that is installed."""
    cards = [views.card(one) for one in scope.installations(organization().id)]
    return show(
        "hub/integrations.html", title="Integrations", cards=cards,
        available=current().integrations.values(), broken=current().broken,
        banners=views.banners(organization().id),
    )  # fmt: skip


@requires(Permission.MANAGE)
def install() -> ResponseReturnValue:
    """Begin an installation and go on to the sign-in."""
    installation = installing.install(organization(), user(), request.form.get("integration", ""))
    return go("hub.authorize", installation_id=installation.id)


@requires(Permission.MANAGE)
def card(installation_id: int) -> ResponseReturnValue:
    """One card; it polls while something of it moves."""
    return _card(installation_id)


@requires(Permission.MANAGE)
def act(installation_id: int, action: str) -> ResponseReturnValue:
    """The buttons of a card."""
    doing = {
        "pause": installing.pause, "resume": installing.resume, "test": installing.test, "reload": installing.reload,
    }[action]  # fmt: skip
    doing(organization().id, installation_id)
    return _card(installation_id)


@requires(Permission.MANAGE)
def uninstall(installation_id: int) -> ResponseReturnValue:
    """Ask, then uninstall."""
    installation = scope.installation(organization().id, installation_id)
    if request.method == "POST":
        installing.remove(organization().id, installation_id)
        return go("hub.integrations")
    return show("hub/uninstall.html", title="Uninstall", card=views.card(installation))


@requires(Permission.MANAGE)
def details(installation_id: int) -> ResponseReturnValue:
    """The Details tab."""
    installation = scope.installation(organization().id, installation_id)
    integration = registry.integration(installation.integration)
    if request.method == "GET":
        return _details(installation, saved=request.args.get("saved") == "1")
    wanted = options.Details(
        who=request.form.get("who", ""),
        ids=request.form.getlist(request.form.get("who", "") or "-"),
        documents=request.form.getlist("documents"),
        item_source=request.form.get("item_source", ""),
        tax=request.form.get("tax", ""),
        billable=bool(request.form.get("billable")),
        options={one.key: request.form.get(f"option-{one.key}", "") for one in integration.options},
    )
    try:
        options.save(installation, integration, wanted)
    except Incomplete as incomplete:
        rollback()
        return _details(scope.installation(organization().id, installation_id), incomplete.problems)
    commit()
    return go("hub.details", installation_id=installation_id, saved=1)


@requires(Permission.MANAGE)
def accounts(installation_id: int) -> ResponseReturnValue:
    """The Accounts tab."""
    installation = scope.installation(organization().id, installation_id)
    if request.method == "GET":
        return _accounts(installation, saved=request.args.get("saved") == "1")
    try:
        mapping.save(installation, registry.integration(installation.integration), request.form)
    except Incomplete as incomplete:
        rollback()
        return _accounts(installation, incomplete.problems)
    commit()
    return go("hub.accounts", installation_id=installation_id, saved=1)


@requires(Permission.MANAGE)
def lists(installation_id: int) -> ResponseReturnValue:
    """How far the lists are; polls while they load, and tells the page when they are there."""
    installation = scope.installation(organization().id, installation_id)
    return show("hub/lists.html", title="Lists", **views.lists(installation))


def _card(installation_id: int) -> ResponseReturnValue:
    installation = scope.installation(organization().id, installation_id)
    return show("hub/card.html", title="Integration", card=views.card(installation))


def _details(
    installation: Installation, problems: tuple[Problem, ...] = (), *, saved: bool = False
) -> ResponseReturnValue:
    integration = registry.integration(installation.integration)
    tax = choosing.tax_chooser(installation, integration, request.values.get("tax", installation.tax))
    return show(
        "hub/details.html", title=integration.label, code=422 if problems else 200, tab="details", saved=saved,
        card=views.card(installation), integration=integration, problems=problems, tax=tax,
        teams=host().teams(installation.organization_id), users=host().users(installation.organization_id),
        sources=host().source_fields(), **views.lists(installation),
    )  # fmt: skip


def _accounts(
    installation: Installation, problems: tuple[Problem, ...] = (), *, saved: bool = False
) -> ResponseReturnValue:
    integration = registry.integration(installation.integration)
    choices = mapping.choices(installation, integration)
    controls = {
        one.field.key: choosing.account_chooser(installation, one, request.values.get(one.field.key, ""))
        for one in choices
    }  # fmt: skip
    return show(
        "hub/accounts.html", title=integration.label, code=422 if problems else 200, tab="accounts", saved=saved,
        card=views.card(installation), choices=choices, controls=controls, problems=problems,
        **views.lists(installation),
    )  # fmt: skip


