"""The folders that ship with the code: inside the package when installed, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def find_folder(name: str) -> Path:
    """Return the folder of that name: "templates", "migrations"."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / name
