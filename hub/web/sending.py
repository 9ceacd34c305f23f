"""The send dialog, and the fragments that follow an order into the books."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub import access, scope
from hub.books import history
from hub.dispatch import polling
from hub.errors import Incomplete, NotFound
from hub.extension import host
from hub.host import Order, Permission
from hub.models import Delivery, Installation
from hub.orders import bundles, habits
from hub.orders.cancel import cancel_delivery, confirm_deleted
from hub.orders.context import load_context
from hub.orders.deliveries import deliveries_of_orders, last_choices, of_these_books
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.planning.parts import VENDOR_ROLES
from hub.planning.plan import plan
from hub.planning.plans import Plan
from hub.plugin import Problem, document_kinds, say
from hub.states import DeliveryState
from hub.translating import _
from hub.web import dialog, views
from hub.web.guard import actor, is_fragment, organization, polls, requires, user
from hub.web.pages import go, show

_MANY = 200  # Orders in one question.


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/orders/<order_id>/send", "send", send)
    blueprint.add_url_rule("/orders/<order_id>/send", "press_send", press_send, methods=["POST"])
    blueprint.add_url_rule("/orders/<order_id>/send/preview", "preview", preview, methods=["POST"])
    blueprint.add_url_rule("/orders/<order_id>/status", "order_status", order_status)
    blueprint.add_url_rule("/orders/status", "orders_status", orders_status)
    blueprint.add_url_rule("/deliveries/<int:delivery_id>/retry", "retry", retry, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<int:delivery_id>/cancel", "cancel", cancel, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<int:delivery_id>/gone", "gone", gone, methods=["POST"])


@requires(Permission.SEND)
def send(order_id: str) -> ResponseReturnValue:
    """Return the dialog, prefilled; its status instead, where everything is in the books or on its way."""
    order = _order(order_id)
    live = visible_orders([order_id]).get(order_id, [])
    installation = chosen_installation(live)
    own = of_these_books(installation, live)
    settled = bool(own) and request.args.get("again") != "1" and not dialog.has_more(order, own)
    if settled and not all(one.state is DeliveryState.POSTED for one in own):
        return _dialog(order, followed=views.order_status(order_id, live))
    choices = last_choices(installation, own) if own else habits.recall(installation, user(), order)
    if settled and not _plan(installation, order, choices).differences:
        return _dialog(order, followed=views.order_status(order_id, live))
    polling.attend(installation.id)
    return _form(order, installation, _found(choices), own=own)


def _found(choices: Choices) -> Choices:
    """Return the choices, with what a person without script found on the page that searches the books."""
    vendors, accounts = _each("vendor-", request.args), _accounts(request.args)
    return replace(
        choices, customer=request.args.get("customer", choices.customer), tax=request.args.get("tax", choices.tax),
        vendors={**choices.vendors, **vendors}, accounts={**choices.accounts, **accounts},
    )  # fmt: skip


def _each(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a form whose names begin alike, by the rest of the name."""
    return {
        name.removeprefix(prefix): value.strip()
        for name, value in values.items() if name.startswith(prefix) and value.strip()
    }  # fmt: skip


def _accounts(values: Mapping[str, str]) -> dict[str, str]:
    """Return what was chosen for roles, or for roles of one vendor."""
    known = {*dialog.ROLES, *VENDOR_ROLES}
    return {key: value for key, value in _each("account-", values).items() if key.partition("/")[0] in known}


def _choices() -> Choices:
    """Return what the form says."""
    form = request.form
    updates = tuple(form.getlist("updates"))
    return Choices(
        documents=_documents(form.getlist("documents")), customer=form.get("customer", ""),
        vendors=_each("vendor-", form), tax=form.get("tax", ""), accounts=_accounts(form), updates=updates,
        answers=_each("answer-", form),
    )  # fmt: skip


@requires(Permission.SEND)
def press_send(order_id: str) -> ResponseReturnValue:
    """Send. Problems come back beside the fields that cure them; otherwise the dialog turns into its status."""
    order, installation = _order(order_id), chosen_installation()
    choices = _choices()
    if taken := request.form.get("take", ""):
        return _form(order, installation, fixes.apply_pressed(choices, taken))
    if not choices.documents and not choices.updates:
        nothing = Problem(
            code="nothing-chosen", what=say("Nothing is ticked."), cure=say("Tick what is to be sent."),
            field="documents",
        )  # fmt: skip
        return _form(order, installation, choices, (nothing,))
    try:
        live = send_order(actor(), installation.id, order, choices)
        habits.remember(installation, user(), choices)
        polling.leave(installation.id)
    except Incomplete as incomplete:
        return _form(order, installation, choices, incomplete.problems)
    if not is_fragment():
        return go("hub.send", order_id=order_id)
    body = _dialog(order, followed=views.order_status(order_id, live))
    return cast(Response, make_response(body, trigger_after_settle={"hub-sent": {"ids": [order_id]}}))


def _documents(ticked: Sequence[str]) -> tuple[str, ...]:
    """Return the documents that were ticked, as far as there are such kinds."""
    return tuple(sorted(one for one in set(ticked) if one.partition("/")[0] in document_kinds()))


