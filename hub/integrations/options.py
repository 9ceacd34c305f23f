"""The options of an installation, as its plugin receives them."""

from __future__ import annotations

from hub.models import Installation
from hub.plugin import Integration


def options_of(installation: Installation, integration: Integration) -> dict[str, str]:
    """Return the options of an installation as saved, or the integration's default for each that is not or empty."""
    return {option.key: option.value_in(installation.options) for option in integration.options}
