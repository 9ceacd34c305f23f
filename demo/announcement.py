"""The text that `make demo` prints when it is ready: addresses, logins, and the command for QuickBooks Desktop."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from demo import catalog, supervision


def announcement(data: Path, environment: Mapping[str, str]) -> str:
    desk, quickbooks, xero = (
        f"http://127.0.0.1:{environment[name]}" for name in ("DEMO_PORT", "SANDBOX_PORT", "XERO_PORT")
    )
    xero_line = f"    Xero               {xero}   (sandbox)\n" if supervision.has_xero() else ""
    return f"""
  The order desk is ready.

    Order desk         {desk}
    QuickBooks Online  {quickbooks}   (sandbox)
{xero_line}
    Sign in as   {catalog.ADMIN:<18}can connect QuickBooks
                 {catalog.REP:<18}can send orders
                 {catalog.OTHER:<18}belongs to another organization
    Password     {catalog.PASSWORD}

    Open Integrations and install QuickBooks Online.
    Then send an order: {desk}/orders/1042

    For QuickBooks Desktop, install it under Integrations and download its file.
    Then start the sandbox Web Connector, with the password that the page shows:

      {shlex.join(desktop_command(data))}

    Data and logs: {data}
    Press Ctrl-C to stop everything.
"""


def desktop_command(data: Path) -> list[str]:
    """Return the command that starts the sandbox Web Connector. The person replaces PASSWORD."""
    file = Path.home() / "Downloads" / "bookpost.qwc"  # The shell does not expand a quoted tilde.
    return [
        sys.executable, "-m", "sandbox.desktop", "--every", "5", "--company", str(data / "company"), "--qwc", str(file),
        "--password", "PASSWORD",
    ]  # fmt: skip
