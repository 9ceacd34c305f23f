"""`flask hub …`: what an operator runs."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from hub import migrating, scaffold, worker
from hub.dispatch import credentials
from hub.installations.doctor import find_faults

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
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what is wrong, and what to do. Ends with 1 if something is."""
    found = list(find_faults())
    for one in found:
        click.echo(f"{one.where}: {one.what}\n    → {one.cure}")
    if found:
        context.exit(1)
    click.echo("All is well.")


@cli.command("new-plugin", with_appcontext=False)
@click.argument("name")
@click.option("--pull", is_flag=True, help="For a ledger that calls us, instead of one that we call.")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), default=".", help="Where its folder is made.")
def new_plugin(name: str, into: Path, *, pull: bool) -> None:
    """Write a new integration: a distribution that is complete and passes the conformance kit on a pretend ledger."""
    try:
        target = scaffold.write_plugin(name, into, pull=pull)
    except scaffold.NotWritten as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Written to {target}. Next: cd {target} && pip install -e '.[testing]' && python -m pytest")


@cli.command()
def reencrypt() -> None:
    """Encrypt every stored credential with the first of HUB_SECRET_KEYS, so that the others can be retired."""
    click.echo(f"Re-encrypted {credentials.reencrypt()} credentials.")
