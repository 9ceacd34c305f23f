"""Signing in, and the headers and CSRF protection of the desk's own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, login_user, logout_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select
from werkzeug.security import check_password_hash
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from demo.models import User, db

blueprint = Blueprint("auth", __name__)
login_manager = LoginManager()
login_manager.login_view = "auth.login"
login_manager.login_message = ""
login_manager.session_protection = "strong"
csrf = CSRFProtect()

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types.
    email = StringField("E-mail", [InputRequired()])
    password = PasswordField("Password", [InputRequired()])


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    csrf.init_app(app)
    app.register_blueprint(blueprint)
    app.after_request(_headers)


@login_manager.user_loader  # type: ignore[misc]  # Flask-Login has no types.
def load_user(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in, and go on to where the visitor wanted to be, if that is on this site."""
    form = LoginForm()
    if form.validate_on_submit():
        user = db.session.scalar(select(User).where(User.email == form.email.data.strip().lower()))
        # A password is checked in any case, so that the time taken does not tell whether the address is known.
        if check_password_hash(user.password_hash if user else _NOBODY, form.password.data) and user:
            session.clear()
            login_user(user)
            return redirect(_own(request.args.get("next", "")), 303)
        flash("This e-mail and password do not belong together.")
    return render_template("login.html", form=form), 200 if request.method == "GET" else 422


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"), 303)


def _own(address: str) -> str:
    """The address if it is a path of this site, else the first page."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and "\\" not in address else url_for("pages.orders")


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


_NOBODY = (
    "scrypt:32768:8:1$vZ0pQxYb3mXqTn1c$7c1b6f2b0d2b8a3c2f0f2a1f9d1f2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
    "8796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)
"""The hash of nobody's password."""
