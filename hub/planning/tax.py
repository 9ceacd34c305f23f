"""The tax choice of an order."""

from __future__ import annotations

from dataclasses import dataclass

from hub.plugin import Ref

AS_ITEM = "item"
"""The choice "Add total tax as an item"."""

_CODE = "code:"


@dataclass(frozen=True, slots=True)
class TaxMode:
    """The order's tax as a line (`as_item`), or by a tax code of the books (`code`). With neither, the books decide."""

    as_item: bool = False
    code: Ref | None = None

    @classmethod
    def parse(cls, chosen: str) -> TaxMode:
        """Return the mode that a form or a setting says: "item", "code:<id>", or anything else for neither."""
        if chosen == AS_ITEM:
            return cls(as_item=True)
        return cls(code=Ref(id=chosen.removeprefix(_CODE))) if chosen.startswith(_CODE) else cls()


def choice_of_code(record_id: str) -> str:
    """Return what a form says for a tax code of the books."""
    return f"{_CODE}{record_id}"


def code_in_choice(chosen: str) -> str:
    """Return the id of the tax code that a form says."""
    return chosen.removeprefix(_CODE)
