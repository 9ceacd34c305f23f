"""The banner for admins, and the two pages to which an accounting product sends people."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from hub import scope
from hub.extension import host
from hub.host import Permission
from hub.installations import renewal
from hub.integrations import registry
from hub.queue import commit, enqueue, is_first_within
from hub.translating import _
from hub.web import views
from hub.web.guard import organization, requires
from hub.web.pages import redirect_to, render_fragment

_ONE_CHECK = 60
"""The seconds within which an authorization is checked once, however often the page is opened."""


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/notices", "notices", notices)
    blueprint.add_url_rule("/reconnect/<key>", "reconnect", reconnect)
    blueprint.add_url_rule("/disconnected/<key>", "disconnected", disconnected)


def notices() -> ResponseReturnValue:
    """Return the current notices for admins, for the top of any page of the host; empty for everybody else."""
    who, whose = host().user(), host().organization()
    told = who is not None and whose is not None and host().allows(who, Permission.MANAGE, whose)
    banners = views.build_banners(whose.id) if told and whose else []
    return render_fragment("hub/notices.html", title=_("Notices"), banners=banners)


@requires(Permission.MANAGE)
def reconnect(key: str) -> ResponseReturnValue:
    """Receive users from the reconnect address that is registered with an accounting product, and redirect to the
    sign-in."""
    registry.find_integration(key)
    found = next((one for one in scope.find_installations(organization().id) if one.integration == key), None)
    if found is None:
        return redirect_to("hub.integrations")
    return redirect_to("hub.authorize", installation_id=found.id)


def disconnected(key: str) -> ResponseReturnValue:
    """Receive users who have disconnected at the accounting product.

    Anybody can open this address, so it changes nothing and says the same of every company: it only has a worker check
    whether the authorization is still valid.
    """
    label = registry.find_integration(key).label
    for installation_id in renewal.find_by_books(key, set(request.args.values())):  # Each product names them otherwise.
        if is_first_within(f"disconnected/{installation_id}", _ONE_CHECK):
            enqueue("renew", installation_id)
    commit()
    return render_fragment("hub/disconnected.html", title=_("Disconnected"), label=label, key=key)
