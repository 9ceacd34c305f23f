"""The demo's pages: orders, companies, people. They load fragments of the hub's pages."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Worker
from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import contains_eager, selectinload

from demo.forms import CompanyForm, PaymentForm, QuantityForm
from demo.host import as_id, find_company, find_order
from demo.models import Company, Order, Payment, User, db
from hub import order_ids
from hub.host import OrderState

_PER_PAGE = 25

_FILTERS = {
    "": "All orders", OrderState.UNSENT: "Not in the books", OrderState.MOVING: "On the way",
    OrderState.ATTENTION: "Needs attention", OrderState.POSTED: "In the books",
}  # fmt: skip

blueprint = Blueprint("pages", __name__)


@blueprint.before_request
def _signed_in() -> ResponseReturnValue | None:
    signed_out = not current_user.is_authenticated and request.endpoint != "pages.health"
    return current_app.login_manager.unauthorized() if signed_out else None  # type: ignore[attr-defined]


@blueprint.app_template_filter("money")
def money(amount: Decimal) -> str:
    """Return an amount as "1,234.50", with a typographic minus sign."""
    return f"{amount:,.2f}".replace("-", "−")


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Answer as soon as pages can be served; the answer also tells if Redis and workers are available."""
    db.session.execute(select(1))
    workers = _workers()
    return {"database": True, "redis": workers is not None, "workers": workers or 0}


@blueprint.get("/")
def home() -> ResponseReturnValue:
    return redirect(url_for("pages.orders"))


@blueprint.get("/orders")
def orders() -> ResponseReturnValue:
    query = (
        select(Order)
        .join(Order.company)
        .where(Order.organization_id == current_user.organization_id)
        .order_by(Order.id.desc())
        .options(contains_eager(Order.company), selectinload(Order.payments))
    )
    if text := request.args.get("q", "").strip():
        matches = [Company.name.icontains(text, autoescape=True), Order.po_number.icontains(text, autoescape=True)]
        if (number := as_id(text)) is not None:
            matches.append(Order.id == number)
        query = query.where(or_(*matches))
    books = request.args.get("books", "")
    if books in _FILTERS and books:
        known = cast(Order.id, String).in_(order_ids(str(current_user.organization_id), OrderState(books)))
        query = query.where(~known if books == OrderState.UNSENT else known)
    page = db.paginate(query, per_page=_PER_PAGE, error_out=False)
    return render_template("orders.html", page=page, q=text, books=books, filters=_FILTERS)


@blueprint.get("/orders/<order_id>")
def order(order_id: str) -> ResponseReturnValue:
    return _order_page(_order(order_id), PaymentForm(formdata=None))


@blueprint.post("/orders/<order_id>/payments")
def receive(order_id: str) -> ResponseReturnValue:
    """Record a payment, which can then be sent to QuickBooks."""
    found, form = _order(order_id), PaymentForm()
    if not form.validate():
        return _order_page(found, form), 422
    amount = form.amount.data.quantize(Decimal("0.01"))
    found.payments.append(
        Payment(date=form.date.data, amount=amount, method=form.method.data, reference=form.reference.data or "")
    )
    db.session.commit()
    return redirect(url_for("pages.order", order_id=order_id), 303)


@blueprint.post("/orders/<order_id>/lines/<int:line_id>")
def change(order_id: str, line_id: int) -> ResponseReturnValue:
    """Change the quantity of a line, and with it the order's total."""
    found, form = _order(order_id), QuantityForm()
    line = next((one for one in found.lines if one.id == line_id), None)
    if line is None or not form.validate():
        abort(404 if line is None else 422)
    line.quantity = Decimal(form.quantity.data)
    line.amount = (line.quantity * line.price).quantize(Decimal("0.01"))
    return add_up(order_id)


@blueprint.post("/orders/<order_id>/cancelled")
def cancel(order_id: str) -> ResponseReturnValue:
    """Cancel an order, or undo that."""
    found = _order(order_id)
    found.cancelled = not found.cancelled
    db.session.commit()
    return redirect(url_for("pages.order", order_id=order_id), 303)


@blueprint.post("/orders/<order_id>/total")
def add_up(order_id: str) -> ResponseReturnValue:
    """Set the total of an order to the sum of its lines, discount and tax."""
    found = _order(order_id)
    found.total = found.subtotal - found.discount + found.tax
    db.session.commit()
    return redirect(url_for("pages.order", order_id=order_id), 303)


@blueprint.get("/companies")
def companies() -> ResponseReturnValue:
    counted = select(Order.company_id, func.count().label("orders")).group_by(Order.company_id).subquery()
    query = (
        select(Company, counted.c.orders)
        .outerjoin(counted, counted.c.company_id == Company.id)
        .where(Company.organization_id == current_user.organization_id)
        .order_by(Company.is_vendor, func.lower(Company.name))
    )
    return render_template("companies.html", rows=db.session.execute(query).all())


@blueprint.route("/companies/<company_id>", methods=["GET", "POST"])
def company(company_id: str) -> ResponseReturnValue:
    """Show a customer or a vendor with its orders, and store changes to its name, email and phone."""
    found = find_company(str(current_user.organization_id), company_id)
    if found is None:
        abort(404)
    form = CompanyForm(obj=found)
    if form.validate_on_submit():
        found.name, found.email, found.phone = form.name.data, form.email.data or "", form.phone.data or ""
        db.session.commit()
        return redirect(url_for("pages.company", company_id=company_id), 303)
    query = select(Order).where(Order.company_id == found.id).order_by(Order.id.desc()).limit(50)
    orders = db.session.scalars(query.options(selectinload(Order.payments))).all()
    page = render_template("company.html", company=found, form=form, orders=orders)
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/people")
def people() -> ResponseReturnValue:
    query = select(User).where(User.organization_id == current_user.organization_id).order_by(User.name)
    return render_template("people.html", users=db.session.scalars(query.options(selectinload(User.team))).all())


def _order(order_id: str) -> Order:
    found = find_order(str(current_user.organization_id), order_id)
    if found is None:
        abort(404)
    return found


def _order_page(found: Order, form: PaymentForm) -> str:
    return render_template("order.html", order=found, form=form)


def _workers() -> int | None:
    """Return the number of workers; None if Redis does not answer within half a second."""
    redis = Redis.from_url(
        current_app.config["HUB_REDIS_URL"], socket_timeout=0.5, socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
    )  # fmt: skip
    try:
        return Worker.count(connection=redis)
    except RedisError:
        return None
    finally:
        redis.close()
