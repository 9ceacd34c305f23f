"""`python -m sandbox.online --port 8010 --data FOLDER [--grant] [--lived-in]`"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from sandbox.online import REALM, start


def main() -> None:
    """Serve until SIGINT or SIGTERM. Print one line when ready, and with `--grant` one line of JSON after it."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.online", description="A sandbox QuickBooks Online.")
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    parser.add_argument("--data", type=Path, default=Path("var/sandbox"), help="the folder of its books")
    parser.add_argument("--grant", action="store_true", help="print tokens for the first company, as a line of JSON")
    parser.add_argument("--copies", type=int, default=0, help="so many more companies like the first, with few lists")
    parser.add_argument("--lived-in", action="store_true", help="new books are as after a year of work, not empty")
    wanted = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with start(wanted.data, wanted.port, lived_in=wanted.lived_in, copies=wanted.copies) as running:
        print(f"The sandbox QuickBooks Online is at {running.url}", flush=True)
        if wanted.grant:
            print(json.dumps(running.grant(REALM)), flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
