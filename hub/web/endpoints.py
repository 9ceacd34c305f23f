"""For ledgers that poll us: the page on which an admin connects one, and the endpoint."""

from __future__ import annotations

from functools import partial
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from hub import queue, scope
from hub.dispatch import endpoints
from hub.dispatch.polling import StoredPollingSession
from hub.errors import HubError, NotFound
from hub.extension import current, trip_time
from hub.host import Permission
from hub.installations.moved_books import confirm_moved_books
from hub.installations.passwords import change_password, renew_login
from hub.integrations import timeouts
from hub.integrations.crashes import log_crash
from hub.plugin import PullIntegration, say
from hub.translating import _
from hub.web import views
from hub.web.guard import actor, admits_anybody, organization, requires
from hub.web.pages import public_url, render_fragment

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from flask import Flask

_MOST = 64 * 1024 * 1024
"""Bytes of one call."""

_IN_MEMORY = 256 * 1024
"""Bytes of a call that are kept in memory before its caller is known; more go to a file."""


def register(blueprint: Blueprint) -> None:
    path = "/installations/<int:installation_id>/endpoint"
    blueprint.add_url_rule(path, "endpoint_panel", endpoint_panel)
    blueprint.add_url_rule(f"{path}/steps", "endpoint_steps", endpoint_steps)
    blueprint.add_url_rule(f"{path}/file", "endpoint_file", endpoint_file)
    blueprint.add_url_rule(f"{path}/password", "endpoint_password", endpoint_password, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{path}/moved", "endpoint_moved", endpoint_moved, methods=["POST"])
    blueprint.add_url_rule(f"{path}/renewed", "endpoint_renewed", endpoint_renewed, methods=["POST"])
    blueprint.add_url_rule("/support", "support", support)
    blueprint.add_url_rule("/polling/<address>", "polling", polling, methods=["GET", "HEAD", "POST"])


@requires(Permission.MANAGE)
def endpoint_panel(installation_id: int) -> ResponseReturnValue:
    """Return the steps of connecting a ledger that polls us."""
    return _endpoint_panel(installation_id)


@requires(Permission.MANAGE)
def endpoint_steps(installation_id: int) -> ResponseReturnValue:
    """Return the progress of connecting; the page polls it until the ledger is connected."""
    installation = scope.find_installation(organization().id, installation_id)
    panel = views.build_endpoint_panel(installation)
    return render_fragment("hub/endpoint_steps.html", title=_("Connect"), endpoint_panel=panel)


@requires(Permission.MANAGE)
def endpoint_file(installation_id: int) -> ResponseReturnValue:
    """Return the file that tells the ledger where to call."""
    installation = scope.find_installation(organization().id, installation_id)
    address = endpoints.endpoint_for(installation).address
    url = public_url("hub.polling", address=address)
    file = endpoints.connection_file(installation, url, public_url("hub.support"))
    response = Response(file.body, mimetype=file.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


@requires(Permission.MANAGE)
def endpoint_password(installation_id: int) -> ResponseReturnValue:
    """Create a password and show it once. If there is one already, ask first, because it stops working; loading a page
    with a new password again also asks."""
    view = views.build_endpoint_panel(scope.find_installation(organization().id, installation_id))
    if request.method == "POST" and request.form.get("instead_of", "") == view.edition:
        password = change_password(actor(), installation_id, instead_of=view.edition)
        return _endpoint_panel(installation_id, password)
    return render_fragment("hub/new_password.html", title=_("New password"), endpoint_panel=view)


@requires(Permission.MANAGE)
def endpoint_moved(installation_id: int) -> ResponseReturnValue:
    """Confirm that the books are in another place now."""
    confirm_moved_books(actor(), installation_id, place=request.form.get("place", ""))
    return _endpoint_panel(installation_id)


@requires(Permission.MANAGE)
def endpoint_renewed(installation_id: int) -> ResponseReturnValue:
    """Give the endpoint another login, so that the next file is one that the ledger's program has not seen."""
    renew_login(actor(), installation_id)
    return _endpoint_panel(installation_id)


def support() -> ResponseReturnValue:
    """Return the help page to which a ledger's own program links. It is public."""
    return render_fragment("hub/support.html", title=_("Help"))


@admits_anybody
def polling(address: str) -> ResponseReturnValue:
    """Receive a call of a ledger. Its own protocol authenticates the call, and defines what an error looks like."""
    try:
        installation_id, key = endpoints.find_installation(address)
        integration = current().integrations.get(key)
        if not isinstance(integration, PullIntegration):
            raise NotFound(say("The plugin of this integration is not installed."))
    except HubError as error:
        return Response(f"{error}\n", 404, mimetype="text/plain")
    app = cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # Werkzeug's documented way.
    answering = partial(_call_endpoint, app, integration, installation_id, _read_call())
    with queue.afterwards() as tell_workers:
        try:
            answer = timeouts.call_within(integration.key, "endpoint", trip_time(), answering)
        except timeouts.Hung as error:
            answer = Response(f"That took too long (reference {log_crash(error)}).\n", 503, mimetype="text/plain")
    answer.call_on_close(tell_workers)
    return answer


def _call_endpoint(
    app: Flask, integration: PullIntegration, installation_id: int, environ: WSGIEnvironment
) -> Response:
    """Return the endpoint's answer, using a session of its own, with which a plugin that hangs is abandoned."""
    body = environ["wsgi.input"]
    try:
        with app.app_context():
            application = integration.endpoint(StoredPollingSession(installation_id))
            return cast(Response, Response.from_app(application, environ, buffered=True))
    finally:
        if isinstance(body, SpooledTemporaryFile):
            body.close()


def _read_call() -> WSGIEnvironment:
    """Return the call with its body read, because the time that a slow connection takes is not the plugin's. A call
    that declares a longer body than we accept is left for the plugin to refuse."""
    environ, length = request.environ, request.content_length
    if (length or 0) > _MOST:
        return environ
    request.max_content_length = None
    stream = environ["wsgi.input"] if length else request.stream  # Werkzeug's own is slower.
    body = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 – `_call_endpoint` closes it.
    left = length or _MOST + 1
    while left > 0 and (part := stream.read(min(left, _IN_MEMORY))):
        body.write(part)
        left -= len(part)
    body.seek(0)
    return {**environ, "wsgi.input": body}


def _endpoint_panel(installation_id: int, password: str = "") -> ResponseReturnValue:
    installation = scope.find_installation(organization().id, installation_id)
    panel = views.build_endpoint_panel(installation)
    return render_fragment("hub/endpoint.html", title=_("Connect"), endpoint_panel=panel, password=password)
