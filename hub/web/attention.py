"""The page of what needs attention, over all integrations, grouped by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from hub import access
from hub.database import now
from hub.extension import host
from hub.host import Permission
from hub.integrations import registry
from hub.orders import attention
from hub.orders.attention import Cause, Outcome
from hub.plugin import Fix, Problem
from hub.serialization import problems_of
from hub.translating import _
from hub.web import validation, views
from hub.web.guard import actor, is_fragment, organization, requires
from hub.web.pages import redirect_to, render_fragment
from hub.web.sending import read_fix


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRow:
    """A stopped delivery. `problem` is its own first problem."""

    id: int
    installation_id: int
    title: str
    party: str
    amount: Decimal | None
    age: str
    order_id: str
    order_address: str
    problem: Problem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A cause on the page. `total` is the sum of its documents; `ids` are those that one click tries again."""

    title: str
    cure: str
    code: str
    label: str
    total: Decimal
    fixes: Sequence[Fix]
    ids: Sequence[int]
    acts: bool
    rows: Sequence[StoppedRow]


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/attention", "attention", show_attention)
    blueprint.add_url_rule("/attention", "fix_many", fix_many, methods=["POST"])


@requires(Permission.MANAGE)
def show_attention() -> ResponseReturnValue:
    """Return the page."""
    return _show(None)


@requires(Permission.MANAGE)
def fix_many() -> ResponseReturnValue:
    """Retry the deliveries of a group, or one of them, with the fix that was clicked, and return the page."""
    ids = [int(one) for one in request.form.getlist("id") if validation.is_number(one)]
    outcome = attention.retry_many(actor(), ids, read_fix())
    if not is_fragment():
        return redirect_to("hub.attention")
    answer: Response = make_response(_show(outcome), trigger_after_settle="hub-counted")
    return answer


def _show(outcome: Outcome | None) -> ResponseReturnValue:
    stopped = attention.find_stopped(organization().id)
    groups = [_build_group(cause) for cause in attention.group_by_cause(stopped)]
    return render_fragment(
        "hub/attention.html", title=_("Needs attention"), groups=groups, outcome=outcome, count=len(stopped),
        total=sum((group.total for group in groups), Decimal(0)), is_full=len(stopped) == attention.SHOWN,
    )  # fmt: skip


def _build_group(cause: Cause) -> Group:
    rows = [
        StoppedRow(
            id=one.id, installation_id=one.installation_id, title=views.delivery_title(one), party=one.party,
            amount=views.document_amount(one), age=views.format_span(now() - one.moved_at),
            order_id=one.order_id or "", order_address=host().order_address(one.order_id) if one.order_id else "",
            problem=next(iter(problems_of(one.problems)), None),
        )
        for one in cause.deliveries
    ]  # fmt: skip
    return Group(
        title=_(cause.title), cure=_(cause.cure), code=cause.problem.code if cause.problem else "",
        label=registry.label_of(cause.installation.integration),
        total=sum((row.amount for row in rows if row.amount is not None), Decimal(0)), fixes=cause.fixes,
        ids=[row.id for row in rows][: attention.AT_ONCE], acts=access.may_send(actor(), cause.installation), rows=rows,
    )  # fmt: skip
