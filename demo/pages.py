"""The desk's pages: orders, companies, people. Where the hub shows something, a fragment of it is loaded."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import selectinload

from demo.host import find_order
from demo.models import Company, Order, Team, User, db

_PER_PAGE = 25

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    return redirect(url_for("pages.orders"))


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Answers as soon as the app is loaded and the database is there."""
    db.session.execute(select(1))
    return {"status": "ok"}


@blueprint.get("/orders")
@login_required  # type: ignore[untyped-decorator]  # Flask-Login has no types.
def orders() -> ResponseReturnValue:
    query = _mine(select(Order)).join(Order.company).order_by(Order.id.desc()).options(
        selectinload(Order.company), selectinload(Order.payments)
    )  # fmt: skip
    if text := request.args.get("q", "").strip():
        matches = [Company.name.icontains(text, autoescape=True), Order.po_number.icontains(text, autoescape=True)]
        if text.isdecimal() and len(text) < 10:
            matches.append(Order.id == int(text))
        query = query.where(or_(*matches))
    page = db.paginate(query, per_page=_PER_PAGE, error_out=False)
    return render_template("orders.html", page=page, q=text)


@blueprint.get("/orders/<order_id>")
@login_required  # type: ignore[untyped-decorator]  # Flask-Login has no types.
def order(order_id: str) -> ResponseReturnValue:
    found = find_order(str(current_user.organization_id), order_id)
    if found is None:
        abort(404)
    return render_template("order.html", order=found)


@blueprint.get("/companies")
@login_required  # type: ignore[untyped-decorator]  # Flask-Login has no types.
def companies() -> ResponseReturnValue:
    counted = select(Order.company_id, func.count().label("orders")).group_by(Order.company_id).subquery()
    query = (
        select(Company, counted.c.orders)
        .outerjoin(counted, counted.c.company_id == Company.id)
        .where(Company.organization_id == current_user.organization_id)
        .order_by(Company.is_supplier, Company.name)
    )
    return render_template("companies.html", rows=db.session.execute(query).all())


@blueprint.get("/people")
@login_required  # type: ignore[untyped-decorator]  # Flask-Login has no types.
def people() -> ResponseReturnValue:
    users = db.session.scalars(select(User).where(User.organization_id == current_user.organization_id))
    teams = db.session.scalars(select(Team).where(Team.organization_id == current_user.organization_id))
    return render_template("people.html", users=users.all(), teams={team.id: team.name for team in teams})


def _mine(query: Select[tuple[Order]]) -> Select[tuple[Order]]:
    return query.where(Order.organization_id == current_user.organization_id)
