"""The options of an installation, as its plugin receives them."""

from __future__ import annotations

from hub.models import Installation
from hub.plugin import Integration


def options_of(installation: Installation, integration: Integration) -> dict[str, str]:
    """Return the saved options of an installation, with the integration's default for each that is not saved."""
    return {option.key: installation.options.get(option.key, option.default) for option in integration.options}
