"""Many orders at once: the bar above a list of orders, and the dialog that sends what is ticked in it.

Nothing of this is kept between two requests: the page carries along which orders are meant, a few are sent at a time,
and sending one twice is sending it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub.extension import host
from hub.host import Permission
from hub.models import Installation
from hub.plugin import DocumentKind
from hub.services import access
from hub.services.books import history
from hub.services.integrations import registry
from hub.services.sending import bulk
from hub.services.sending.bulk import Outlook, Readiness
from hub.translating import _
from hub.web import views
from hub.web.guard import is_fragment, organization, requires, user
from hub.web.pages import show
from hub.web.sending import chosen_installation, visible_orders

_OFFERED = (DocumentKind.INVOICE, DocumentKind.PURCHASE_ORDER, DocumentKind.BILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the dialog asks: which of the orders that were ticked are ready, and which are not and why."""

    outlooks: Sequence[Outlook]
    kinds: Sequence[str]
    offered: Sequence[str]
    too_many: int

    def of(self, readiness: str) -> list[Outlook]:
        return [one for one in self.outlooks if one.readiness == readiness]

    @property
    def total(self) -> Decimal:
        return sum((one.order.total for one in self.of(Readiness.READY)), Decimal("0.00"))

    @property
    def entered(self) -> list[str]:
        """The names of new customers and vendors, each once."""
        return list(dict.fromkeys(name for one in self.outlooks for name in one.entered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far the orders are: those that are not sent yet first (`left`), then on their way, then in the books."""

    ids: Sequence[str]
    left: Sequence[str]
    orders: Sequence[views.OrderStatus]
    unsent: Sequence[Outlook]

    def count(self, tone: str) -> int:
        return sum(1 for one in self.orders if one.summary[1] == tone)

    @property
    def moving(self) -> bool:
        return any(one.moving for one in self.orders)

    @property
    def percent(self) -> int:
        """Half of the bar is for queueing, half for the way into the books."""
        queued = len(self.orders) + len(self.unsent)
        return 100 * (queued + self.count("good") + self.count("bad") + len(self.unsent)) // max(1, 2 * len(self.ids))


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/orders/bar", "orders_bar", bar)
    blueprint.add_url_rule("/orders/send", "send_many", ask, methods=["GET", "POST"])
    blueprint.add_url_rule("/orders/send/some", "send_some", send_some, methods=["POST"])
    blueprint.add_url_rule("/orders/send/followed", "follow_many", follow, methods=["POST"])


@requires(Permission.VIEW)
def bar() -> ResponseReturnValue:
    """The bar above a list of orders, with the button that sends what is ticked; empty for who may not send."""
    visible = access.sendable(user(), organization())
    label = registry.label(visible[0].integration) if visible else ""
    return show("hub/orders_bar.html", title=_("Orders"), label=label)


@requires(Permission.SEND)
def ask() -> ResponseReturnValue:
    """What of the ticked orders is ready, what needs a choice first, what is there already. Sends nothing."""
    installation, ids = chosen_installation(), _ids("id")
    kinds = _kinds(installation)
    outlooks = bulk.look(installation, ids[: bulk.MOST], kinds)
    asked = Asked(
        outlooks=outlooks, kinds=kinds, too_many=max(0, len(ids) - bulk.MOST),
        offered=[kind for kind in _OFFERED if kind in installation.documents],
    )  # fmt: skip
    return _dialog(installation, asked=asked)


@requires(Permission.SEND)
def send_some() -> ResponseReturnValue:
    """Send the next few of the orders that are left, and go on by itself until none is."""
    installation, left = chosen_installation(), _ids("left")[: bulk.MOST]
    not_ready = bulk.send(installation, left[:bulk.AT_A_TIME], _kinds(installation), user())
    unsent = [*_ids("unsent"), *not_ready][: bulk.MOST]
    dialog = _dialog(installation, left=left[bulk.AT_A_TIME:], unsent=unsent)
    return cast(Response, make_response(dialog, trigger_after_settle="hub-sent"))


@requires(Permission.SEND)
def follow() -> ResponseReturnValue:
    """How far they are; asks again by itself while something moves."""
    return _dialog(chosen_installation(), left=(), unsent=_ids("unsent")[: bulk.MOST])


def _dialog(
    installation: Installation, *, asked: Asked | None = None, left: Sequence[str] = (), unsent: Sequence[str] = ()
) -> ResponseReturnValue:
    followed = None if asked is not None else _followed(installation, left, unsent)
    return show(
        "hub/bulk.html", title=_("Send orders"), installation=installation,
        label=registry.label(installation.integration),
        asked=asked, followed=followed, modal=is_fragment(),
        address=host().order_address, kinds=_kinds(installation), total=len(_ids("id")),
    )  # fmt: skip


def _followed(installation: Installation, left: Sequence[str], unsent: Sequence[str]) -> Followed:
    ids = _ids("id")[: bulk.MOST]
    waiting = {*left, *unsent}
    found = visible_orders([one for one in ids if one not in waiting])
    standing = history.standing(one for live in found.values() for one in live)
    return Followed(
        ids=ids, left=left,
        orders=[views.order_status(order_id, found[order_id], standing, ()) for order_id in ids if order_id in found],
        unsent=bulk.look(installation, unsent, _kinds(installation)) if unsent else (),
    )  # fmt: skip


def _ids(name: str) -> list[str]:
    return list(dict.fromkeys(request.values.getlist(name)))


def _kinds(installation: Installation) -> list[str]:
    """The kinds of document that are ticked; at first the invoices. Raises `Forbidden` for what may not be sent."""
    ticked = request.values.getlist("documents")
    if not ticked and "within" not in request.values:
        ticked = [DocumentKind.INVOICE] if DocumentKind.INVOICE in installation.documents else []
    kinds = [kind for kind in _OFFERED if kind in ticked]
    access.require_documents(installation, kinds)
    return [str(kind) for kind in kinds]
