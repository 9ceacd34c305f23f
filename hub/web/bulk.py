"""Sending many orders: the bar above a list of orders, the dialog, and the progress.

The request is stored, so that the page may be closed at once; anybody who opens the list sees the progress.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub import access
from hub.books import history
from hub.database import now
from hub.errors import Forbidden
from hub.extension import host, stuck_time
from hub.host import Order, Permission
from hub.integrations import registry
from hub.models import Bundle, Installation
from hub.orders import bundles, send_many
from hub.orders.send_many import OrderCheck, Readiness
from hub.plugin import Problem, document_kinds, say
from hub.translating import _
from hub.web import views
from hub.web.guard import actor, is_fragment, may_send, organization, requires
from hub.web.pages import redirect_to, render_fragment
from hub.web.sending import chosen_installation, visible_orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The ticked orders in the dialog: which are ready, and which are not and why."""

    checks: Sequence[OrderCheck]
    kinds: Sequence[str]
    offered: Mapping[str, str]
    too_many: int
    key: str

    def of(self, readiness: str) -> list[OrderCheck]:
        return [one for one in self.checks if one.readiness == readiness]

    @property
    def total(self) -> Decimal:
        return sum((one.order.total for one in self.of(Readiness.READY)), Decimal("0.00"))

    @property
    def entered(self) -> list[str]:
        """The names of new customers and vendors, each once."""
        return list(dict.fromkeys(name for one in self.checks for name in one.entered))


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTogether:
    """A bundle in the list of orders: who sent it, when, and how many of its orders are queued."""

    id: int
    by: str
    at: dt.datetime
    ago: str
    total: int
    left: int
    stands_still: bool

    @property
    def queued(self) -> int:
        return self.total - self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleStatus:
    """The progress of a bundle: the orders that were queued, with their status, and those that could not be sent and
    why."""

    together: SentTogether
    kinds: Sequence[str]
    orders: Sequence[views.OrderStatus]
    not_sent: Sequence[tuple[Order, Sequence[Problem]]]
    missing: int

    def count(self, tone: str) -> int:
        return sum(1 for one in self.orders if one.summary[1] == tone)

    @property
    def bad(self) -> int:
        return self.count("bad") + len(self.not_sent) + self.missing

    @property
    def moving(self) -> bool:
        return self.together.left > 0 or any(one.moving for one in self.orders)

    @property
    def percent(self) -> int:
        """The value of the progress bar: half of it for queueing, half for sending."""
        total = self.together.total
        return 100 * (self.together.queued + self.count("good") + self.bad) // max(1, 2 * total)


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/orders/bar", "orders_bar", orders_bar)
    blueprint.add_url_rule("/orders/send", "send_many", show_selection, methods=["GET", "POST"])
    blueprint.add_url_rule("/orders/sent", "press_send_many", press_send_many, methods=["POST"])
    blueprint.add_url_rule("/orders/sent", "sent_lately", sent_lately)
    blueprint.add_url_rule("/orders/sent/<int:bundle_id>", "sent_together", sent_together)


@requires(Permission.VIEW)
def orders_bar() -> ResponseReturnValue:
    """Return the bar above a list of orders, with the button that sends the ticked ones; empty for users who may not
    send. It says so if nothing is connected yet."""
    visible = access.find_sendable(actor())
    return render_fragment(
        "hub/orders_bar.html", title=_("Orders"), label=registry.label_of(visible[0].integration) if visible else "",
        bundles=_find_recent(), unconnected=not visible and may_send(),
    )  # fmt: skip


@requires(Permission.SEND)
def show_selection() -> ResponseReturnValue:
    """Return the dialog: which of the ticked orders are ready, need a choice, or are done. Sends nothing."""
    installation, ids = chosen_installation(), list(dict.fromkeys(request.values.getlist("id")))
    kinds = _read_kinds(installation)
    access.require_documents(installation, kinds)
    checks = send_many.check_orders(installation, ids[: send_many.MOST], kinds)
    asked = Selection(
        checks=checks, kinds=kinds, too_many=max(0, len(ids) - send_many.MOST), key=secrets.token_urlsafe(12),
        offered=_find_offered(installation),
    )  # fmt: skip
    return _show_dialog(installation, asked=asked)


