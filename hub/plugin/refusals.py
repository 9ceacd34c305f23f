"""The sentences for one way in which a ledger refuses."""

from __future__ import annotations

from dataclasses import dataclass

from hub.plugin.problems import Fix, Problem
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True)
class Refusal:
    """The meaning of a ledger's refusal for a bookkeeper or a sales rep, and what they can do about it.

    The sentences may have values that are known only when the ledger refuses, as in "%(subject)s is locked." `field` is
    where a person corrects it (`Problem.field`), if the refusal alone tells.
    """

    what: Sentence
    cure: Sentence
    why: Sentence | None = None
    field: str = ""

    def problem(self, code: str, *, field: str = "", fixes: tuple[Fix, ...] = (), **words: object) -> Problem:
        """Return the problem, with `words` put into its sentences. `code` is the ledger's own."""
        return Problem(
            code=code, what=say(self.what.message, **words), cure=say(self.cure.message, **words),
            why=say(self.why.message, **words) if self.why is not None else "", field=field or self.field, fixes=fixes,
        )  # fmt: skip
