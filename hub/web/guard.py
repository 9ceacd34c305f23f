"""Checks before and after every request to the hub's pages: user, CSRF, headers and error pages."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import ParamSpec, cast

from flask import Blueprint, Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from htmx_flask import make_response
from htmx_flask.requests import HtmxHeaders
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect

from hub import access, events, translating
from hub.access import Actor
from hub.errors import Forbidden, HubError, NotFound
from hub.extension import host
from hub.host import Organization, Permission, User
from hub.integrations.timeouts import Hung
from hub.planning import fixes
from hub.plugin import IntegrationError, say
from hub.queue import rollback
from hub.translating import _
from hub.web import validation
from hub.web.addresses import own_path, path_of

P = ParamSpec("P")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_MACHINES: set[object] = set()
"""Views that no browser's form reaches."""

_csrf = CSRFProtect()  # Never initialized on the app, whose other routes are none of our business.


def actor() -> Actor:
    """Return the user who asks, with the organization. `requires` has made sure that there is one."""
    return cast(Actor, g.hub_actor)


def user() -> User:
    """Return the user who asks."""
    return actor().user


def organization() -> Organization:
    """Return the organization for which the user asks."""
    return actor().organization


def may_send() -> bool:
    """Return True if a page of the host should offer sending to the signed-in user, if any."""
    who = _signed_in()
    if who is None or not who.may(Permission.SEND):
        return False
    return not access.is_left_out(who, access.may_send)


def may_link() -> bool:
    """Return True if a page of the host should offer linking a company to the signed-in user, if any."""
    who = _signed_in()
    if who is None or not (who.may(Permission.SEND) or who.may(Permission.MANAGE)):
        return False
    return not access.is_left_out(who, access.may_choose)


def is_left_out() -> bool:
    """Return True if there are books, and the user may see none of them."""
    return access.is_left_out(actor(), lambda who, one: access.visibility_check(who)(one))


def _signed_in() -> Actor | None:
    """Return the signed-in user with the organization; None if one of them is missing."""
    who, whose = host().user(), host().organization()
    return None if who is None or whose is None else Actor(who, whose)


def is_fragment() -> bool:
    """Return True if htmx asks for a fragment; otherwise a browser asks for a whole page."""
    htmx = HtmxHeaders(request.headers)  # Htmx-Flask's extension would replace the host's request class.
    return bool(htmx) and not htmx.history_restore_request


def swap_target() -> str:
    """Return the id of the element that htmx replaces; empty without htmx."""
    return str(HtmxHeaders(request.headers).target or "") if is_fragment() else ""


def is_poll() -> bool:
    """Return True if a fragment polls by itself."""
    return is_fragment() and str(HtmxHeaders(request.headers).trigger or "").startswith("hub-")


def is_unasked() -> bool:
    """Return True if a fragment is loaded with its page or polls: the user has clicked nothing."""
    return is_fragment() and "Hub-Unasked" in request.headers


def requires(permission: Permission) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Admit only signed-in users with this permission. Others are sent to sign in, or get a 403."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            who = _signed_in()
            if who is None:
                return _sign_in()
            who.require(permission)
            g.hub_actor = who
            return view(*args, **kwargs)

        return guarded

    return decorate


