"""Validation by plugins, asked outside the lock of an installation and reused under it.

A plugin may take its time. Under the lock it would hold up everybody who sends to the same books, and the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from hub.errors import NotPossible
from hub.integrations import optional_calls
from hub.plugin import Books, Integration, Problem, Subject, say
from hub.queue import commit, rollback

T = TypeVar("T")

_ATTEMPTS = 5
"""So often the order, the books or the options may change between asking the plugin and taking the lock."""


class Unvalidated(Exception):
    """The plugin has to be asked first, without the lock."""


class Validator:
    """What plugins said of documents and records. A subject that is not known is noted, and asked about later."""

    def __init__(self) -> None:
        self._known: dict[object, Sequence[Problem]] = {}
        self._missing: dict[object, Callable[[], Sequence[Problem]]] = {}
        self._asks_at_once = False

    @classmethod
    def asking_at_once(cls) -> Validator:
        """Return a validator for where no lock is held: it asks the plugin at once."""
        found = cls()
        found._asks_at_once = True
        return found

    @contextmanager
    def outside_lock(self) -> Iterator[None]:
        """Ask the plugin at once meanwhile, because no lock is held."""
        self._asks_at_once = True
        try:
            yield
        finally:
            self._asks_at_once = False

    def of(
        self, integration: Integration, options: Mapping[str, str], books: Books
    ) -> Callable[[Subject], Sequence[Problem]]:
        """Return `Integration.validate` for these options and books, answered from what is known."""
        return partial(self._look_up, integration, options, books)

    def _look_up(
        self, integration: Integration, options: Mapping[str, str], books: Books, subject: Subject
    ) -> Sequence[Problem]:
        key: Any = (integration.key, tuple(sorted(options.items())), books, subject)
        if key not in self._known:
            self._missing[key] = partial(optional_calls.validate_subject, integration, subject, options, books)
            if not self._asks_at_once:
                return ()
            self.ask()
        return self._known[key]

    def check_complete(self) -> None:
        """Raise `Unvalidated` if a subject was looked up that the plugin has not been asked about."""
        if self._missing:
            raise Unvalidated

    def ask(self) -> None:
        """Ask the plugin about everything that was noted."""
        self._known |= {key: ask() for key, ask in self._missing.items()}
        self._missing.clear()


def with_validation(work: Callable[[Validator], T]) -> T:
    """Do work that takes the lock and calls `Validator.check_complete` before it writes.

    It is rolled back and done again after the plugin was asked, without the lock. What the caller has changed before is
    committed first, so that it is not rolled back with it. Raises `NotPossible` if what is to be validated changes each
    time.
    """
    validator = Validator()
    commit()
    for _ in range(_ATTEMPTS):
        try:
            return work(validator)
        except Unvalidated:
            rollback()
            validator.ask()
    raise NotPossible(say("This changes all the time at present. Try again in a minute."))
