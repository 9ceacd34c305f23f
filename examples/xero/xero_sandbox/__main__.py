"""`python -m xero_sandbox --port 8020 --data FOLDER`"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from xero_sandbox import start


def main() -> None:
    """Serve until SIGINT or SIGTERM. Print one line when ready."""
    parser = argparse.ArgumentParser(prog="python -m xero_sandbox", description="A sandbox Xero.")
    parser.add_argument("--port", type=int, default=8020, help="0 takes a free one")
    parser.add_argument("--data", type=Path, default=Path("var/xero"), help="the folder of its books")
    wanted = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with start(wanted.data, wanted.port) as running:
        print(f"The sandbox Xero is at {running.url}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
