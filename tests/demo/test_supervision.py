"""The Procfiles, Supervisor's configuration made of them, and the surroundings that the processes find."""

from __future__ import annotations

import os
import re
import shlex
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redis import Redis
from supervisor.options import UnhosedConfigParser

from demo import surroundings
from demo.configuration import configuration, folder
from demo.supervision import TOP, processes
from demo.supervision import configuration as supervised

PROGRAMS = ("redis", "xero", "sandbox", "web", "worker", "scheduler")


def read(text: str) -> UnhosedConfigParser:
    """As Supervisor itself reads it, its variables expanded."""
    parser = UnhosedConfigParser()
    parser.read_string(text)
    parser.expansions = {"program_name": "p", "process_num": 0}
    return parser


def command(parser: UnhosedConfigParser, name: str) -> list[str]:
    return shlex.split(parser.saneget(f"program:{name}", "command"))


def test_every_line_of_the_procfiles_replaces_its_shell() -> None:
    found = processes()
    assert tuple(found) == PROGRAMS
    assert all(re.match(r'(cd "\$DEMO_DATA" && )?exec ', line) for line in found.values()), found


def test_supervisor_runs_the_procfiles_lines_and_restarts_what_dies(tmp_path: Path) -> None:
    parser = read(supervised(processes(), tmp_path))
    for name, line in processes().items():
        assert command(parser, name) == ["/bin/sh", "-c", line]
        section = dict(parser.items(f"program:{name}"))
        assert (section["autorestart"], section["stopasgroup"], section["killasgroup"]) == ("true", "true", "true")
        assert section["numprocs"] == ("2" if name == "worker" else "1")
        assert section["stdout_logfile"].startswith(str(tmp_path / "logs"))


def test_redis_stops_after_those_who_use_it(tmp_path: Path) -> None:
    parser = read(supervised(processes(), tmp_path))
    groups = {
        frozenset(parser.get(section, "programs").split(",")): int(parser.get(section, "priority"))
        for section in parser.sections() if section.startswith("group:")
    }  # fmt: skip
    assert groups[frozenset({"redis"})] < groups[frozenset(PROGRAMS) - {"redis"}]


@given(line=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), min_size=1))
@example("a ;b")
@example("100% 'quoted' \"twice\" \\ $HOME")
def test_a_line_arrives_as_it_was_written_or_is_refused(line: str) -> None:
    line = line.strip() or "x"
    try:
        text = supervised({"web": line}, Path("/var/a b/100%"))
    except ValueError:
        assert " ;" in line or " #" in line
        return
    parser = read(text)
    assert command(parser, "web") == ["/bin/sh", "-c", line]
    assert parser.saneget("program:web", "stdout_logfile") == "/var/a b/100%/logs/web.log"


def test_the_containers_run_lines_of_the_procfile() -> None:
    text = (TOP / "compose.yaml").read_text(encoding="utf-8")
    run = re.findall(r"command: honcho start .* (\w+)$", text, re.MULTILINE)
    assert run == ["web", "worker", "scheduler"]
    assert set(run) <= set(processes())


def test_the_build_server_calls_the_test_command() -> None:
    script = TOP / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert {"set -eu", "exec make test"} <= set(script.read_text(encoding="utf-8").splitlines())


def test_a_redis_of_our_own_listens_on_a_socket_in_the_folder(tmp_path: Path) -> None:
    found = surroundings.environment({"PATH": "/bin"}, Path("/var/demo"))
    assert found["REDIS_URL"] == "unix:///var/demo/redis.sock"
    assert os.access(found["REDIS_SERVER"], os.X_OK)
    assert found["PATH"].endswith(f"{os.pathsep}/bin")


def test_a_folder_whose_name_is_too_long_for_a_socket_gets_a_port_that_is_remembered(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    first = surroundings.environment({}, deep)
    assert surroundings.environment({}, deep) == first
    assert re.fullmatch(r"redis://127\.0\.0\.1:\d+/0", first["REDIS_URL"])
    port = int(first["REDIS_URL"].split(":")[2].split("/")[0])
    assert first["REDIS_LISTEN"] == f"--bind 127.0.0.1 --port {port}"
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert surroundings.environment({}, deep)["REDIS_URL"] != first["REDIS_URL"]


def test_somebody_elses_redis_and_database_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"REDIS_URL": "redis://elsewhere:6379/3", "DATABASE_URL": "postgres://a:b@elsewhere/c"}
    found = surroundings.environment(given, tmp_path)
    assert "REDIS_LISTEN" not in found
    for name, value in {**found, "DEMO_DATA": str(tmp_path), "HUB_LEASE_SECONDS": "7"}.items():
        monkeypatch.setenv(name, value)
    used = configuration()
    assert used["HUB_REDIS_URL"] == given["REDIS_URL"]
    assert used["SQLALCHEMY_DATABASE_URI"] == "postgresql://a:b@elsewhere/c"
    assert used["HUB_LEASE_SECONDS"] == "7"


@pytest.mark.parametrize("name", ["DEMO_PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_one_plain_sentence(tmp_path: Path, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(surroundings.Taken) as caught:
            surroundings.environment({"DEMO_PORT": "1", "SANDBOX_PORT": "1", name: str(port)}, tmp_path)
    assert str(caught.value) in {
        f"Port {port} is in use. Choose another one: {name}={port + 100} make demo",
        "Port 1 is in use. Choose another one: DEMO_PORT=101 make demo",  # Who is not root may not take it.
    }


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", "80 80"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(surroundings.Taken, match="is not the number of a port"):
        surroundings.environment({"DEMO_PORT": port}, tmp_path)


def test_secrets_are_made_once_and_for_their_owner_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEMO_DATA", str(tmp_path / "new"))
    for name in ("SECRET_KEY", "HUB_SECRET_KEYS"):
        monkeypatch.delenv(name, raising=False)
    first, second = configuration(), configuration()
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700
    for name, file in (("SECRET_KEY", "session.key"), ("HUB_SECRET_KEYS", "credentials.key")):
        assert first[name] == second[name] == (folder() / file).read_text(encoding="ascii")
        assert len(str(first[name])) >= 44
        assert stat.S_IMODE((folder() / file).stat().st_mode) == 0o600
    assert len(list(folder().iterdir())) == 2


def test_a_public_https_address_makes_the_cookie_secure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEMO_DATA", str(tmp_path))
    monkeypatch.setenv("PUBLIC_URL", "https://desk.test")
    assert configuration()["SESSION_COOKIE_SECURE"] is True
    monkeypatch.delenv("PUBLIC_URL")
    assert configuration()["SESSION_COOKIE_SECURE"] is False
    assert Redis.from_url(str(configuration()["HUB_REDIS_URL"])).connection_pool is not None
