"""The one place that decides whether an address is ours."""

from __future__ import annotations

from urllib.parse import urlsplit

_LONGEST = 2000


def own_path(address: str) -> str:
    """Return the path and query of an address if it is a path of this site; otherwise an empty text.

    Browsers read a backslash as a slash and drop tabs and line breaks (WHATWG URL), so that `/\\evil.test`,
    `/<tab>/evil.test` and `/%09/evil.test` could lead away, as `//evil.test` does. None of them is needed here.
    """
    plain = address.startswith("/") and address.isprintable() and len(address) <= _LONGEST
    if not plain or "\\" in address:
        return ""
    path = address.partition("?")[0].partition("#")[0].lower()
    is_ours = "//" not in path and not any(hidden in path for hidden in ("/%2f", "%09", "%0a", "%0d", "%5c"))
    return address if is_ours else ""


def path_of(address: str, host: str) -> str:
    """Return the path and query of a whole address of this `host`; an empty text for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or parts.netloc != host:
        return ""
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""))
