"""Sign-in, and the headers and CSRF protection of the demo's own pages."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select
from werkzeug.security import check_password_hash, generate_password_hash

from demo.forms import LoginForm
from demo.models import User, db

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

blueprint = Blueprint("auth", __name__)
login_manager = LoginManager()
login_manager.login_view = "auth.login"
login_manager.login_message = ""
login_manager.session_protection = "strong"
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    csrf.init_app(app)
    app.register_blueprint(blueprint)
    app.before_request(_one_address)
    app.after_request(_headers)


@login_manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types.
def load_user(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in, and redirect to the page that the visitor wanted, if it is on this site."""
    onward = own(request.args.get("next", ""))
    if current_user.is_authenticated:
        return redirect(onward)
    form, wrong = LoginForm(), False
    if form.validate_on_submit():
        user = db.session.scalar(select(User).where(User.email == form.email.data.strip().lower()))
        # A password is checked even for an unknown address, so that the response time does not reveal known ones.
        if check_password_hash(user.password_hash if user else _nobody(), form.password.data) and user:
            session.clear()  # Nothing of the visitor's session may carry over into the user's.
            login_user(user)
            return redirect(onward, 303)
        wrong = True
    return render_template("login.html", form=form, wrong=wrong), 422 if form.is_submitted() else 200


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"), 303)


def own(address: str) -> str:
    """Return the address if it is a path of this site, else the first page.

    Browsers read a backslash as a slash and drop control characters, so `/\\evil.test` and `/<tab>/evil.test` would
    lead to another site, as `//evil.test` does.
    """
    plain = address.startswith("/") and address.isprintable() and "\\" not in address
    inside = plain and not address.startswith("//") and not urlsplit(address).netloc
    return address if inside else url_for("pages.orders")


def _one_address() -> ResponseReturnValue | None:
    """Redirect from localhost to 127.0.0.1: for a browser these are two sites, and only one has the session."""
    public = urlsplit(str(current_app.config["HUB_PUBLIC_URL"]))
    if request.method != "GET" or request.host != f"localhost:{public.port}" or public.hostname != "127.0.0.1":
        return None
    return redirect(f"http://{public.netloc}{request.full_path.rstrip('?')}", 307)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@cache
def _nobody() -> str:
    """Return a password hash to check for an unknown address."""
    return generate_password_hash("")
