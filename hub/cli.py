"""`flask hub …`: what an operator runs."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from hub import migrating, worker
from hub.services import secrets

cli = AppGroup("hub", help="Operate the accounting hub.")


@cli.command()
def upgrade() -> None:
    """Bring the hub's tables up to date. Safe to run by several processes at once."""
    migrating.upgrade()


@cli.command("worker")
def run_worker() -> None:
    """Run a worker that carries documents to the books. Start as many as you like."""
    worker.work()


@cli.command("scheduler")
def run_scheduler() -> None:
    """Run the scheduler, which finds what is due and wakes the workers. One is enough."""
    worker.schedule()


@cli.command()
def reencrypt() -> None:
    """Encrypt every stored credential with the first of HUB_SECRET_KEYS, so that the others can be retired."""
    click.echo(f"Re-encrypted {secrets.reencrypt()} credentials.")
