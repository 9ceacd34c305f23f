"""Translation of the pages, through the host's own Babel catalogue if it has one.

The hub brings no catalogue of its own. `docs/hosts.md` says how its messages get into the host's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app

from hub.plugin import Sentence, say, say_count
from hub.plugin.sentences import ended


def gettext(text: str, /, **values: Any) -> str:
    """Return a text in the reader's language: a message with its `%(named)s` values, or a sentence of `hub.plugin.say`,
    including sentences inside it. A text that the catalogue does not have stays as it is, as do all texts where the
    host has no Flask-Babel."""
    sentence = say(text, **values) if values else text
    if not _has_babel() or not sentence:
        return f"{sentence:s}"
    from flask_babel import gettext as one_of  # noqa: PLC0415 – The host's, if it has it.
    from flask_babel import ngettext as many_of  # noqa: PLC0415

    if not isinstance(sentence, Sentence):
        return str(one_of(sentence))
    shown = {name: _translate_value(value) for name, value in sentence.values.items()}
    if sentence.many:
        return ended(str(many_of(sentence.message, sentence.many, **shown)))
    return ended(str(one_of(sentence.message, **shown)))


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Return a message about a number of things, which it can name as `%(num)s`."""
    return gettext(say_count(one, many, num, **values))


def format_day(value: dt.date) -> str:
    """Return a date in the reader's format: "3 Mar 2027", "03.03.2027"."""
    if not _has_babel():
        return f"{say('%(day)s', day=value):s}"
    from flask_babel import format_date  # noqa: PLC0415 – As above.

    return str(format_date(value, "medium", rebase=False))


def format_short_day(value: dt.date) -> str:
    """Return a date without the year: "3 Mar", "3. März"."""
    if not _has_babel():
        return f"{value.day} {value:%b}"
    from babel.dates import format_skeleton  # noqa: PLC0415 – As above.
    from flask_babel import get_locale  # noqa: PLC0415 – As above.

    return str(format_skeleton("MMMd", value, locale=get_locale()))


def current_language() -> str:
    """Return the current language, as HTML names it."""
    if not _has_babel():
        return "en"
    from flask_babel import get_locale  # noqa: PLC0415 – As above.

    return str(get_locale()).replace("_", "-")


@contextmanager
def speak_language(locale: str) -> Iterator[None]:
    """Use another language inside this context, for a reader who is not the visitor; with an empty `locale`, the
    application's own."""
    if not _has_babel():
        yield
        return
    from flask_babel import force_locale, get_babel  # noqa: PLC0415 – As above.

    with force_locale(locale or str(get_babel().instance.default_locale)):
        yield


def _translate_value(value: Any) -> Any:
    if isinstance(value, dt.date):
        return format_day(value)
    return gettext(value) if isinstance(value, Sentence) else value


def _has_babel() -> bool:
    return "babel" in current_app.extensions


_ = gettext
