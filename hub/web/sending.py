"""The send dialog, and the fragments that show the status of an order."""

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
from hub.orders.deliveries import deliveries_of_orders, filter_by_books, last_choices
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
from hub.web import dialog, validation, views
from hub.web.guard import actor, is_fragment, is_poll, organization, requires, user
from hub.web.pages import redirect_to, render_fragment

_MANY = 200  # Orders in one question.


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/orders/<order_id>/send", "send", send)
    blueprint.add_url_rule("/orders/<order_id>/send", "press_send", press_send, methods=["POST"])
    blueprint.add_url_rule("/orders/<order_id>/send/preview", "preview", preview, methods=["POST"])
    blueprint.add_url_rule("/orders/<order_id>/status", "order_status", order_status)
    blueprint.add_url_rule("/orders/status", "orders_status", orders_status)
    blueprint.add_url_rule("/deliveries/<int:delivery_id>/retry", "retry", retry, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<int:delivery_id>/cancel", "cancel", cancel, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<int:delivery_id>/deleted", "mark_deleted", mark_deleted, methods=["POST"])


@requires(Permission.SEND)
def send(order_id: str) -> ResponseReturnValue:
    """Return the dialog, prefilled; the order's status instead, if everything is in the books or on its way."""
    order = _find_order(order_id)
    live = visible_orders([order_id]).get(order_id, [])
    installation = chosen_installation(live)
    own = filter_by_books(installation, live)
    settled = bool(own) and request.args.get("again") != "1" and not dialog.has_more(order, own)
    if settled and not all(one.state is DeliveryState.POSTED for one in own):
        return _show_dialog(order, followed=views.build_order_status(order_id, live))
    choices = last_choices(installation, own) if own else habits.recall_choices(installation, user(), order)
    if settled and not _plan_order(installation, order, choices).differences:
        return _show_dialog(order, followed=views.build_order_status(order_id, live))
    polling.note_attendance(installation.id)
    return _show_form(order, installation, _choices_from_search(choices), own=own)


def _choices_from_search(choices: Choices) -> Choices:
    """Return the choices, with those that a user without JavaScript made on the page that searches the books."""
    vendors, accounts = _fields_with_prefix("vendor-", request.args), _read_accounts(request.args)
    return replace(
        choices, customer=request.args.get("customer", choices.customer), tax=request.args.get("tax", choices.tax),
        vendors={**choices.vendors, **vendors}, accounts={**choices.accounts, **accounts},
    )  # fmt: skip


