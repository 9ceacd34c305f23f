"""A bug, ours or a plugin's, under a reference that a person can quote."""

from __future__ import annotations

import logging
import secrets

log = logging.getLogger(__name__)


def reference(error: BaseException) -> str:
    """Log a bug with its traceback, under a reference that a person can quote."""
    mark = secrets.token_hex(4)
    log.error("[%s] %s", mark, type(error).__name__, exc_info=error)
    return mark
