"""Spyne, imported so that it loads on Python 3.12 and later too.

Spyne 2.14 carries an old `six` whose import hook Python 3.12 does not understand any more: its `spyne.util.six.moves`
cannot be found. The present `six` has the same modules, so they are put in their place before spyne is imported. Its
own hook is taken away again, because it would be asked about every import of the whole process.
"""

from __future__ import annotations

import importlib
import sys
import warnings

_MOVES = (
    "", ".collections_abc", ".http_cookies", ".urllib", ".urllib.parse", ".urllib.request", ".urllib.error",
)  # fmt: skip

for _name in _MOVES:
    sys.modules.setdefault(f"spyne.util.six.moves{_name}", importlib.import_module(f"six.moves{_name}"))

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Escapes in its docstrings, and modules that it deprecates itself.
    from spyne import Application, Array, Integer, MethodContext, ServiceBase, Unicode, const, rpc
    from spyne.protocol.soap import Soap11
    from spyne.server.wsgi import WsgiApplication

const.MIN_GC_INTERVAL = float("inf")
"""After a call, spyne collects the garbage of the whole process, for the sake of files. Ours have none."""

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