def _fields_with_prefix(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the form fields whose names begin with a prefix, by the rest of the name."""
    return {
        name.removeprefix(prefix): value.strip()
        for name, value in values.items() if name.startswith(prefix) and value.strip()
    }  # fmt: skip


def _read_accounts(values: Mapping[str, str]) -> dict[str, str]:
    """Return the chosen accounts, by role, or by role and vendor."""
    known = {*dialog.ROLES, *VENDOR_ROLES}
    chosen = _fields_with_prefix("account-", values)
    return {key: value for key, value in chosen.items() if key.partition("/")[0] in known}


def _read_choices() -> Choices:
    """Return the choices of the form."""
    form = request.form
    updates = tuple(form.getlist("updates"))
    return Choices(
        documents=_read_documents(form.getlist("documents")), customer=form.get("customer", ""),
        vendors=_fields_with_prefix("vendor-", form), tax=form.get("tax", ""), accounts=_read_accounts(form),
        updates=updates, answers=_fields_with_prefix("fix-", form),
    )  # fmt: skip


@requires(Permission.SEND)
def press_send(order_id: str) -> ResponseReturnValue:
    """Send. On problems return the form with these beside its fields, otherwise the order's status."""
    order, installation = _find_order(order_id), chosen_installation()
    choices = _read_choices()
    if pressed := request.form.get("apply_fix", ""):
        return _show_form(order, installation, fixes.apply_pressed(choices, pressed))
    if not choices.documents and not choices.updates:
        nothing = Problem(
            code="nothing-chosen", what=say("Nothing is selected."), cure=say("Choose what to send."),
            field="documents",
        )  # fmt: skip
        return _show_form(order, installation, choices, (nothing,))
    try:
        live = send_order(actor(), installation.id, order, choices)
        habits.remember_choices(installation, user(), choices)
        polling.end_attendance(installation.id)
    except Incomplete as incomplete:
        return _show_form(order, installation, choices, incomplete.problems)
    if not is_fragment():
        return redirect_to("hub.send", order_id=order_id)
    body = _show_dialog(order, followed=views.build_order_status(order_id, live))
    return cast(Response, make_response(body, trigger_after_settle={"hub-sent": {"ids": [order_id]}}))


def _read_documents(ticked: Sequence[str]) -> tuple[str, ...]:
    """Return the ticked documents of registered kinds."""
    return tuple(sorted(one for one in set(ticked) if one.partition("/")[0] in document_kinds()))


@requires(Permission.SEND)
def preview(order_id: str) -> ResponseReturnValue:
    """Return a preview of what the form would post. Sends nothing."""
    order, installation = _find_order(order_id), chosen_installation()
    choices = _read_choices()
    previews = dialog.build_previews(_plan_order(installation, order, choices))
    return render_fragment("hub/send_preview.html", title=_("Preview"), previews=previews)


def _plan_order(installation: Installation, order: Order, choices: Choices) -> Plan:
    return plan(order, choices, load_context(installation, [(order, choices)]))


@requires(Permission.VIEW)
def order_status(order_id: str) -> ResponseReturnValue:
    """Return the status of an order; the page polls it while something moves."""
    _find_order(order_id)
    return _show_status(order_id, request.args.get("place", ""))


@requires(Permission.VIEW)
def orders_status() -> ResponseReturnValue:
    """Return the status of many orders, as badges for a list, with a constant number of queries."""
    ids = request.args.getlist("id")[:_MANY]
    found = visible_orders(ids)
    standing = history.find_transactions(one for live in found.values() for one in live)
    states = [views.build_order_status(order_id, found.get(order_id, []), standing, ()) for order_id in ids]
    moving = any(one.moving for one in states) or bundles.is_queueing(organization().id)
    return render_fragment("hub/orders_status.html", title=_("Orders"), states=states, ids=ids, moving=moving)


@requires(Permission.SEND)
def retry(delivery_id: int) -> ResponseReturnValue:
    """Retry a stopped delivery."""
    delivery = scope.find_delivery(organization().id, delivery_id)
    with contextlib.suppress(Incomplete):  # Its problems stand on the delivery now, and in the status.
        retry_delivery(actor(), delivery_id, read_fix())
    return _show_after(delivery)


def read_fix() -> dict[str, str]:
    """Return the answer to a problem that was pressed, if one was."""
    fix, value = request.form.get("fix", ""), request.form.get("fix_value", "").strip()
    return {fix: value} if fix and value else {}


@requires(Permission.SEND)
def cancel(delivery_id: int) -> ResponseReturnValue:
    """Cancel a delivery that has not been sent."""
    return _show_after(cancel_delivery(actor(), delivery_id))


@requires(Permission.SEND)
def mark_deleted(delivery_id: int) -> ResponseReturnValue:
    """Store that a person has deleted a document in the books that is not on the order any more. The dialog keeps its
    input."""
    delivery = confirm_deleted(actor(), delivery_id)
    order = _find_order(delivery.order_id or "")
    if not is_fragment():
        return redirect_to("hub.send", order_id=order.id)
    return _show_form(order, chosen_installation([delivery]), _read_choices())


def _show_after(delivery: Delivery) -> ResponseReturnValue:
    order_id = request.form.get("order_id") or delivery.order_id or ""
    _find_order(order_id)
    if not is_fragment():
        return redirect_to("hub.send", order_id=order_id)
    return _show_status(order_id, request.form.get("place", ""))


def _show_status(order_id: str, place: str) -> ResponseReturnValue:
    live = visible_orders([order_id]).get(order_id, [])
    where = "dialog" if place == "dialog" else "page"
    followed = views.build_order_status(order_id, live)
    status = render_fragment(
        "hub/order_status.html", title=_("Accounting status"), followed=followed, place=where,
        acts=all(access.may_send(actor(), one.installation) for one in live),
    )  # fmt: skip
    if followed.moving or not is_poll():
        return status
    return cast(Response, make_response(status, trigger_after_settle="hub-arrived"))


def visible_orders(order_ids: Sequence[str]) -> dict[str, list[Delivery]]:
    """Return the live deliveries of orders, as far as the user may see them."""
    sees = access.visibility_check(actor())
    found = deliveries_of_orders(organization().id, order_ids)
    seen = {order_id: [one for one in live if sees(one.installation)] for order_id, live in found.items()}
    return {order_id: live for order_id, live in seen.items() if live}


def _find_order(order_id: str) -> Order:
    order = host().order(organization().id, order_id)
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def chosen_installation(live: Sequence[Delivery] = ()) -> Installation:
    """Return the installation that was asked for, else the one to which the order's live deliveries went last, else the
    first with which this user may send. Raises `NotPossible`."""
    asked = validation.read_number("installation")
    sent = [
        one.installation
        for one in live
        if one.installation.state in access.SENDABLE and access.may_send(actor(), one.installation)
    ]
    return access.choose_installation(actor(), asked or (sent[-1].id if sent else None))


def _show_form(
    order: Order, installation: Installation, choices: Choices, problems: tuple[Problem, ...] = (), *,
    own: Sequence[Delivery] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """Return the form of an order. `own` are its deliveries to these books, if they are loaded already."""
    if own is None:
        own = filter_by_books(installation, visible_orders([order.id]).get(order.id, []))
    shown = dialog.build_form(order, installation, choices, own, problems)
    return _show_dialog(order, code=422 if problems else 200, form=shown, integration=shown.integration)


def _show_dialog(order: Order, *, code: int = 200, **view: Any) -> ResponseReturnValue:
    modal = is_fragment()
    first = modal and request.method == "GET"
    return render_fragment(
        "hub/send_dialog.html" if first else "hub/send_body.html", code=code,
        title=_("Send order %(number)s", number=order.number),
        order=order, place="dialog", modal=modal, back=host().order_address(order.id),
        acts=True, **{"followed": None, **view},
    )  # fmt: skip
