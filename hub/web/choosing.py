"""Controls for choosing a record: a select for short lists, a combobox that searches long ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from hub import access, scope
from hub.books import links, mappings
from hub.books.search import SHOWN, search_records
from hub.errors import Forbidden
from hub.host import Permission
from hub.models import Installation, RecordRow
from hub.planning.tax import AS_ITEM, choice_of_code, code_in_choice
from hub.plugin import AccountKind, Integration, RecordKind, say
from hub.translating import _
from hub.web.addresses import own_path
from hub.web.guard import actor, is_fragment, organization, requires
from hub.web.pages import render_fragment


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """A control for one record. `always` are options before the records, whatever is searched; `address` is where the
    other records are searched, empty if all are here."""

    always: Sequence[tuple[str, str]] = ()
    entries: Sequence[tuple[str, str]] = ()
    chosen: str = ""
    address: str = ""


def build_chooser(
    installation: Installation, kind: RecordKind, chosen: str, *, always: Sequence[tuple[str, str]] = ()
) -> Chooser:
    """Return a control with the first records of a list and the `chosen` one (a value as in `value_of`). Three queries
    at most."""
    rows = list(search_records(installation.id, kind, "", limit=SHOWN + 1).rows)
    if chosen and chosen not in {value_of(row) for row in rows} | {value for value, _ in always}:
        row = links.find_record(installation.id, kind, code_in_choice(chosen))
        rows = [*rows[:SHOWN], *([row] if row is not None else []), *rows[SHOWN:]]
    return chooser_of_rows(installation, kind, rows, chosen, always=always)


def chooser_of_rows(
    installation: Installation, kind: RecordKind, rows: Sequence[RecordRow], chosen: str, *,
    always: Sequence[tuple[str, str]] = (), further: Sequence[tuple[str, str]] = (),
    accounts: Collection[AccountKind] = (),
) -> Chooser:  # fmt: skip
    """Return a control for records that are loaded already. Those beyond the first ones are searched."""
    shown = [row for place, row in enumerate(rows) if place < SHOWN or value_of(row) == chosen]
    address = url_for("hub.entries", installation_id=installation.id, kind=kind, account=sorted(accounts))
    return Chooser(
        always=always, entries=[*((value_of(row), row.label) for row in shown), *further], chosen=chosen,
        address=address if len(rows) > SHOWN else "",
    )  # fmt: skip


def tax_chooser(installation: Installation, integration: Integration, chosen: str) -> Chooser:
    """Return the control for the tax of an invoice: left to the books, as an item, or by a tax code where the books
    allow it."""
    product = integration.label.split()[0]
    always = [("", _("%(product)s default", product=product)), (AS_ITEM, _("Add total tax as an item"))]
    if not integration.capabilities.tax_by_code:
        return Chooser(always=always, chosen=chosen)
    return build_chooser(installation, RecordKind.TAX_CODE, chosen, always=always)


def account_chooser(installation: Installation, place: mappings.Choice, chosen: str = "") -> Chooser:
    """Return the control for a role."""
    return chooser_of_rows(
        installation, place.field.kind, place.candidates, chosen or (place.chosen.id if place.chosen else ""),
        always=[("", _("Choose…") if place.field.needed_for else _("None"))], accounts=place.field.accepts,
    )  # fmt: skip


def value_of(row: RecordRow) -> str:
    """Return the form value of a record. Tax codes have a prefix, because the tax control has other options, too."""
    return choice_of_code(row.record_id) if row.kind is RecordKind.TAX_CODE else row.record_id


def hint_of(row: RecordRow) -> str:
    """Return the email and phone of a record, by which users tell records of one name apart."""
    return " · ".join(part for part in (row.email, row.phone) if part)


def register(blueprint: Blueprint) -> None:
    kinds = ", ".join(RecordKind)
    blueprint.add_url_rule(f"/installations/<int:installation_id>/entries/<any({kinds}):kind>", "entries", entries)


@requires(Permission.VIEW)
def entries(installation_id: int, kind: str) -> ResponseReturnValue:
    """Return the search results of a list: as options for a combobox; without JavaScript as a page with links back to
    the form.

    `back` is the address of the form, and `name` the field to fill.
    """
    installation = scope.find_installation(organization().id, installation_id)
    if not access.may_choose(actor(), installation):
        raise Forbidden(say("You don’t have access to these lists."))
    accounts = {AccountKind(one) for one in request.args.getlist("account") if one in set(AccountKind)}
    text, name, back = request.args.get("q", "")[:200], request.args.get("name", ""), request.args.get("back", "")
    if back and not own_path(back):
        raise BadRequest("There is no such page.")
    found = search_records(installation_id, RecordKind(kind), text, accounts=accounts)
    lead = f"{back}{'&' if '?' in back else '?'}"
    rows = [(value_of(row), row.label, hint_of(row), lead + urlencode({name: value_of(row)})) for row in found.rows]
    return render_fragment(
        "hub/entries_found.html" if is_fragment() else "hub/entries.html", title=_("Choose an entry"),
        found=found, text=text, name=name, back=back, accounts=sorted(accounts), rows=rows,
    )  # fmt: skip
