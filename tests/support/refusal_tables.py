"""The tables "what can be refused, why, what to do" of the guides, generated from the refusal tables of the plugins.

`python -m tests.support.refusal_tables` writes them into the guides, between two comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import quickbooks_desktop.statuses
import quickbooks_online.refusals
from hub.plugin import Refusal

DOCS = Path(__file__).parent.parent.parent / "docs"
BEGIN, END = "<!-- refusals: generated -->", "<!-- end of refusals -->"
TABLES: Mapping[str, Mapping[str, Refusal]] = {
    "quickbooks_desktop.md": quickbooks_desktop.statuses.REFUSALS,
    "quickbooks_online.md": quickbooks_online.refusals.REFUSALS,
}
"""The refusal table of each guide, by QuickBooks' code."""


def table_of(refusals: Mapping[str, Refusal]) -> str:
    """Return a table in Markdown; codes of the same meaning are in one row."""
    codes: dict[tuple[str, str, str], list[str]] = {}
    for code, refusal in sorted(refusals.items(), key=lambda one: int(one[0])):
        row = (_plain(refusal.what.message), _plain(refusal.why.message if refusal.why else ""),
               _plain(refusal.cure.message))  # fmt: skip
        codes.setdefault(row, []).append(code)
    rows = [f"| {', '.join(found)} | {what} | {why} | {cure} |" for (what, why, cure), found in codes.items()]
    return "\n".join(["| code | what | why | what to do |", "|---|---|---|---|", *rows])


def write_table(guide: str, refusals: Mapping[str, Refusal]) -> str:
    """Return a guide with its table between the comments."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n\n{table_of(refusals)}\n\n{END}", guide)


def _plain(message: str) -> str:
    message = message.replace("%(subject)s", "the document").replace("%(said)s", "QuickBooks' own message")
    return message[:1].upper() + message[1:]


if __name__ == "__main__":
    for name, refusals in TABLES.items():
        page = DOCS / name
        page.write_text(write_table(page.read_text(encoding="utf-8"), refusals), encoding="utf-8")
