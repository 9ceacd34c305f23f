"""The Web Connector as a program: `python -m sandbox.desktop --qwc FILE --password PW --company DIR --once`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import requests

from sandbox.desktop.company import CompanyFile
from sandbox.desktop.connector import Application, Died, Failed, Faults, WebConnector

MODAL_DIALOG = "0x80040414"


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0 after success, 1 after a failed session, 2 after a requested death.
    """
    given = _parser().parse_args(arguments)
    company = CompanyFile(given.company, given.name)
    faults = Faults(
        die_before=given.die_before, die_after=given.die_after, slow=given.slow, padding=given.padding,
        hresult=MODAL_DIALOG if given.modal_dialog else given.hresult,
        message="There is a modal dialog box showing in the QuickBooks user interface." if given.modal_dialog
        else "QuickBooks found an error.",
    )  # fmt: skip
    try:
        connector = WebConnector(Application.read(given.qwc), given.password, company, faults=faults, log=print)
        if not given.wrong_file and not connector.is_approved:
            connector.approve()
        while True:
            code = _session(connector)
            if given.every is None:
                return code
            time.sleep(given.every)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        company.close()


def _session(connector: WebConnector) -> int:
    try:
        print(f"{connector.company.name}: {connector.update()}")
    except Died as fault:
        print(f"died {fault}", file=sys.stderr)
        return 2
    except (Failed, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.desktop", description=__doc__)
    parser.add_argument("--qwc", type=Path, required=True, help="the Web Connector file")
    parser.add_argument("--password", required=True)
    parser.add_argument("--company", type=Path, required=True, help="the folder of the company file")
    parser.add_argument("--name", default="Northwind Promotions", help="what a new company is called")
    rhythm = parser.add_mutually_exclusive_group()
    rhythm.add_argument("--every", type=float, metavar="SECONDS", help="call again and again")
    rhythm.add_argument("--once", action="store_const", const=None, dest="every", help="one session (the default)")
    parser.add_argument("--die-before", type=int, default=0, metavar="N", help="vanish before exchange N is processed")
    parser.add_argument("--die-after", type=int, default=0, metavar="N", help="vanish after exchange N was processed")
    parser.add_argument("--modal-dialog", action="store_true", help="a window is open in QuickBooks, once")
    parser.add_argument("--wrong-file", action="store_true", help="nobody approved the application in this file")
    parser.add_argument("--hresult", default="", help="QuickBooks refuses once with this code, such as 0x80040408")
    parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS", help="how long QuickBooks takes")
    parser.add_argument("--padding", type=int, default=0, metavar="BYTES", help="make each answer so much larger")
    return parser


if __name__ == "__main__":
    sys.exit(main())
