"""Mail in the demo: it is printed to the worker's output instead of being sent."""

from __future__ import annotations

import sys
from email.message import EmailMessage


def show(message: EmailMessage) -> None:
    """Write a mail to the standard output instead of sending it: From, To, Subject, and its plain text."""
    text = message.get_body(("plain",))
    head = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Subject"))
    sys.stdout.write(f"── Mail ──\n{head}\n\n{text.get_content() if text is not None else ''}\n── End of mail ──\n")
    sys.stdout.flush()
