"""The Customers tab: the organization's companies with their customers, or vendors, in the books."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from hub import scope
from hub.books import suggestions
from hub.books.suggestions import CompanyFilter
from hub.host import Permission
from hub.installations.linking import accept_exact_matches, accept_suggestion
from hub.integrations import registry
from hub.models import Installation
from hub.plugin import RecordKind, say
from hub.translating import _, ngettext
from hub.web import validation, views
from hub.web.guard import actor, is_fragment, organization, requires, swap_target
from hub.web.linking import company_of
from hub.web.pages import PartialWork, redirect_to, render_fragment

KINDS = {RecordKind.CUSTOMER: say("Customers"), RecordKind.VENDOR: say("Vendors")}
_BACK = {RecordKind.CUSTOMER: say("To the customers"), RecordKind.VENDOR: say("To the vendors")}


def register(blueprint: Blueprint) -> None:
    path = "/installations/<int:installation_id>/customers"
    blueprint.add_url_rule(path, "customers", show_customers)
    blueprint.add_url_rule(f"{path}/accept", "accept_all", accept_all, methods=["POST"])
    blueprint.add_url_rule(f"{path}/<company_id>/accept", "accept", accept, methods=["POST"])


@requires(Permission.MANAGE)
def show_customers(installation_id: int) -> ResponseReturnValue:
    """Return the tab; for htmx only the rows, if a filter, a search or another page was asked for."""
    installation = scope.find_installation(organization().id, installation_id)
    wanted = _read_filter(installation)
    pairs, after = suggestions.list_pairs(installation, wanted)
    return render_fragment(
        "hub/customers_rows.html" if swap_target() == "hub-companies" else "hub/customers.html",
        title=_(KINDS[wanted.kind]), tab="customers", card=views.build_card(installation), pairs=pairs, after=after,
        wanted=wanted, kinds=_linkable_kinds(installation), **views.build_lists(installation),
    )  # fmt: skip


@requires(Permission.MANAGE)
def accept(installation_id: int, company_id: str) -> ResponseReturnValue:
    """Link a company to the suggested record, and return its row."""
    installation = scope.find_installation(organization().id, installation_id)
    company, wanted = company_of(company_id), _read_filter(installation)
    accept_suggestion(actor(), installation_id, wanted.kind, company_id, request.form.get("record_id", ""))
    if not is_fragment():
        return redirect_to("hub.customers", installation_id=installation_id, kind=wanted.kind)
    (pair,) = suggestions.pair_companies(installation_id, wanted.kind, [company])
    return render_fragment(
        "hub/customers_row.html", title=_(KINDS[wanted.kind]), pair=pair, installation_id=installation_id,
        kind=wanted.kind, focus=True,
    )  # fmt: skip


@requires(Permission.MANAGE)
def accept_all(installation_id: int) -> ResponseReturnValue:
    """Link all companies with exact matches, some at a time; the page continues by itself until all are done."""
    installation = scope.find_installation(organization().id, installation_id)
    wanted = _read_filter(installation)
    done = accept_exact_matches(actor(), installation_id, wanted)
    linked, looked = _read_count("linked") + done.linked, _read_count("looked") + done.looked
    sentence = ngettext(
        "Linked %(count)s of %(looked)s companies.", "Linked %(count)s of %(looked)s companies.", linked,
        count=f"{linked:,}", looked=f"{looked:,}",
    )  # fmt: skip
    work = PartialWork(
        title=_("Accept all exact matches"), sentence=sentence, done=looked, total=done.total,
        endpoint="hub.accept_all", values={"installation_id": installation_id, "kind": wanted.kind},
        fields={"after": done.after, "linked": linked, "looked": looked, "q": wanted.text}
        if done.after else None,
        back="hub.customers", back_text=_(_BACK[wanted.kind]),
    )  # fmt: skip
    return render_fragment("hub/partial_work.html", title=work.title, work=work, modal=is_fragment())


def _linkable_kinds(installation: Installation) -> dict[RecordKind, str]:
    """Return the kinds of record that can be linked."""
    lists = registry.find_integration(installation.integration).capabilities.lists
    return {kind: _(text) for kind, text in KINDS.items() if kind in lists}


def _read_filter(installation: Installation) -> CompanyFilter:
    kinds, kind = _linkable_kinds(installation), request.values.get("kind", "")
    return CompanyFilter(
        kind=RecordKind(kind) if kind in kinds else RecordKind.CUSTOMER, text=request.values.get("q", "")[:200].strip(),
        unlinked=request.values.get("show") == "unlinked", after=request.values.get("after", "")[:64],
    )  # fmt: skip


def _read_count(name: str) -> int:
    """Return a count that the page carries along. It is only shown."""
    return validation.read_number(name) or 0
