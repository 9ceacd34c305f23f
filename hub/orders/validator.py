"""Validation by plugins, done before an installation is locked and reused under the lock.

A plugin may be slow. Under the lock it would delay everybody who sends to the same books, and the worker.
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
"""The number of times that the order, the books or the options may change between validation and lock."""


class Unvalidated(Exception):
    """The plugin has to validate something first, without the lock."""


class Validator:
    """The problems that plugins found in documents and records. Unknown subjects are collected, to be validated later.
    """

    def __init__(self) -> None:
        self._known: dict[object, Sequence[Problem]] = {}
        self._missing: dict[object, Callable[[], Sequence[Problem]]] = {}
        self._asks_at_once = False

    @classmethod
    def asking_at_once(cls) -> Validator:
        """Return a validator that calls the plugin at once, for code that holds no lock."""
        found = cls()
        found._asks_at_once = True
        return found

    @contextmanager
    def outside_lock(self) -> Iterator[None]:
        """Call the plugin at once inside this context, which holds no lock."""
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
        """Raise `Unvalidated` if a subject was looked up that the plugin has not validated."""
        if self._missing:
            raise Unvalidated

    def ask(self) -> None:
        """Validate everything that was collected."""
        self._known |= {key: ask() for key, ask in self._missing.items()}
        self._missing.clear()


def with_validation(work: Callable[[Validator], T]) -> T:
    """Do work that locks and calls `Validator.check_complete` before it writes.

    If something has to be validated, the work is rolled back and repeated after that, without the lock. Earlier changes
    of the caller are committed first. Raises `NotPossible` if there is something new to validate each time.
    """
    validator = Validator()
    commit()
    for _ in range(_ATTEMPTS):
        try:
            return work(validator)
        except Unvalidated:
            rollback()
            validator.ask()
    raise NotPossible(say("This is changing right now. Try again in a minute."))
