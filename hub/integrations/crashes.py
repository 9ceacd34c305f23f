"""Bugs, ours or a plugin's, logged under a reference that the user can quote."""

from __future__ import annotations

import logging
import secrets

log = logging.getLogger(__name__)


def log_crash(error: BaseException) -> str:
    """Log an exception with its traceback under a new reference, and return the reference."""
    mark = secrets.token_hex(4)
    log.error("[%s] %s", mark, type(error).__name__, exc_info=error)
    return mark
