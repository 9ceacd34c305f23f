"""Error pages: a sentence for the visitor about a missing page, a refusal or a failure, never a stack trace."""

from __future__ import annotations

import secrets

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

_SENTENCES = {
    400: "This page has been open for too long. Load it again, then repeat what you did.",
    403: "You are not allowed to see this. Ask an admin of your organization.",
    404: "There is no such page, or it belongs to somebody else.",
    413: "That is too large.",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)


def _refused(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:  # noqa: PLR2004 – Redirects are exceptions, too.
        return error
    return render_template("error.html", sentence=_SENTENCES.get(code, error.description), reference=""), code


def _broken(error: Exception) -> ResponseReturnValue:
    reference = secrets.token_hex(4)
    current_app.logger.error("[%s] %s %s", reference, request.method, request.path, exc_info=error)
    sentence = "Something went wrong on our side. Please try again."
    return render_template("error.html", sentence=sentence, reference=reference), 500
