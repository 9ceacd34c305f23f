"""Import spyne in a way that also works on Python 3.12 and later.

Spyne 2.14 includes an old `six` whose import hook does not work on Python 3.12: its `spyne.util.six.moves` cannot be
found. The current `six` has the same modules, so they are registered under those names before spyne is imported. The
old hook is removed afterwards, because Python would call it for every import of the process.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings

_MOVES = (
    "", ".collections_abc", ".http_cookies", ".urllib", ".urllib.parse", ".urllib.request", ".urllib.error",
)  # fmt: skip

for _name in _MOVES:
    sys.modules.setdefault(f"spyne.util.six.moves{_name}", importlib.import_module(f"six.moves{_name}"))

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Invalid escapes and deprecated modules.
    from spyne import Application, Array, Integer, MethodContext, ServiceBase, Unicode, const, rpc
    from spyne.protocol.soap import Soap11
    from spyne.server.wsgi import WsgiApplication

const.MIN_GC_INTERVAL = float("inf")
"""Spyne runs the garbage collector of the whole process after calls, because of uploaded files. Our calls have none."""

_log = logging.getLogger("spyne")
_log.propagate = False
_log.addHandler(logging.NullHandler())
"""Spyne logs the whole body of a call that it cannot read, with the password; nothing of it may reach a log."""

sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "spyne.util.six"]

__all__ = [
    "Application",
    "Array",
    "Integer",
    "MethodContext",
    "ServiceBase",
    "Soap11",
    "Unicode",
    "WsgiApplication",
    "rpc",
]
