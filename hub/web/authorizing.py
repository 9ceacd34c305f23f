"""The sign-in at the accounting product, and the return from it."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response
from werkzeug.exceptions import MethodNotAllowed

from hub import scope
from hub.dispatch import endpoints
from hub.host import Permission
from hub.installations.install import claim_attempt, finish_authorization, start_authorization
from hub.integrations import registry
from hub.plugin import Rejected, Unavailable
from hub.queue import rollback
from hub.translating import _
from hub.web import views
from hub.web.guard import actor, organization, requires
from hub.web.pages import public_url, redirect_to, render_fragment


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/installations/<int:installation_id>/authorize", "authorize", authorize)
    blueprint.add_url_rule(
        "/installations/<int:installation_id>/authorize", "begin_authorizing", begin_authorizing, methods=["POST"]
    )
    blueprint.add_url_rule("/authorized/<key>", "authorized", authorized, methods=["GET", "POST"])


@requires(Permission.MANAGE)
def authorize(installation_id: int) -> ResponseReturnValue:
    """Return the page with the button that leads to the sign-in."""
    installation = scope.find_installation(organization().id, installation_id)
    if endpoints.is_polling(installation):
        return redirect_to("hub.endpoint_panel", installation_id=installation_id)
    return render_fragment("hub/authorize.html", title=_("Connect"), card=views.build_card(installation), problem=None)


@requires(Permission.MANAGE)
def begin_authorizing(installation_id: int) -> ResponseReturnValue:
    """Send the browser to the sign-in.

    A form may only post to our own site (`form-action 'self'` applies to redirects, too), so the answer is a small page
    that refreshes to the sign-in, with a link for browsers that do not follow.
    """
    installation = scope.find_installation(organization().id, installation_id)
    address = start_authorization(actor(), installation_id, _return_url(installation.integration))
    leaving = render_fragment("hub/leaving.html", title=_("Continue to sign-in"), address=address)
    response = cast(Response, make_response(leaving, redirect=address))
    response.headers["Refresh"] = f"0; url={address}"
    return response


@requires(Permission.MANAGE)
def authorized(key: str) -> ResponseReturnValue:
    """Receive the browser when it returns from the sign-in, with consent or without, and the answer to a question."""
    if request.method == "HEAD":  # A scanner of links; the state is for the browser that follows.
        raise MethodNotAllowed(["GET", "POST"])
    brought = request.form if request.method == "POST" else request.args
    claimed = claim_attempt(actor(), key, brought.get("state", ""))
    installation_id = claimed.installation.id
    try:
        answer = {name: value for name, value in brought.items() if name != "csrf_token"}
        question = finish_authorization(actor(), claimed, _return_url(key), answer)
    except Rejected as rejected:
        rollback()
        return _show_refusal(installation_id, rejected)
    except Unavailable as error:
        rollback()
        return _show_refusal(installation_id, error)
    if question is not None:
        installation = scope.find_installation(organization().id, installation_id)
        card = views.build_card(installation)
        return render_fragment("hub/question.html", title=_("Connect"), card=card, question=question)
    return redirect_to("hub.details", installation_id=installation_id)


def _show_refusal(installation_id: int, error: Rejected | Unavailable) -> ResponseReturnValue:
    installation = scope.find_installation(organization().id, installation_id)
    problem = error.problems[0] if isinstance(error, Rejected) and error.problems else None
    sentence = problem.what if problem else str(error)
    label = registry.label_of(installation.integration)
    return render_fragment(
        "hub/authorize.html", title=_("Connect %(label)s", label=label), code=409, card=views.build_card(installation),
        problem=problem, sentence=_(sentence),
    )  # fmt: skip


def _return_url(key: str) -> str:
    return public_url("hub.authorized", key=key)
