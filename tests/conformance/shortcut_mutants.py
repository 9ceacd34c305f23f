"""A faulty integration that imports from the hub's inside. See `mutants.py`; the kit reads the whole module."""

from __future__ import annotations

from acme import Acme

from hub.models import Installation


class Shortcut(Acme):
    rows = Installation
