"""The kit itself: an unsafe integration must not pass it. Each family catches what it is there for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from hub import scaffold

HERE = Path(__file__).parent
SHORTCUT = """
from acme import Acme
from hub.services.sending import sending

class Shortcut(Acme):
    sends = staticmethod(sending.send)
"""


def outcomes(folder: Path, module: str, *, pull: bool) -> dict[str, set[str]]:
    """Run a module of mutants beside a generated Acme. Gives by class which of its tests did not pass."""
    made = scaffold.write("acme", folder, pull=pull)
    shutil.copy(HERE / module, folder)
    (folder / "shortcuts.py").write_text(SHORTCUT, encoding="utf-8")
    report = folder / "report.xml"
    path = os.pathsep.join(str(one) for one in (made, made / "tests", folder, HERE.parent.parent))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", str(folder / module), "-q", "--rootdir", str(folder), "-p", "no:cacheprovider",
         f"--junitxml={report}"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert report.exists(), ran.stdout + ran.stderr
    failed: dict[str, set[str]] = {}
    for case in etree.parse(report).iter("testcase"):
        wrong = failed.setdefault(case.attrib["classname"].rpartition(".")[2], set())
        if case.find("failure") is not None or case.find("error") is not None:
            wrong.add(case.attrib["name"].partition("[")[0])
    assert failed, ran.stdout + ran.stderr
    return failed


@pytest.mark.timeout(900)  # Some dozen tests in a process of their own, on a machine that is busy.
def test_every_family_catches_what_it_is_there_for(tmp_path: Path) -> None:
    failed = outcomes(tmp_path, "mutants.py", pull=False)
    passed = sorted(name for name, tests in failed.items() if not tests)
    assert not passed, f"These passed the kit and should not have: {passed}"
    assert len(failed) == 23


def test_a_session_that_is_never_closed_is_noticed(tmp_path: Path) -> None:
    failed = outcomes(tmp_path, "pull_mutants.py", pull=True)
    assert "test_a_session_that_ended_is_closed" in failed["TestNeverSaysGoodbye"]
    assert "test_a_wrong_password_gets_nothing" not in failed["TestNeverSaysGoodbye"]
