"""An environment as somebody has it who gets nothing but the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the built wheel. What the wheel depends on is that of the environment around it."""

    python: Path
    folder: Path

    def run(self, *words: str | Path, path: Path | None = None) -> str:
        """Run Python in it, away from the checkout. Gives what it said."""
        told = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        told |= {"PYTHONPATH": str(path)} if path else {}
        ran = subprocess.run(
            [self.python, *words], cwd=self.folder, env=told, capture_output=True, text=True, timeout=800, check=False
        )  # fmt: skip
        assert ran.returncode == 0, f"{ran.stdout[-6000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout

    def install(self, what: Path) -> None:
        _run(sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", "--no-deps", "--no-index",
             "--no-build-isolation", "--disable-pip-version-check", what)  # fmt: skip

    def passes(self, *tests: Path, path: Path | None = None) -> None:
        """Tests pass in it, whatever the checkout's own configuration says."""
        said = self.run("-m", "pytest", *tests, "-q", "-p", "no:cacheprovider", "--rootdir", self.folder, path=path)
        assert " passed" in said


def fresh(folder: Path) -> Environment:
    """A fresh environment: nothing in it comes from the checkout but the wheel that was built there."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    site = folder / "env" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    # A path in a .pth file adds what is installed there, and not what the .pth files there add: not the checkout.
    (site / "around.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    environment = Environment(python=python, folder=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    environment.install(wheel)
    return environment


def _run(*words: str | Path) -> None:
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=120)
