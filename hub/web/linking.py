"""The dialog behind a company's QB button: its customer or vendor in the books, found by search."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub import access, scope
from hub.books import links, suggestions
from hub.books.search import search_records
from hub.errors import ChangedMeanwhile, Forbidden, NotFound, NotPossible
from hub.extension import host
from hub.host import Company, Permission
from hub.installations.linking import link_company, unlink_company
from hub.integrations import registry
from hub.models import Installation
from hub.plugin import RecordKind, say
from hub.translating import _
from hub.web import validation
from hub.web.choosing import hint_of
from hub.web.guard import actor, is_fragment, organization, requires, swap_target
from hub.web.pages import redirect_to, render_fragment


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/companies/<company_id>/link", "link", link)
    blueprint.add_url_rule("/companies/<company_id>/link", "change_link", change_link, methods=["POST"])


@requires(Permission.VIEW)
def link(company_id: str) -> ResponseReturnValue:
    """Return the dialog; for htmx only the search results, while the user types."""
    return _show_dialog(company_of(company_id), _chosen_books(), _read_kind())


@requires(Permission.VIEW)
def change_link(company_id: str) -> ResponseReturnValue:
    """Link to the chosen record, or unlink. A change that was made since the dialog was opened is shown first."""
    company, installation, kind = company_of(company_id), _chosen_books(), _read_kind()
    record_id, place = request.form.get("record_id", ""), request.form.get("place", "")
    was, done = request.form.get("was", ""), _("Unlinked.")
    try:
        if record_id:
            name = link_company(actor(), installation.id, kind, company_id, record_id, was=was)
            done = _("Linked to “%(name)s”.", name=name)
        else:
            unlink_company(actor(), installation.id, kind, company_id, was=was)
    except ChangedMeanwhile as error:
        return _show_dialog(company, installation, kind, sentence=_(str(error)), code=422)
    if not is_fragment():
        return redirect_to(
            "hub.link", company_id=company_id, installation=installation.id, kind=kind, place=place or None
        )
    if place == "tab":  # The dialog goes, and the row behind it shows the rest.
        return render_fragment(
            "hub/customers_row.html", title=company.name, installation_id=installation.id, kind=kind, focus=True,
            oob=True, pair=suggestions.pair_companies(installation.id, kind, [company])[0],
        )  # fmt: skip
    answer = _show_dialog(company, installation, kind, sentence=done)
    return cast(Response, make_response(answer, trigger_after_settle="hub-linked"))


def company_of(company_id: str) -> Company:
    """Return a company of the organization. Raises `NotFound`."""
    found = host().company(organization().id, company_id)
    if found is None:
        raise NotFound(say("There is no such company."))
    return found


def _show_dialog(
    company: Company, installation: Installation, kind: RecordKind, *, sentence: str = "", code: int = 200
) -> ResponseReturnValue:
    text = request.values.get("q", "")[:200].strip()
    (pair,) = suggestions.pair_companies(installation.id, kind, [company])
    found = search_records(installation.id, kind, text)
    rows = list(found.rows)
    suggestion = pair.suggestion if not text else None
    if suggestion is not None:
        rows = [suggestion.record, *(one for one in rows if one is not suggestion.record)]
    linked_ids = links.find_linked_ids(installation.id, kind, [one.record_id for one in rows])
    modal = is_fragment()
    template = {"hub-link-found": "link_found", "hub-link-body": "link_body"}.get(swap_target(), "link_dialog")
    title = _("Link %(company)s", company=company.name)
    return render_fragment(
        f"hub/{template if modal else 'link_body'}.html", title=title, code=code, company=company,
        installation=installation, product=registry.label_of(installation.integration), kind=kind,
        vendors=kind is RecordKind.VENDOR, pair=pair, found=found, rows=[(one, hint_of(one)) for one in rows],
        text=text, linked_ids=linked_ids,
        changes=links.find_link_changes(installation.id, kind, company.id), sentence=sentence, modal=modal,
        place=request.values.get("place", ""), same=suggestion.same if suggestion is not None else (),
        others=[one for one in _usable_installations() if one.id != installation.id],
    )  # fmt: skip


def _read_kind() -> RecordKind:
    return RecordKind.VENDOR if request.values.get("kind") == RecordKind.VENDOR else RecordKind.CUSTOMER


def _chosen_books() -> Installation:
    """Return the books that were asked for, else the first ones with which this user may link."""
    wanted = validation.read_number("installation")
    if wanted is not None:
        scope.find_installation(organization().id, wanted)
    elif not scope.find_installations(organization().id):
        raise NotPossible(
            say("No accounting product is connected yet. An admin connects one under Settings, Integrations.")
        )
    usable = [one for one in _usable_installations() if wanted in {None, one.id}]
    if not usable:
        raise Forbidden(say("You don’t have permission to link companies. Ask an admin."))
    return usable[0]


def _usable_installations() -> list[Installation]:
    return [
        one for one in scope.find_installations(organization().id)
        if one.state in access.SENDABLE and access.may_choose(actor(), one)
    ]  # fmt: skip
