"""The words of the pages in the visitor's language: through the host's own Babel catalogue, where it has one.

The hub brings no catalogue of its own. `docs/hosts.md` says how its messages come into the host's.
"""

from __future__ import annotations

from typing import Any

from flask import current_app


def gettext(message: str, **values: Any) -> str:
    """A message with its `%(named)s` values put in; as it stands where the host has no Flask-Babel."""
    if "babel" in current_app.extensions:
        from flask_babel import gettext as translate  # noqa: PLC0415 – The host's, if it has it.

        return str(translate(message, **values))
    return message % values if values else message


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The same for a message about a number of things, which it can name as `%(num)s`."""
    if "babel" in current_app.extensions:
        from flask_babel import ngettext as translate  # noqa: PLC0415 – As above.

        return str(translate(one, many, num, **values))
    return (one if num == 1 else many) % {"num": num, **values}


def later(message: str) -> str:
    """A message of a table that is made once: it is found for the catalogue here, and translated where it is used."""
    return message


_ = gettext
N_ = later
