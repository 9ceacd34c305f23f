"""The text that `make demo` prints when it is ready."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from demo.announcement import announcement

PORTS = {"DEMO_PORT": "8000", "SANDBOX_PORT": "8010", "XERO_PORT": "8020"}


@pytest.mark.parametrize("folder", ["desk", "two words", "it's $HOME; 100% “new”"])
def test_the_desktop_command_runs_as_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    data = tmp_path / folder
    [printed] = [line.strip() for line in announcement(data, PORTS).splitlines() if "sandbox.desktop" in line]
    assert "  " not in printed
    assert shlex.split(printed) == [
        sys.executable, "-m", "sandbox.desktop", "--every", "5", "--company", str(data / "company"),
        "--qwc", str(tmp_path / "home" / "Downloads" / "bookpost.qwc"), "--password", "PASSWORD",
    ]  # fmt: skip
    ran = subprocess.run(["sh", "-c", printed], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "bookpost.qwc" in ran.stderr  # Not downloaded yet. The program has read all its options by then.
    assert "usage:" not in ran.stderr
    assert (data / "company").is_dir()
