"""Distributions for the conformance tests: the built wheel in an environment of its own, and newly written plugins."""

from __future__ import annotations

import configparser
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from hub import scaffold
from hub.plugin import Integration

ROOT = Path(__file__).parent.parent.parent
GROUP = "hub.integrations"


@dataclass(frozen=True)
class Environment:
    """A virtual environment that has the built wheel, and nothing of the checkout.

    The dependencies of the wheel are those of the environment around it.
    """

    python: Path
    folder: Path

    def run(self, *words: str | Path, path: Path | None = None) -> str:
        """Run Python in the environment, away from the checkout, and return its output. `path` is a PYTHONPATH."""
        given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        given |= {"PYTHONPATH": str(path)} if path else {}
        ran = subprocess.run(
            [self.python, *words], cwd=self.folder, env=given, capture_output=True, text=True, timeout=200, check=False
        )  # fmt: skip
        assert ran.returncode == 0, f"{ran.stdout[-6000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout

    def run_tests(self, *words: str | Path, path: Path | None = None) -> str:
        """Run pytest in the environment, and return its output."""
        fixed = ("-q", "-p", "no:cacheprovider")
        return self.run("-m", "pytest", *fixed, *words, path=path)

    def install(self, *distributions: Path) -> None:
        """Install distributions by pip, without an index."""
        _run(sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", "--no-deps", "--no-index",
             "--no-build-isolation", "--no-compile", "--disable-pip-version-check", *distributions)  # fmt: skip


def build_environment(folder: Path) -> Environment:
    """Build the wheel and install it into a new environment in a folder."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    site = folder / "env" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    # A path in a .pth file adds what is installed there, but not the .pth files there: not the checkout.
    (site / "around.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    environment = Environment(python=python, folder=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    environment.install(wheel)
    return environment


@dataclass(frozen=True)
class NewPlugin:
    """A plugin as `flask hub new-plugin` writes it, which this process can import and the registry finds."""

    key: str
    folder: Path

    @cached_property
    def integration(self) -> type[Integration]:
        """The class to which the plugin's entry point leads."""
        (point,) = entry_points(group=GROUP, name=self.key)
        found: type[Integration] = point.load()
        return found

    def module(self, name: str) -> ModuleType:
        """Import a module of the plugin, or of its tests."""
        return importlib.import_module(name)

    def add(self, source: Path) -> ModuleType:
        """Copy a module beside the plugin's tests and import it there."""
        shutil.copy(source, self.folder / "tests")
        importlib.invalidate_caches()
        return self.module(source.stem)


@contextmanager
def new_plugin(key: str, folder: Path, *, pull: bool) -> Iterator[NewPlugin]:
    """Write a plugin into a folder and install it into this process; afterwards, no trace of it is left there."""
    made = scaffold.write_plugin(key, folder, pull=pull)
    _describe(made)
    importlib.invalidate_caches()
    try:
        with patch.object(sys, "path", [str(made), str(made / "tests"), *sys.path]):
            yield NewPlugin(key=key, folder=made)
    finally:
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(made)):
                del sys.modules[name]
        importlib.invalidate_caches()


def _describe(made: Path) -> None:
    """Write what pip would write about a distribution, so that its entry points are found."""
    project = tomllib.loads((made / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = made / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(about, encoding="utf-8")
    points = configparser.ConfigParser(delimiters=("=",))
    points.read_dict(project["entry-points"])
    with (info / "entry_points.txt").open("w", encoding="utf-8") as file:
        points.write(file)


def _run(*words: str | Path) -> None:
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=120)
