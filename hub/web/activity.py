"""The Activity tab: every delivery of an installation, what is in its way, and what was said about it."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, request, stream_with_context
from flask.typing import ResponseReturnValue

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
from hub.web import views
from hub.web.guard import actor, fills, is_fragment, organization, requires
from hub.web.pages import Going, go, show
from hub.web.sending import given

FILTERS = {
    "": say("All"), "attention": say("Needs attention"), "moving": say("On the way"), "posted": say("In the books"),
    "cancelled": say("Cancelled"),
}  # fmt: skip
_LARGEST = 2**31 - 1  # What a row's number can be on every database.


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery on the Activity tab."""

    line: views.StatusLine
    sent_at: dt.datetime
    sent_by: str
    order_id: str
    order_address: str
    party: str
    moving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An exchange, redacted: what was asked and what was answered, with the ledger's own reference."""

    row: Exchange
    asked: str
    asked_left_out: int
    answered: str
    answered_left_out: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation about a delivery, with how it ended."""

    begun_at: dt.datetime
    outcome: str
    messages: Sequence[Message]


def register(blueprint: Blueprint) -> None:
    path = "/installations/<int:installation_id>/activity"
    for rule, name, view, methods in (
        ("", "activity", page, ["GET"]),
        ("/moved", "activity_moved", moved, ["GET"]),
        (".csv", "activity_csv", export, ["GET"]),
        ("/retry", "retry_all", retry_all, ["POST"]),
        ("/<int:delivery_id>", "delivery", one, ["GET"]),
        ("/<int:delivery_id>/<any(retry, cancel):step>", "act_on_delivery", act, ["POST"]),
    ):
        blueprint.add_url_rule(path + rule, name, view, methods=methods)


@requires(Permission.MANAGE)
def page(installation_id: int) -> ResponseReturnValue:
    """Return the tab; for htmx, the rows alone where a filter, a word or another page was asked for."""
    installation = scope.installation(organization().id, installation_id)
    wanted = _wanted()
    found = activity.page(installation_id, wanted)
    rows = _rows(found.deliveries)
    only_rows = fills() == "hub-deliveries"
    return show(
        "hub/activity_rows.html" if only_rows else "hub/activity.html", title=_("Activity"), tab="activity",
        card=views.card(installation), rows=rows, found=found, more=found.more, wanted=wanted,
        filters={key: _(text) for key, text in FILTERS.items()},
        stopped=count_stopped(installation_id), acts=access.may_send(actor(), installation),
        **views.lists(installation),
    )  # fmt: skip


@requires(Permission.MANAGE)
def moved(installation_id: int) -> ResponseReturnValue:
    """Return how rows that were on their way are by now; polls until none of them is."""
    scope.installation(organization().id, installation_id)
    ids = [int(one) for one in request.args.getlist("id") if one.isascii() and one.isdecimal() and int(one) <= _LARGEST]
    rows = _rows(activity.some(installation_id, ids))
    return show("hub/activity_moved.html", title=_("Activity"), rows=rows, installation_id=installation_id)


@requires(Permission.MANAGE)
def export(installation_id: int) -> ResponseReturnValue:
    """Return what the filter and the search leave, as a file for a spreadsheet, written while it is read."""
    installation = scope.installation(organization().id, installation_id)
    name = f"activity-{installation.integration}-{now():%Y-%m-%d}.csv"
    lines = _csv(installation_id, _wanted())
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@requires(Permission.MANAGE)
def retry_all(installation_id: int) -> ResponseReturnValue:
    """Try again what has stopped, some at a time; the page asks for the next ones until all have been tried."""
    done = activity.retry_all(actor(), installation_id, _wanted())
    again, still = _number("again") + done.again, _number("still") + done.still
    total = max(_number("total"), again + still) or count_stopped(installation_id) + done.again
    attention = ngettext("%(num)s still needs attention", "%(num)s still need attention", still) if still else ""
    sentence = ngettext("%(num)s is on its way again", "%(num)s are on their way again", again)
    going = Going(
        title=_("Retry all"), sentence=", ".join(filter(None, (sentence, attention))) + ".", done=again + still,
        total=total, endpoint="hub.retry_all", values={"installation_id": installation_id},
        fields={"before": done.before, "again": again, "still": still, "total": total, "q": request.form.get("q", "")}
        if done.before is not None else None,
        back="hub.activity", back_text=_("To the activity"),
    )  # fmt: skip
    return show("hub/going.html", title=_("Retry all"), going=going, modal=is_fragment())


@requires(Permission.MANAGE)
def one(installation_id: int, delivery_id: int) -> ResponseReturnValue:
    """One delivery with its exchanges: for htmx these alone, which its row opens to."""
    delivery = activity.delivery_of(organization().id, installation_id, delivery_id)
    rows, older = activity.conversations(delivery)
    talks = [_talk(row, delivery.installation) for row in rows]
    whole = not is_fragment()
    return show(
        "hub/delivery.html", title=_(delivery.title), installation=delivery.installation, talks=talks, older=older,
        row=_rows([delivery])[0] if whole else None, whole=whole, delivery=delivery,
    )  # fmt: skip


@requires(Permission.MANAGE)
def act(installation_id: int, delivery_id: int, step: str) -> ResponseReturnValue:
    """Try a delivery again, or give it up; its row comes back as it is now."""
    delivery = activity.delivery_of(organization().id, installation_id, delivery_id)
    with contextlib.suppress(Incomplete):  # Its problems stand on the delivery now, and in its row.
        if step == "retry":
            retry_delivery(actor(), delivery_id, given())
        else:
            cancel_delivery(actor(), delivery_id)
    if not is_fragment():
        return go("hub.delivery", installation_id=installation_id, delivery_id=delivery_id)
    (row,) = _rows([delivery])
    return show(
        "hub/activity_row.html", title=_(delivery.title), row=row, installation_id=installation_id, focus=True
    )


def _wanted() -> ActivityFilter:
    group, before = request.values.get("state", ""), request.values.get("before", type=int)
    return ActivityFilter(
        group=group if group in FILTERS else "", text=request.values.get("q", "")[:200],
        before=before if before is None or 0 <= before <= _LARGEST else None,
    )  # fmt: skip


def _number(name: str) -> int:
    """Return a count that the page carries along; it is shown and nothing rests on it."""
    return max(0, min(_LARGEST, request.form.get(name, 0, type=int)))


def _rows(deliveries: Sequence[Delivery]) -> list[Row]:
    """Return the rows of some deliveries of an installation, with the buttons that this person may press."""
    acts = bool(deliveries) and access.may_send(actor(), deliveries[0].installation)
    lines = views.status_lines(deliveries, history.standing(deliveries), find_cancellable(deliveries) if acts else ())
    return [
        Row(
            line=replace(line, can_retry=line.can_retry and acts), sent_at=delivery.sent_at,
            sent_by=delivery.sent_by, order_id=delivery.order_id or "",
            order_address=host().order_address(delivery.order_id) if delivery.order_id else "",
            party=delivery.party, moving=views.is_moving(delivery),
        )
        for delivery, line in zip(deliveries, lines, strict=True)
    ]  # fmt: skip


def _talk(row: ConversationRow, installation: Installation) -> Talk:
    outcome = {
        ConversationState.OPEN: _("Not finished"), ConversationState.DONE: _("Done"),
        ConversationState.FAILED: _("Failed"),
    }[row.state]  # fmt: skip
    return Talk(
        begun_at=row.begun_at,
        outcome=_("%(outcome)s: %(why)s", outcome=outcome, why=_(row.outcome)) if row.outcome else outcome,
        messages=[_message(exchange, installation) for exchange in row.exchanges],
    )  # fmt: skip


def _message(row: Exchange, installation: Installation) -> Message:
    integration = current().integrations.get(installation.integration)
    asked, asked_left_out = activity.pretty(row.payload)
    answered, answered_left_out = activity.pretty(row.response)
    name = integration.capabilities.reference if integration is not None else ""
    return Message(
        row=row, asked=asked, asked_left_out=asked_left_out, answered=answered, answered_left_out=answered_left_out,
        reference=str((row.response or {}).get(name, "")) if name else "",
    )  # fmt: skip


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────────

_HEADS = (
    say("Sent"), say("By"), say("Order"), say("Document"), say("Customer or vendor"), say("State"),
    say("Number in the books"), say("Total there"), say("Problem"), say("What to do"),
)  # fmt: skip

_STATES = {
    DeliveryState.WAITING: say("waiting"), DeliveryState.QUEUED: say("queued"), DeliveryState.SENDING: say("sending"),
    DeliveryState.IN_DOUBT: say("in doubt"), DeliveryState.POSTED: say("posted"),
    DeliveryState.STOPPED: say("stopped"), DeliveryState.CANCELLED: say("cancelled"),
}  # fmt: skip


def _csv(installation_id: int, wanted: ActivityFilter) -> Iterator[str]:
    yield "\ufeff" + _line([_(head) for head in _HEADS])  # By this mark Excel knows that it is UTF-8.
    for delivery in activity.export(installation_id, wanted):
        problems = problems_of(delivery.problems)
        total = delivery.posting_total
        yield _line((
            f"{delivery.sent_at:%Y-%m-%d %H:%M}", delivery.sent_by, delivery.order_id or "", _(delivery.title),
            delivery.party, _(_STATES[delivery.state]), delivery.posting_number,
            "" if total is None else f"{total}", " ".join(_(one.what) for one in problems),
            " ".join(_(one.cure) for one in problems),
        ))  # fmt: skip


def _line(cells: Sequence[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([_harmless(cell) for cell in cells])
    return file.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a formula can send away what it reads.
    """
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