@requires(Permission.SEND)
def preview(order_id: str) -> ResponseReturnValue:
    """Return what would be posted with the form as it stands. Sends nothing."""
    order, installation = _order(order_id), chosen_installation()
    choices = _choices()
    previews = dialog.previews(_plan(installation, order, choices))
    return show("hub/send_preview.html", title=_("Preview"), previews=previews)


def _plan(installation: Installation, order: Order, choices: Choices) -> Plan:
    return plan(order, choices, load_context(installation, [(order, choices)]))


@requires(Permission.VIEW)
def order_status(order_id: str) -> ResponseReturnValue:
    """Return the order's deliveries; polls while they move by themselves."""
    _order(order_id)
    return _status(order_id, request.args.get("place", ""))


@requires(Permission.VIEW)
def orders_status() -> ResponseReturnValue:
    """Return the state of many orders at once, as chips for a list. The number of queries does not depend on theirs."""
    ids = request.args.getlist("id")[:_MANY]
    found = visible_orders(ids)
    standing = history.standing(one for live in found.values() for one in live)
    states = [views.order_status(order_id, found.get(order_id, []), standing, ()) for order_id in ids]
    moving = any(one.moving for one in states) or bundles.is_queueing(organization().id)
    return show("hub/orders_status.html", title=_("Orders"), states=states, ids=ids, moving=moving)


@requires(Permission.SEND)
def retry(delivery_id: int) -> ResponseReturnValue:
    """Try a stopped delivery again."""
    delivery = scope.delivery(organization().id, delivery_id)
    with contextlib.suppress(Incomplete):  # Its problems stand on the delivery now, and in the status.
        retry_delivery(actor(), delivery_id, given())
    return _after(delivery)


def given() -> dict[str, str]:
    """Return the answer to a problem that was pressed, if one was."""
    answer, value = request.form.get("answer", ""), request.form.get("value", "").strip()
    return {answer: value} if answer and value else {}


@requires(Permission.SEND)
def cancel(delivery_id: int) -> ResponseReturnValue:
    """Give up a delivery that has not left."""
    return _after(cancel_delivery(actor(), delivery_id))


@requires(Permission.SEND)
def gone(delivery_id: int) -> ResponseReturnValue:
    """Take note that somebody has deleted there what is not on the order any more. The dialog stays as it is filled in.
    """
    delivery = confirm_deleted(actor(), delivery_id)
    order = _order(delivery.order_id or "")
    if not is_fragment():
        return go("hub.send", order_id=order.id)
    return _form(order, chosen_installation([delivery]), _choices())


def _after(delivery: Delivery) -> ResponseReturnValue:
    order_id = request.form.get("order_id") or delivery.order_id or ""
    _order(order_id)
    return _status(order_id, request.form.get("place", "")) if is_fragment() else go("hub.send", order_id=order_id)


def _status(order_id: str, place: str) -> ResponseReturnValue:
    live = visible_orders([order_id]).get(order_id, [])
    where = "dialog" if place == "dialog" else "page"
    followed = views.order_status(order_id, live)
    status = show(
        "hub/order_status.html", title=_("In the books"), followed=followed, place=where,
        acts=all(access.may_send(actor(), one.installation) for one in live),
    )  # fmt: skip
    if followed.moving or not polls():
        return status
    return cast(Response, make_response(status, trigger_after_settle="hub-arrived"))


def visible_orders(order_ids: Sequence[str]) -> dict[str, list[Delivery]]:
    """Return the live deliveries of some orders, as far as the person who asks may see them."""
    sees = access.sight(actor())
    found = deliveries_of_orders(organization().id, order_ids)
    seen = {order_id: [one for one in live if sees(one.installation)] for order_id, live in found.items()}
    return {order_id: live for order_id, live in seen.items() if live}


def _order(order_id: str) -> Order:
    order = host().order(organization().id, order_id)
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def chosen_installation(live: Sequence[Delivery] = ()) -> Installation:
    """Return the installation that was asked for, else the one that an order's live deliveries went to last, else the
    first that lets this person send. Raises `NotPossible`."""
    asked = request.values.get("installation", type=int)
    sent = [
        one.installation
        for one in live
        if one.installation.state in access.SENDABLE and access.may_send(actor(), one.installation)
    ]
    return access.where_to_send(actor(), asked or (sent[-1].id if sent else None))


def _form(
    order: Order, installation: Installation, choices: Choices, problems: tuple[Problem, ...] = (), *,
    own: Sequence[Delivery] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """Return the form of an order. `own` are its deliveries to these books, where they have been loaded already."""
    if own is None:
        own = of_these_books(installation, visible_orders([order.id]).get(order.id, []))
    shown = dialog.form(order, installation, choices, own, problems)
    return _dialog(order, code=422 if problems else 200, form=shown, integration=shown.integration)


def _dialog(order: Order, *, code: int = 200, **view: Any) -> ResponseReturnValue:
    modal = is_fragment()
    first = modal and request.method == "GET"
    return show(
        "hub/send_dialog.html" if first else "hub/send_body.html", code=code,
        title=_("Send order %(number)s", number=order.number),
        order=order, place="dialog", modal=modal, back=host().order_address(order.id),
        acts=True, **{"followed": None, **view},
    )  # fmt: skip
