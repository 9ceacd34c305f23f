"""The Activity tab: the deliveries of an installation, with their problems, requests and responses."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from flask import Blueprint, Response, request, stream_with_context
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub import access, scope
from hub.books import history
from hub.database import now
from hub.errors import Incomplete
from hub.extension import current, host
from hub.host import Permission
from hub.models import ConversationRow, Delivery, Exchange, Installation
from hub.orders import activity
from hub.orders.activity import ActivityFilter
from hub.orders.cancel import cancel_delivery, find_cancellable
from hub.orders.deliveries import count_stopped
from hub.orders.retry import retry_delivery
from hub.plugin import say
from hub.serialization import problems_of
from hub.states import ConversationState, DeliveryState
from hub.translating import _, ngettext
from hub.web import validation, views
from hub.web.guard import actor, is_fragment, organization, requires, swap_target
from hub.web.pages import PartialWork, redirect_to, render_fragment
from hub.web.sending import read_fix

FILTERS = {
    "": say("All"), "attention": say("Needs attention"), "moving": say("In progress"), "posted": say("Sent"),
    "cancelled": say("Cancelled"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery on the Activity tab."""

    status: views.DeliveryStatus
    sent_at: dt.datetime
    sent_by: str
    order_id: str
    order_address: str
    party: str
    amount: Decimal | None
    moving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An exchange, redacted: the request and the response, with the ledger's own reference."""

    row: Exchange
    asked: str
    asked_left_out: int
    answered: str
    answered_left_out: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation about a delivery, with its outcome."""

    begun_at: dt.datetime
    outcome: str
    messages: Sequence[Message]


def register(blueprint: Blueprint) -> None:
    path = "/installations/<int:installation_id>/activity"
    for rule, name, view, methods in (
        ("", "activity", show_activity, ["GET"]),
        ("/moved", "activity_moved", show_moved, ["GET"]),
        (".csv", "activity_csv", export_activity, ["GET"]),
        ("/retry", "retry_all", retry_all, ["POST"]),
        ("/<int:delivery_id>", "delivery", show_delivery, ["GET"]),
        ("/<int:delivery_id>/<any(retry, cancel):step>", "act_on_delivery", act_on_delivery, ["POST"]),
    ):
        blueprint.add_url_rule(path + rule, name, view, methods=methods)


@requires(Permission.MANAGE)
def show_activity(installation_id: int) -> ResponseReturnValue:
    """Return the tab; for htmx only the rows, if a filter, a search or another page was asked for."""
    installation = scope.find_installation(organization().id, installation_id)
    wanted = _read_filter()
    found = activity.list_deliveries(installation_id, wanted)
    rows = _build_rows(found.deliveries)
    only_rows = swap_target() == "hub-deliveries"
    return render_fragment(
        "hub/activity_rows.html" if only_rows else "hub/activity.html", title=_("Activity"), tab="activity",
        card=views.build_card(installation), rows=rows, found=found, more=found.more, wanted=wanted,
        filters={key: _(text) for key, text in FILTERS.items()},
        stopped=count_stopped(installation_id), acts=access.may_send(actor(), installation),
        **views.build_lists(installation),
    )  # fmt: skip


@requires(Permission.MANAGE)
def show_moved(installation_id: int) -> ResponseReturnValue:
    """Return the current state of rows that were moving. The page polls it until none of them is."""
    scope.find_installation(organization().id, installation_id)
    ids = _read_ids(request.args.getlist("id"))
    rows = _build_rows(activity.find_deliveries(installation_id, ids))
    shown = render_fragment(
        "hub/activity_moved.html", title=_("Activity"), rows=rows, installation_id=installation_id,
        stopped=count_stopped(installation_id),
    )  # fmt: skip
    return shown if all(row.moving for row in rows) else _announce_counts(shown)


@requires(Permission.MANAGE)
def export_activity(installation_id: int) -> ResponseReturnValue:
    """Return the filtered activity as a CSV file, streamed."""
    installation = scope.find_installation(organization().id, installation_id)
    name = f"activity-{installation.integration}-{now():%Y-%m-%d}.csv"
    lines = _csv_lines(installation_id, _read_filter())
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@requires(Permission.MANAGE)
def retry_all(installation_id: int) -> ResponseReturnValue:
    """Retry stopped deliveries, some at a time; the page continues by itself until all have been tried."""
    done = activity.retry_all(actor(), installation_id, _read_filter())
    again, still = _read_count("again") + done.again, _read_count("still") + done.still
    total = max(_read_count("total"), again + still) or count_stopped(installation_id) + done.again
    attention = ngettext("%(num)s still needs attention", "%(num)s still need attention", still) if still else ""
    sentence = ngettext("%(num)s is being sent again", "%(num)s are being sent again", again)
    work = PartialWork(
        title=_("Retry all"), sentence=", ".join(filter(None, (sentence, attention))) + ".", done=again + still,
        total=total, endpoint="hub.retry_all", values={"installation_id": installation_id},
        fields={"before": done.before, "again": again, "still": still, "total": total, "q": request.form.get("q", "")}
        if done.before is not None else None,
        back="hub.activity", back_text=_("To the activity"),
    )  # fmt: skip
    return render_fragment("hub/partial_work.html", title=_("Retry all"), work=work, modal=is_fragment())


@requires(Permission.MANAGE)
def show_delivery(installation_id: int, delivery_id: int) -> ResponseReturnValue:
    """Return a delivery with its exchanges; for htmx only the exchanges, inside its row."""
    delivery = activity.delivery_of(organization().id, installation_id, delivery_id)
    rows, older = activity.find_conversations(delivery)
    conversations = [_build_conversation(row, delivery.installation) for row in rows]
    whole = not is_fragment()
    return render_fragment(
        "hub/delivery.html", title=_(delivery.title), installation=delivery.installation, delivery=delivery,
        conversations=conversations, older=older, row=_build_rows([delivery])[0] if whole else None, whole=whole,
    )  # fmt: skip


@requires(Permission.MANAGE)
def act_on_delivery(installation_id: int, delivery_id: int, step: str) -> ResponseReturnValue:
    """Retry or cancel a delivery, and return its row."""
    delivery = activity.delivery_of(organization().id, installation_id, delivery_id)
    with contextlib.suppress(Incomplete):  # Its problems stand on the delivery now, and in its row.
        if step == "retry":
            retry_delivery(actor(), delivery_id, read_fix())
        else:
            cancel_delivery(actor(), delivery_id)
    if not is_fragment():
        return redirect_to("hub.delivery", installation_id=installation_id, delivery_id=delivery_id)
    (row,) = _build_rows([delivery])
    polled = {*_read_ids(request.form.getlist("moving")), *([delivery_id] if row.moving else ())}
    return _announce_counts(render_fragment(
        "hub/activity_acted.html", title=_(delivery.title), row=row, installation_id=installation_id, focus=True,
        polled=sorted(polled), stopped=count_stopped(installation_id),
    ))  # fmt: skip


def _announce_counts(fragment: ResponseReturnValue) -> ResponseReturnValue:
    """Return a fragment after which whatever on the page counts what needs attention loads itself again."""
    return cast(Response, make_response(fragment, trigger_after_settle="hub-counted"))


def _read_ids(values: Sequence[str]) -> list[int]:
    """Return the ids of deliveries that a page sends, at most as many as it shows."""
    ids = [int(one) for one in values if validation.is_number(one)]
    return ids[: activity.PER_PAGE]


def _read_filter() -> ActivityFilter:
    group, before = request.values.get("state", ""), validation.read_number("before")
    return ActivityFilter(
        group=group if group in FILTERS else "", text=request.values.get("q", "")[:200],
        before=before,
    )  # fmt: skip


def _read_count(name: str) -> int:
    """Return a count that the page carries along. It is only shown."""
    return validation.read_number(name) or 0


def _build_rows(deliveries: Sequence[Delivery]) -> list[Row]:
    """Return the rows of some deliveries of an installation, with the buttons that this person may press."""
    acts = bool(deliveries) and access.may_send(actor(), deliveries[0].installation)
    cancellable = find_cancellable(deliveries) if acts else ()
    statuses = views.build_delivery_statuses(deliveries, history.find_transactions(deliveries), cancellable)
    return [
        Row(
            status=replace(status, can_retry=status.can_retry and acts), sent_at=delivery.sent_at,
            sent_by=delivery.sent_by, order_id=delivery.order_id or "",
            order_address=host().order_address(delivery.order_id) if delivery.order_id else "",
            party=delivery.party, amount=views.document_amount(delivery), moving=views.is_moving(delivery),
        )
        for delivery, status in zip(deliveries, statuses, strict=True)
    ]  # fmt: skip


def _build_conversation(row: ConversationRow, installation: Installation) -> ConversationView:
    outcome = {
        ConversationState.OPEN: _("Not finished"), ConversationState.DONE: _("Done"),
        ConversationState.FAILED: _("Failed"),
    }[row.state]  # fmt: skip
    return ConversationView(
        begun_at=row.begun_at,
        outcome=_("%(outcome)s: %(why)s", outcome=outcome, why=_(row.outcome)) if row.outcome else outcome,
        messages=[_build_message(exchange, installation) for exchange in row.exchanges],
    )  # fmt: skip


def _build_message(row: Exchange, installation: Installation) -> Message:
    integration = current().integrations.get(installation.integration)
    asked, asked_left_out = activity.format_message(row.payload)
    answered, answered_left_out = activity.format_message(row.response)
    name = integration.capabilities.reference if integration is not None else ""
    return Message(
        row=row, asked=asked, asked_left_out=asked_left_out, answered=answered, answered_left_out=answered_left_out,
        reference=str((row.response or {}).get(name, "")) if name else "",
    )  # fmt: skip


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────────

_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n])")
"""Where a spreadsheet may begin to read a formula: also at a full-width sign, which some take for the plain one, and
after a semicolon, which separates cells where the comma is the decimal sign."""

_HEADS = (
    say("Sent"), say("By"), say("Order"), say("Document"), say("Customer or vendor"), say("State"),
    say("Accounting number"), say("Accounting total"), say("Problem"), say("What to do"),
)  # fmt: skip

_STATES = {
    DeliveryState.WAITING: say("waiting"), DeliveryState.QUEUED: say("queued"), DeliveryState.SENDING: say("sending"),
    DeliveryState.IN_DOUBT: say("checking"), DeliveryState.POSTED: say("sent"),
    DeliveryState.STOPPED: say("stopped"), DeliveryState.CANCELLED: say("cancelled"),
}  # fmt: skip


def _csv_lines(installation_id: int, wanted: ActivityFilter) -> Iterator[str]:
    yield "\ufeff" + _csv_line([_(head) for head in _HEADS])  # By this mark Excel knows that it is UTF-8.
    for delivery in activity.export_deliveries(installation_id, wanted):
        problems = problems_of(delivery.problems)
        total = delivery.posting_total
        yield _csv_line((
            f"{delivery.sent_at:%Y-%m-%d %H:%M}", delivery.sent_by, delivery.order_id or "", _(delivery.title),
            delivery.party, _(_STATES[delivery.state]), delivery.posting_number,
            "" if total is None else f"{total}", " ".join(_(one.what) for one in problems),
            " ".join(_(one.cure) for one in problems),
        ))  # fmt: skip


def _csv_line(cells: Sequence[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([_escape_formula(cell) for cell in cells])
    return file.getvalue()


def _escape_formula(cell: str) -> str:
    """Return a cell that no spreadsheet reads as a formula, because a formula could send away the data beside it."""
    return _FORMULA.sub(r"\1'", cell)