def admits_anybody(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Mark a view that only machines call, without session or CSRF token. The view itself authenticates the caller."""
    _MACHINES.add(view)
    return view


def excuse_machines(app: Flask) -> None:
    """Exempt them from the host's own CSRF protection, if it was initialized before the hub."""
    protection = app.extensions.get("csrf")
    if protection is None:
        return
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("hub.") and view in _MACHINES:
            protection.exempt(view)


def install_guard(blueprint: Blueprint) -> None:
    """Add the checks to a blueprint."""
    blueprint.before_request(_check_request)
    blueprint.before_request(_check_csrf)
    blueprint.add_url_rule("/<path:anything>", "nothing", _show_not_found)
    blueprint.after_request(_set_headers)
    blueprint.register_error_handler(HubError, _show_hub_error)
    blueprint.register_error_handler(IntegrationError, _show_integration_error)
    blueprint.register_error_handler(HTTPException, _show_http_error)
    blueprint.register_error_handler(Hung, _show_hang)
    blueprint.register_error_handler(Exception, _show_crash)
    blueprint.app_context_processor(lambda: {"hub_csrf_token": generate_csrf, "hub_fix_key": fixes.key})
    blueprint.app_context_processor(lambda: {
        "hub_gettext": translating.gettext, "hub_language": translating.current_language,
    })  # fmt: skip
    blueprint.app_context_processor(lambda: {"hub_may_send": may_send, "hub_may_link": may_link})
    blueprint.context_processor(lambda: {"is_left_out": is_left_out})
    blueprint.context_processor(lambda: {
        "_": translating.gettext, "ngettext": translating.ngettext, "hub_short_day": translating.format_short_day,
    })  # fmt: skip


def _show_not_found(anything: str) -> ResponseReturnValue:  # noqa: ARG001 – The rule’s.
    """Raise `NotFound` for any other address below ours, because the host's own page for it does not handle fragments.
    """
    raise NotFound(_SENTENCES[HTTPStatus.NOT_FOUND])


def _is_machine() -> bool:
    return current_app.view_functions.get(request.endpoint or "") in _MACHINES


def _check_request() -> None:
    validation.check_request(is_machine=_is_machine())


def _check_csrf() -> None:
    if _is_machine():
        return
    if request.method in {"GET", "HEAD", "OPTIONS"} or g.get("csrf_valid", False):
        return
    _csrf.protect()


def _set_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.vary.add("HX-Request")
    if request.endpoint not in {"hub.static", "hub.htmx"}:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _sign_in() -> ResponseReturnValue:
    came_from = HtmxHeaders(request.headers).current_url if is_fragment() else None
    path = own_path(request.full_path.rstrip("?")) if came_from is None else path_of(came_from, request.host)
    address = host().login_address(path or "/")
    if not is_fragment():
        return redirect(address)
    return cast(Response, make_response("", 401, redirect=address))


def _back_address() -> str:
    """Return the page of this site from which the user came, if it was another one."""
    came_from = request.referrer or ""
    return path_of(came_from, request.host) if came_from != request.url else ""


_SENTENCES = {
    HTTPStatus.NOT_FOUND: say("There is no such page."),
    HTTPStatus.METHOD_NOT_ALLOWED: say("Please go back and try again."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: say("That is too large."),
    HTTPStatus.TOO_MANY_REQUESTS: say("Too many requests. Wait a minute, then try again."),
}


def _show_hub_error(error: HubError) -> ResponseReturnValue:
    rollback()
    status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, Forbidden) else 409
    return problem_page(str(error), status)


def _show_integration_error(error: IntegrationError) -> ResponseReturnValue:
    rollback()
    return problem_page(str(error), 409)


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, CSRFError):
        if host().user() is None:  # The session has ended, and its token with it: signing in is what helps.
            return _sign_in()
        return problem_page(say("This page was open for too long. Reload it, then try again."), 400)
    if error.code is not None and error.code < HTTPStatus.BAD_REQUEST:
        return error
    code = error.code or 500
    known = _SENTENCES.get(HTTPStatus(code)) if code in set(HTTPStatus) else None
    return problem_page(known or error.description or say("Something went wrong."), code)


def _show_crash(error: Exception) -> ResponseReturnValue:
    rollback()
    return problem_page(say("Something went wrong on our side. Nothing was lost; please try again."), 500, error)


def _show_hang(error: Hung) -> ResponseReturnValue:
    rollback()
    sentence = say("Your accounting software did not answer in time. Nothing was lost; please try again.")
    return problem_page(sentence, 503, error)


def problem_page(sentence: str, status: int, bug: Exception | None = None) -> ResponseReturnValue:
    """Return an error with a reference that is in the log: a whole page; for htmx a small dialog, so that the user's
    input stays; for a fragment that loads by itself a note in its place. The log has the sentence in English."""
    reference = secrets.token_hex(4)
    level = logging.ERROR if bug is not None else logging.WARNING
    line = events.one_line(f"[{reference}] {request.method} {request.path}: {sentence}")
    current_app.logger.log(level, "%s", line, exc_info=bug)
    try:
        return _render_problem(sentence, status, reference)
    except Exception:  # The host's layout and the language may ask the database, which is away.
        current_app.logger.exception("[%s] The error page cannot be shown in full.", reference)
        return _bare_page(sentence, status, reference)


def _bare_page(sentence: str, status: int, reference: str) -> Response:
    """Return an error page that needs nothing: no database, no user, no template."""
    told = f"<p role=\"alert\">{escape(sentence)}</p><p>Reference <code>{reference}</code></p>"
    body = f"<!doctype html><html lang=\"en\"><title>Something went wrong</title>{told}</html>"
    if is_fragment():
        return cast(Response, make_response(f'<dialog open id="hub-problem">{told}</dialog>', 422, reswap="none"))
    return Response(body, status, mimetype="text/html")


def _render_problem(sentence: str, status: int, reference: str) -> ResponseReturnValue:
    if not is_fragment():
        page = render_template(
            "hub/problem.html", sentence=_(sentence), reference=reference, back=_back_address(), fragment=False
        )
        return cast(Response, make_response(page, status))
    if is_unasked():  # What polls goes on doing so, and has its place again as soon as it is answered.
        note = render_template("hub/problem_note.html", sentence=_(sentence), reference=reference)
        answer = cast(Response, make_response(note, 422, reswap="innerHTML"))  # htmx swaps no other error.
        answer.headers["HX-Reselect"] = ".hub-problem"
        return answer
    dialog = render_template("hub/problem_dialog.html", sentence=_(sentence), reference=reference)
    return cast(Response, make_response(dialog, 422, retarget="#hub-dialog", reswap="beforeend"))
