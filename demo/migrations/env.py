"""Alembic's environment for the demo's own tables, as in Flask-Migrate, for an existing database only."""

from __future__ import annotations

from alembic import context
from flask import current_app

extension = current_app.extensions["migrate"]

with extension.db.engine.connect() as connection:
    # With `configure_args` the hub also excludes its own tables from the demo's migrations.
    context.configure(connection=connection, target_metadata=extension.db.metadata, **extension.configure_args)
    with context.begin_transaction():
        context.run_migrations()
