"""Rendering: a fragment for htmx, the same fragment inside the host's layout for a browser without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from htmx_flask import make_response
from werkzeug.utils import redirect

from hub.web.guard import is_fragment


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialWork:
    """Work that is done a part at a time. With `fields` there is more to do, and the page posts them by itself; without
    htmx there is a button."""

    title: str
    sentence: str
    done: int
    total: int | None
    endpoint: str
    values: Mapping[str, Any]
    fields: Mapping[str, Any] | None
    back: str
    back_text: str

    @property
    def percent(self) -> int:
        """The value of the progress bar; 100 only at the end."""
        return 100 if self.fields is None else min(99, 100 * self.done // self.total) if self.total else 0


def render_fragment(template: str, *, title: str, code: int = 200, **view: Any) -> ResponseReturnValue:
    """Return a rendered fragment, inside the host's layout without htmx (`whole`). `title` is the title of the whole
    page."""
    body = render_template(template, title=title, **{"whole": not is_fragment(), **view})
    if not is_fragment():
        body = render_template("hub/page.html", title=title, body=body, hub_layout=current_app.config["HUB_LAYOUT"])
    return cast(Response, make_response(body, code))


def redirect_to(endpoint: str, **values: Any) -> ResponseReturnValue:
    """Redirect after a form, with and without htmx."""
    address = url_for(endpoint, **values)
    if not is_fragment():
        return redirect(address, 303)
    return cast(Response, make_response("", 204, redirect=address))


def public_url(endpoint: str, **values: Any) -> str:
    """Return an absolute address: under `HUB_PUBLIC_URL`, or else as this request came in."""
    base = str(current_app.config.get("HUB_PUBLIC_URL") or request.url_root).rstrip("/")
    path, prefix = url_for(endpoint, **values), request.script_root
    if prefix and base.endswith(prefix):  # Below a prefix of the host's, which both have.
        path = path.removeprefix(prefix)
    return base + path
