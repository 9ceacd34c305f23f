"""Alembic's environment for the hub's tables. `hub.migrating` hands in the connection."""

from __future__ import annotations

from typing import Any

from alembic import context

import hub.models  # noqa: F401 – Registers the tables.
from hub.database import Base
from hub.migrating import VERSION_TABLE, is_ours


def include_name(name: str | None, kind: str, parents: dict[str, Any]) -> bool:  # noqa: ARG001 – The signature is Alembic's.
    return is_ours(name, kind)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    include_name=include_name,
    render_as_batch=True,
    user_module_prefix="hub.database.",
)
with context.begin_transaction():
    context.run_migrations()
