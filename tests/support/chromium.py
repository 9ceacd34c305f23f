"""Find a Chromium for the browser tests, or install one; says plainly what it did, or that it could not.

`CHROMIUM` names one. Otherwise it is looked for on the PATH, then among Playwright's own, then installed: by apt where
that is possible, else by Playwright.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The headless shell first: it has no window, and so none to draw for each page."""


def find() -> str | None:
    """The path of a Chromium that is here, if one is."""
    named = os.environ.get("CHROMIUM")
    if named and Path(named).exists():
        return named
    return next((path for name in _NAMES if (path := shutil.which(name))), None) or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Try to install one; what fails is told by `main`."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        for package in ("chromium-headless-shell", "chromium"):
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
            if subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL).returncode == 0:
                break
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    if find() is None:
        print("No Chromium here; installing one for the browser tests.")
        install()
    found = find()
    print(f"Browser tests use {found}." if found else "No Chromium could be installed: the browser tests are skipped.")


if __name__ == "__main__":
    main()
