"""A new integration: a distribution that is complete, passes the conformance kit, and waits for its author."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from hub.places import find_folder

_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40


class NotWritten(Exception):
    """The plugin was not written. The text says why."""


def write_plugin(key: str, into: Path, *, pull: bool) -> Path:
    """Write the distribution of an integration `key` ("acme") into a new folder of `into`, and give that folder.

    With `pull` it is for a ledger that calls us. Raises `NotWritten`.
    """
    if not _KEY.fullmatch(key) or len(key) > _LONGEST:
        raise NotWritten(f"“{key}” cannot be a package's name: small letters, digits and single underscores, please.")
    if importlib.util.find_spec(key) is not None:
        raise NotWritten(f"There is a package {key} already; two cannot have one name.")
    target = into / f"bookpost-{key.replace('_', '-')}"
    if target.exists():
        raise NotWritten(f"{target} is there already.")
    for source in (find_folder("templates") / "plugin" / part for part in ("both", "pull" if pull else "push")):
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                place = target / _rename_plugin(str(path.relative_to(source)), key)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(_rename_plugin(path.read_text(encoding="utf-8"), key), encoding="utf-8")
    return target


def _rename_plugin(text: str, key: str) -> str:
    """Return a text with Acme replaced by the plugin's name, in each of its spellings."""
    words = [word.capitalize() for word in key.split("_")]
    title = "".join(words)
    text = text.replace('label = "Acme"', f'label = "{" ".join(words)}"')  # What people read.
    text = text.replace("bookpost-acme", f"bookpost-{key.replace('_', '-')}")
    return text.replace("acme", key).replace("ACME", key.upper()).replace("Acme", title)
