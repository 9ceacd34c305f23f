"""Settings ▸ Integrations, and an installation's tabs Details and Accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub import scope
from hub.books import mappings
from hub.errors import ChangedMeanwhile, Incomplete
from hub.extension import current, host
from hub.host import Permission
from hub.installations import options
from hub.installations.accounts import accounts_edition, save_accounts, saved_accounts
from hub.installations.install import (
    check_connection,
    install_integration,
    pause_installation,
    reload_lists,
    remove_installation,
    resume_installation,
)
from hub.integrations import registry
from hub.models import Installation
from hub.plugin import Integration, Per, Problem, document_kinds, kinds_per, say
from hub.translating import _
from hub.web import choosing, views
from hub.web.guard import actor, organization, requires
from hub.web.pages import redirect_to, render_fragment

_WHO = {"everyone": say("Everyone"), "teams": say("Teams"), "users": say("Individuals")}


def register(blueprint: Blueprint) -> None:
    for rule, view, methods in (
        ("/integrations", integrations, ["GET"]),
        ("/integrations", install, ["POST"]),
        ("/installations/<int:installation_id>/card", card, ["GET"]),
        ("/installations/<int:installation_id>/<any(pause, resume, test, reload):action>",
         act_on_installation, ["POST"]),
        ("/installations/<int:installation_id>/uninstall", uninstall, ["GET", "POST"]),
        ("/installations/<int:installation_id>/details", details, ["GET", "POST"]),
        ("/installations/<int:installation_id>/accounts", accounts, ["GET", "POST"]),
        ("/installations/<int:installation_id>/lists", lists, ["GET"]),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)


@requires(Permission.MANAGE)
def integrations() -> ResponseReturnValue:
    """Return the integrations that can be added, and a card for each that is installed."""
    cards = [views.build_card(one) for one in scope.find_installations(organization().id)]
    return render_fragment(
        "hub/integrations.html", title=_("Integrations"), cards=cards,
        available=current().integrations.values(), broken=current().broken,
        banners=views.build_banners(organization().id),
    )  # fmt: skip


@requires(Permission.MANAGE)
def install() -> ResponseReturnValue:
    """Begin an installation, and go to the sign-in."""
    installation = install_integration(actor(), request.form.get("integration", ""))
    return redirect_to("hub.authorize", installation_id=installation.id)


@requires(Permission.MANAGE)
def card(installation_id: int) -> ResponseReturnValue:
    """Return a card; it polls while something of it moves."""
    return _show_card(installation_id)


@requires(Permission.MANAGE)
def act_on_installation(installation_id: int, action: str) -> ResponseReturnValue:
    """Do what a button of a card says, and return the card."""
    doing = {
        "pause": pause_installation, "resume": resume_installation, "test": check_connection, "reload": reload_lists,
    }[action]  # fmt: skip
    doing(actor(), installation_id)
    return _show_card(installation_id)


@requires(Permission.MANAGE)
def uninstall(installation_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then uninstall."""
    installation = scope.find_installation(organization().id, installation_id)
    if request.method == "POST":
        remove_installation(actor(), installation_id)
        return redirect_to("hub.integrations")
    return render_fragment("hub/uninstall.html", title=_("Uninstall"), card=views.build_card(installation))


@requires(Permission.MANAGE)
def details(installation_id: int) -> ResponseReturnValue:
    """Return the Details tab, or save it. Changes by others since the form was opened are shown before they are
    replaced."""
    installation = scope.find_installation(organization().id, installation_id)
    integration = registry.find_integration(installation.integration)
    if request.method == "GET":
        shown = options.saved_details(installation, integration)
        return _show_details(installation, shown, saved=request.args.get("saved") == "1")
    who = request.form.get("who", "")
    wanted = options.Details(
        who=who,
        ids=() if who == "everyone" else tuple(request.form.getlist(who or "-")),
        documents=tuple(request.form.getlist("documents")),
        item_source=request.form.get("item_source", ""),
        tax=request.form.get("tax", ""),
        billable=bool(request.form.get("billable")),
        options={one.key: request.form.get(f"option-{one.key}", "") for one in integration.options},
    )
    try:
        options.save_details(actor(), installation_id, wanted, seen=request.form.get("seen", ""))
    except ChangedMeanwhile:
        theirs = _describe_details(installation, integration, options.saved_details(installation, integration))
        changed = _find_differences(theirs, _describe_details(installation, integration, wanted))
        return _show_details(installation, wanted, changed=changed)
    except Incomplete as incomplete:
        return _show_details(installation, wanted, incomplete.problems)
    return redirect_to("hub.details", installation_id=installation_id, saved=1)


