"""The registry of integrations, from the entry-point group `hub.integrations`."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from hub.errors import NotFound
from hub.extension import BrokenPlugin, current
from hub.integrations import timeouts, validation
from hub.plugin import API_VERSION, Capabilities, Field, Integration, MappingField, Setting, say

GROUP = "hub.integrations"

_DECLARED = {
    "label": str, "capabilities": Capabilities, "settings": Sequence[Setting], "options": Sequence[Field],
    "mappings": Sequence[MappingField],
}  # fmt: skip
"""The attributes from which pages are rendered."""

LOADS = dt.timedelta(seconds=20)
"""The timeout for importing a plugin, unless the operator sets `HUB_LOAD_SECONDS`."""

log = logging.getLogger(__name__)


def load_integrations(span: dt.timedelta = LOADS) -> tuple[dict[str, Integration], tuple[BrokenPlugin, ...]]:
    """Create every installed integration once, and return them by key in the order of their labels, with those that
    cannot be used and why.

    Each may take `span`.
    """
    found: dict[str, Integration] = {}
    broken = []
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = timeouts.call_within(point.name, "import", span, partial(_create_integration, point))
        except (Exception, SystemExit) as error:  # A plugin may do anything when it is imported, even exit.
            log.exception("The integration %s cannot be loaded", point.name)
            broken.append(BrokenPlugin(key=point.name, error=f"{type(error).__name__}: {error}"))
    timeouts.end_idle_callers()
    return dict(sorted(found.items(), key=lambda pair: pair[1].label)), tuple(broken)


def _create_integration(point: EntryPoint) -> Integration:
    integration = point.load()()
    if not isinstance(integration, Integration):
        raise TypeError(f"{point.value} is not an Integration")
    if integration.api_version != API_VERSION:
        raise TypeError(f"it speaks version {integration.api_version} of the plugin interface, this hub {API_VERSION}")
    if integration.key != point.name:
        raise TypeError(f"it is registered as {point.name} but calls itself {integration.key}")
    for name, kind in _DECLARED.items():
        validation.check_type(getattr(integration, name), kind, f"`{name}`")
    return integration


def find_integration(key: str) -> Integration:
    """Return the integration of that key. Raises `NotFound` if its plugin is missing or broken."""
    found = current().integrations.get(key)
    if found is None:
        raise NotFound(say("The plugin %(plugin)s is not installed here.", plugin=key))
    return found


def label_of(key: str) -> str:
    """Return the label of an integration, made from its key if the plugin is gone."""
    found = current().integrations.get(key)
    return found.label if found else key.replace("_", " ").title()
