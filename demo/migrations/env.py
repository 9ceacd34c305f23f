"""Alembic's environment for the desk's own tables, as Flask-Migrate has it, for a database that is there."""

from __future__ import annotations

from alembic import context
from flask import current_app

extension = current_app.extensions["migrate"]

with extension.db.engine.connect() as connection:
    # `configure_args` is also where the hub keeps its own tables out of the desk's migrations.
    context.configure(connection=connection, target_metadata=extension.db.metadata, **extension.configure_args)
    with context.begin_transaction():
        context.run_migrations()