@requires(Permission.MANAGE)
def accounts(installation_id: int) -> ResponseReturnValue:
    """Return the Accounts tab, or save it. Changes by others since the form was opened are shown before they are
    replaced."""
    installation = scope.find_installation(organization().id, installation_id)
    if request.method == "GET":
        return _show_accounts(installation, saved=request.args.get("saved") == "1")
    try:
        save_accounts(actor(), installation_id, request.form, seen=request.form.get("seen", ""))
    except ChangedMeanwhile:
        integration = registry.find_integration(installation.integration)
        theirs = mappings.describe_choices(installation, integration, saved_accounts(installation))
        changed = _find_differences(theirs, mappings.describe_choices(installation, integration, request.form))
        return _show_accounts(installation, changed=changed)
    except Incomplete as incomplete:
        return _show_accounts(installation, incomplete.problems)
    return redirect_to("hub.accounts", installation_id=installation_id, saved=1)


def _find_differences(theirs: Mapping[str, str], mine: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the fields that differ between what others have saved since and this form: label, theirs and ours. Saving
    once more replaces theirs."""
    return [(_(label), now, mine.get(label, "")) for label, now in theirs.items() if now != mine.get(label, "")]


def _describe_details(installation: Installation, integration: Integration, details: options.Details) -> dict[str, str]:
    """Return the Details tab in words, field by field."""
    organization_id = installation.organization_id
    names = {one.id: one.name for one in host().teams(organization_id)} if details.who == "teams" else {}
    names |= {one.id: one.name for one in host().users(organization_id)} if details.who == "users" else {}
    who = ", ".join(names.get(one, one) for one in sorted(details.ids)) or _(_WHO.get(details.who, ""))
    return {
        _("Visible to"): who, _("Allow users to send"): ", ".join(_document_labels(details.documents).values()) or "–",
        _("Set customers as billable"): _("Yes") if details.billable else _("No"),
        _("Item name comes from"): details.item_source, _("Sales tax"): details.tax or "–",
        **{_(one.label): _(dict(one.choices).get(details.options[one.key], details.options[one.key])) or "–"
           for one in integration.options},
    }  # fmt: skip


@requires(Permission.MANAGE)
def lists(installation_id: int) -> ResponseReturnValue:
    """Return the progress of the lists; polls while they load, and tells the page when they are loaded."""
    found = views.build_lists(scope.find_installation(organization().id, installation_id))
    answer = render_fragment("hub/lists.html", title=_("Lists"), **found)
    return answer if found["loading"] else cast(Response, make_response(answer, trigger_after_settle="hub-loaded"))


def _show_card(installation_id: int) -> ResponseReturnValue:
    installation = scope.find_installation(organization().id, installation_id)
    return render_fragment("hub/card.html", title=_("Integration"), card=views.build_card(installation))


def _show_details(
    installation: Installation, shown: options.Details, problems: tuple[Problem, ...] = (), *, saved: bool = False,
    changed: Sequence[tuple[str, str, str]] = (),
) -> ResponseReturnValue:  # fmt: skip
    integration = registry.find_integration(installation.integration)
    tax = choosing.tax_chooser(installation, integration, request.values.get("tax", shown.tax))
    seen = options.details_edition(options.saved_details(installation, integration))
    return render_fragment(
        "hub/details.html", title=integration.label, code=422 if problems or changed else 200, tab="details",
        saved=saved, card=views.build_card(installation), integration=integration, problems=problems, tax=tax,
        shown=shown, changed=changed, seen=request.form.get("seen", seen) if problems else seen,
        teams=host().teams(installation.organization_id), users=host().users(installation.organization_id),
        sources=host().source_fields(), is_buying=bool(kinds_per(Per.VENDOR) & integration.capabilities.documents),
        documents=_document_labels(integration.capabilities.documents),
        **views.build_lists(installation),
    )  # fmt: skip


def _document_labels(kinds: Collection[str]) -> dict[str, str]:
    """Return the labels of the kinds that can be allowed, by key. A kind that goes with another one is not offered."""
    return {key: _(kind.plural) for key, kind in document_kinds().items() if key in kinds and not kind.sent_with}


def _show_accounts(
    installation: Installation, problems: tuple[Problem, ...] = (), *, saved: bool = False,
    changed: Sequence[tuple[str, str, str]] = (),
) -> ResponseReturnValue:  # fmt: skip
    integration = registry.find_integration(installation.integration)
    choices = mappings.list_choices(installation, integration)
    controls = {
        one.field.key: choosing.account_chooser(installation, one, request.values.get(one.field.key, ""))
        for one in choices
    }  # fmt: skip
    return render_fragment(
        "hub/accounts.html", title=integration.label, code=422 if problems or changed else 200, tab="accounts",
        saved=saved, card=views.build_card(installation), choices=choices, controls=controls, problems=problems,
        changed=changed, seen=accounts_edition(installation), **views.build_lists(installation),
    )  # fmt: skip
