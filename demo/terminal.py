"""Output of `make demo`: lines, and on a terminal a status line below them that is updated in place."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TextIO

_CLEAR_LINE = "\r\x1b[K"


class Terminal:
    """Standard output, which is a terminal, a file or a pipe. The terminal may have been closed."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.is_interactive = self._stream.isatty()
        self._status = ""

    def say(self, text: str) -> None:
        """Print text permanently, above the status line."""
        self._write(f"{self._take_status()}{text}\n")

    def show_status(self, text: str) -> None:
        """Show this text in place of the previous status. Does nothing in a file or a pipe."""
        width = shutil.get_terminal_size().columns - 1  # A line that wraps cannot be cleared.
        fitted = text if len(text) <= width else f"{text[: width - 1]}…"
        if self.is_interactive and fitted != self._status:
            self._write(f"{self._take_status()}{fitted}")
            self._status = fitted

    def clear_status(self) -> None:
        self._write(self._take_status())

    def _take_status(self) -> str:
        """Forget the status line. Return the control characters that clear it, or an empty string if there is none."""
        shown, self._status = self._status, ""
        return _CLEAR_LINE if shown else ""

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
