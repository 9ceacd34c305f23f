"""`flask hub …`: what an operator runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from flask.cli import AppGroup

from hub import migrating, scaffold, worker
from hub.dispatch import credentials
from hub.operations import metrics, retention, status
from hub.operations.doctor import find_faults
from hub.states import DeliveryState

cli = AppGroup("hub", help="Operate the accounting hub.")


@cli.command()
def upgrade() -> None:
    """Bring the hub's tables up to date. Safe to run by several processes at once."""
    migrating.upgrade()


@cli.command("worker")
def run_worker() -> None:
    """Run a worker that carries documents to the books. Start as many as you like."""
    metrics.fold_ended()
    metrics.serve_port()
    worker.work()


@cli.command("scheduler")
def run_scheduler() -> None:
    """Run the scheduler, which finds what is due and wakes the workers. One is enough."""
    metrics.fold_ended()
    metrics.serve_port()
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


@cli.command("status")
def show_status() -> None:
    """List the installations: what waits, since when, when the ledger last answered, and what needs attention."""
    rows = [
        (
            str(one.id), one.organization, one.integration, one.state.value,
            *(str(one.counts.get(state, 0)) for state in (DeliveryState.WAITING, DeliveryState.STOPPED)),
            str(one.queued), _moment(one.oldest), _moment(one.answered_at), ", ".join(one.attention),
        )
        for one in status.find_installations()
    ]  # fmt: skip
    _table(
        ("ID", "ORGANIZATION", "INTEGRATION", "STATE", "WAITING", "STOPPED", "QUEUED", "OLDEST", "ANSWERED",
         "ATTENTION"), rows,
    )  # fmt: skip


@cli.command()
@click.option("--stuck", is_flag=True, required=True, help="Those that need a person, or do not move.")
@click.option("--seconds", default=900, show_default=True, help="After how long a delivery counts as not moving.")
@click.option("--limit", default=200, show_default=True, help="How many are listed.")
def deliveries(seconds: int, limit: int, *, stuck: bool) -> None:  # noqa: ARG001 – There is no other list yet.
    """List the deliveries that have stopped, are in doubt, or have not moved for too long."""
    found = status.find_stuck(dt.timedelta(seconds=seconds), limit)
    _table(
        ("ID", "ORGANIZATION", "ORDER", "DOCUMENT", "STATE", "PROBLEM", "SINCE", "REFERENCE"),
        [
            (
                str(one.id), one.organization_id, one.order_id or "", one.kind, one.state.value,
                status.problem_code(one), _moment(one.moved_at), one.reference,
            )
            for one in found
        ],
    )  # fmt: skip
    if len(found) == limit:
        click.echo(f"These are the oldest {limit}; --limit shows more.")


@cli.command()
@click.option("--months", type=click.FloatRange(min=1), help="Keep so many months, not HUB_KEEP_EXCHANGES_MONTHS.")
@click.option("--dry-run", is_flag=True, help="Count only.")
def prune(months: float | None, *, dry_run: bool) -> None:
    """Delete the raw requests and answers of what was finished long ago. Documents and postings are kept."""
    before = retention.keep_since(months)
    found = retention.count_prunable(before) if dry_run else retention.prune(before)
    click.echo(
        f"{'Would delete' if dry_run else 'Deleted'} {found.exchanges} exchanges, {found.conversations} conversations "
        f"and {found.batches} batches that were finished before {before:%Y-%m-%d}."
    )


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
    click.echo(f"Re-encrypted {credentials.reencrypt_all()} credentials.")


def _moment(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z" if moment else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [heads, *([text or "-" for text in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
