"""The files in `deploy/` and `compose.yaml`, as far as they can be checked without a machine to deploy to."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parent.parent
UNITS = sorted((TOP / "deploy" / "systemd").glob("*.service"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TOP / "compose.yaml").read_text(encoding="utf-8"))
    return found


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]


def test_the_processes_are_those_of_the_procfile_and_the_units(compose: dict[str, Any]) -> None:
    procfile = dict(re.findall(r"^(\w+): (.*)$", (TOP / "Procfile").read_text(encoding="utf-8"), re.MULTILINE))
    ours = {name for name, service in compose["services"].items() if "build" in service}
    assert ours == set(procfile)
    assert {re.match(r"bookpost-(\w+)", unit.stem).group(1) for unit in UNITS} == ours  # type: ignore[union-attr]  # It must match.


def test_what_compose_takes_from_the_environment_is_said_in_its_head(compose: dict[str, Any]) -> None:
    text = (TOP / "compose.yaml").read_text(encoding="utf-8")
    head, needed = text.partition("x-app")[0], set(re.findall(r"\$\{(\w+):\?", text))
    assert {name for name in needed if not name.startswith("HUB_QUICKBOOKS") and name not in head} == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="There is no systemd here.")
def test_the_units_are_valid() -> None:
    ran = subprocess.run(["systemd-analyze", "verify", *map(str, UNITS)], capture_output=True, text=True, check=False)
    missing = ("is not executable", "No such file", "not found")
    assert [line for line in ran.stderr.splitlines() if not any(one in line for one in missing)] == []


@pytest.mark.skipif(shutil.which("nginx") is None, reason="There is no nginx here.")
def test_the_proxy_is_valid(tmp_path: Path) -> None:
    names = ["fullchain.pem", "privkey.pem"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-out", names[0]]
    subprocess.run([*made, "-keyout", names[1]], cwd=tmp_path, capture_output=True, check=True)
    text = (TOP / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    local = text.replace("web:8000", "127.0.0.1:8000").replace("/etc/nginx/tls", str(tmp_path))
    file = tmp_path / "nginx.conf"
    file.write_text(local, encoding="utf-8")
    ran = subprocess.run(["nginx", "-t", "-c", str(file)], capture_output=True, text=True, check=False)
    assert "syntax is ok" in ran.stderr, ran.stderr