@requires(Permission.SEND)
def press_send_many() -> ResponseReturnValue:
    """Store the request to send; workers do the rest."""
    installation, ids = chosen_installation(), list(dict.fromkeys(request.form.getlist("id")))[: send_many.MOST]
    kinds, key = _read_kinds(installation), request.form.get("key", "")[:64] or secrets.token_urlsafe(12)
    bundle = bundles.create_bundle(actor(), installation.id, ids, kinds, key)
    if not is_fragment():
        return redirect_to("hub.sent_together", bundle_id=bundle.id)
    dialog = _show_dialog(installation, followed=_build_status(bundle), pressed=True)
    # In the list, where nothing of these is left to do.
    unticked = [*ids, *request.form.getlist("done")[: send_many.MOST]]
    return cast(Response, make_response(dialog, trigger_after_settle={"hub-sent": {"ids": unticked}}))


@requires(Permission.SEND)
def sent_together(bundle_id: int) -> ResponseReturnValue:
    """Return the progress of a bundle; the page polls it while something moves."""
    bundle = bundles.find_bundle(organization().id, bundle_id)
    if not access.may_send(actor(), bundle.installation):
        raise Forbidden(say("You don’t have permission to send with this integration."))
    return _show_dialog(bundle.installation, followed=_build_status(bundle))


@requires(Permission.VIEW)
def sent_lately() -> ResponseReturnValue:
    """Return the recent bundles with their progress; empty for users who may not send."""
    return render_fragment("hub/orders_sent.html", title=_("Sent together"), bundles=_find_recent())


def _find_recent() -> list[SentTogether]:
    return [
        _build_sent_together(one) for one in bundles.find_recent_bundles(organization().id)
        if access.may_send(actor(), one.installation)
    ]  # fmt: skip


def _build_sent_together(bundle: Bundle) -> SentTogether:
    return SentTogether(
        id=bundle.id, by=bundle.sent_by, at=bundle.sent_at, ago=views.format_span(now() - bundle.sent_at),
        total=len(bundle.order_ids), left=len(bundle.left),
        stands_still=bundle.due_at is not None and now() - bundle.due_at > stuck_time(),
    )  # fmt: skip


def _show_dialog(
    installation: Installation, *, asked: Selection | None = None, followed: BundleStatus | None = None,
    pressed: bool = False,
) -> ResponseReturnValue:  # fmt: skip
    return render_fragment(
        "hub/bulk.html", title=_("Send orders"), installation=installation,
        label=registry.label_of(installation.integration), asked=asked, followed=followed, modal=is_fragment(),
        address=host().order_address, pressed=pressed,
    )  # fmt: skip


def _build_status(bundle: Bundle) -> BundleStatus:
    found = visible_orders(bundle.order_ids)
    kept: Mapping[str, Sequence[Problem]] = {
        order_id: problems for order_id, problems in bundles.problems_by_order(bundle).items()
        if not any(one.moved_at > bundle.sent_at for one in found.get(order_id, ()))  # Somebody has seen to it since.
    }  # fmt: skip
    orders = host().some_orders(bundle.organization_id, list(kept)) if kept else ()
    shown = [order_id for order_id in bundle.order_ids if order_id in found and order_id not in kept]
    standing = history.find_transactions(one for order_id in shown for one in found[order_id])
    return BundleStatus(
        together=_build_sent_together(bundle),
        kinds=[one for one in bundle.documents if one in bundle.installation.documents],
        not_sent=[(order, kept[order.id]) for order in orders],
        orders=[views.build_order_status(order_id, found[order_id], standing, ()) for order_id in shown],
        missing=len(kept) - len(orders),
    )  # fmt: skip


def _read_kinds(installation: Installation) -> list[str]:
    """Return the kinds of document that are ticked; at first only the first one that is offered: invoices."""
    ticked = request.values.getlist("documents")
    if not ticked and "within" not in request.values:
        return list(_find_offered(installation))[:1]
    return [key for key, kind in document_kinds().items() if key in ticked and not kind.sent_with]


def _find_offered(installation: Installation) -> dict[str, str]:
    """Return the kinds that can be ticked, by key, with their labels. Kinds that exclude each other share a tick box:
    each order is sent as the one that it is.
    """
    kinds = {key: kind for key, kind in document_kinds().items() if key in installation.documents}
    offered: dict[str, str] = {}
    for key, kind in kinds.items():
        if not kind.sent_with and not kind.excludes & offered.keys():
            others = [other.plural for name, other in kinds.items() if name in kind.excludes]
            offered[key] = " / ".join(map(_, (kind.plural, *others)))
    return offered
